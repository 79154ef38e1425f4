"""Vendors: each folder knows ports below it and no other folder here."""
