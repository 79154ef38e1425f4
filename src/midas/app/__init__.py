"""Use cases, one file per noun; `workspace` is the only wiring."""
