"""The strategy graph: nodes, operators, text form, compiler."""
