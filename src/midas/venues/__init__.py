"""Markets: one module and dated tables for each venue."""
