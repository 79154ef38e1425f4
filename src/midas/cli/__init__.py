"""The `midas` command: parses, asks the client, prints."""
