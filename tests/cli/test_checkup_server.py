"""What the doctor says of a PostgreSQL server."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from sqlalchemy import make_url
from tests.journeys.command import Inside
from tests.postgres import Postgres, asked

from midas.cli.exits import Exit
from midas.cli.process import stored
from midas.cli.process.checkup import BROKEN, OK, WARNING
from midas.db.revision import HEAD


class TestServer:
    def test_one_with_our_tables(self, postgres: Postgres) -> None:
        found = stored.server(postgres.fresh())
        assert found.status == OK, found
        assert f"revision {HEAD}" in found.detail
        assert "locks hold" in found.detail

    def test_one_without(self, postgres: Postgres) -> None:
        address = postgres.empty()
        found = stored.server(address)
        assert (found.status, "no tables yet" in found.detail) == (OK, True)
        assert asked(address, "SELECT to_regclass('orders') AS there")[0]["there"] is None, "the doctor changes nothing"

    def test_one_of_another_version(self, postgres: Postgres) -> None:
        address = postgres.fresh()
        asked(address, "UPDATE alembic_version SET version_num = '0001'")
        found = stored.server(address)
        assert (found.status, "0001" in found.detail) == (WARNING, True)

    def test_one_that_is_not_there(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        found = stored.server(f"postgresql://someone:canary-password@127.0.0.1:{port}/nothing")
        assert (found.status, found.exit_code) == (BROKEN, Exit.UNAVAILABLE)
        assert f"127.0.0.1:{port}" in found.detail
        assert "canary" not in str(found)

    def test_one_that_lets_nobody_in(self, postgres: Postgres) -> None:
        address = str(make_url(postgres.address).set(database="no_such_database_of_ours"))
        found = stored.server(address)
        assert (found.status, found.exit_code) == (BROKEN, Exit.UNAVAILABLE)

    @pytest.mark.parametrize("address", ["mysql://a:canary-b@h/n", "postgresql://a:canary-b@h", "canary-b"])
    def test_what_is_no_address(self, address: str) -> None:
        found = stored.server(address)
        assert (found.status, found.exit_code) == (BROKEN, Exit.INVALID)
        assert "canary" not in str(found)


class TestDoctor:
    def test_looks_at_the_database_that_is_set(self, tmp_path: Path, postgres: Postgres) -> None:
        midas = Inside(tmp_path / "home", tmp_path)
        done = midas("doctor", "--port", "0", "--json", MIDAS_DATABASE=postgres.fresh())
        assert done.code == 0, done.out
        [database] = [each for each in done.json["checks"] if each["name"] == "database"]
        assert "PostgreSQL" in database["detail"]
        secret = "postgresql://someone:canary-password@127.0.0.1:1/nothing"
        gone = midas("doctor", "--port", "0", "--json", MIDAS_DATABASE=secret)
        assert gone.code == Exit.UNAVAILABLE
        assert "canary" not in gone.out + gone.err
