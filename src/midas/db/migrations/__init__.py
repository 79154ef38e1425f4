"""The history of the tables; each revision runs up and down on SQLite and PostgreSQL."""
