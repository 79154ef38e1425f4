"""What travels between a client and a server, one file per noun; knows core and pydantic only."""
