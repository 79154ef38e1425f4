"""The gate's checks, one small function each: a `Deny` with its reason, or None."""
