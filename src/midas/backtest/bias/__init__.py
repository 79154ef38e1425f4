"""Whether a strategy knows what it could not have known: checks that run it on data disturbed on purpose."""
