"""Market data: sources, contract, lake, panel, universes."""
