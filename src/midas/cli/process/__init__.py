"""Commands that start or examine the server's own parts; the only ones that may."""
