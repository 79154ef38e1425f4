"""How the database server of an installation is."""

from __future__ import annotations

from dataclasses import dataclass

from midas.db.postgres_checkup import look
from midas.db.postgres_server import PostgresServer
from midas.db.revision import HEAD


@dataclass(frozen=True, slots=True)
class ServerState:
    """name : database, host and port, never who asks. revision : of our tables, None where there are none.

    latest : the revision this version knows. standby, locks : see `db.postgres_checkup`.
    """

    name: str
    version: str
    revision: str | None
    latest: str
    standby: bool
    locks: bool


def server_state(address: str) -> ServerState:
    """Ask the server at a PostgreSQL address how it is; called where no event loop runs.

    Raises
    ------
    InvalidInput: it is no address.
    Unavailable: it does not answer, or does not let us in.
    """
    server = PostgresServer.parse(address)
    found = look(server)
    return ServerState(server.name, found.version, found.revision, HEAD, found.standby, found.locks)
