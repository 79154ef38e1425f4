"""The data contract, one file per family of defects."""
