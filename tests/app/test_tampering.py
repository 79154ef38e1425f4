"""An audit trail someone tampered with: each kind is found, and the place is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.app.loop import now, own_loop
from tests.trading.entries import paid_in

from midas.app import accounts, ledger, seals
from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.core.clock import ManualClock
from midas.core.errors import StorageCorrupt
from midas.db import heads, journal_writes
from midas.identity.audit_chain import canonical, link
from midas.trading.journal import NOBODY, Audit
from midas.wire.accounts import AccountRequest

BEGIN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
ALPHA, BETA = "alpha.1", "beta.1"
SEALED, WRITTEN = (10, 20), 26
"""Lines of alpha at which it was sealed, and how many it has."""


@dataclass
class Scene:
    """A home with two trails, sealed twice, and a copy of the seals and of an older database elsewhere."""

    workspace: Workspace
    copy: list[str]
    older: Path

    @property
    def database(self) -> Path:
        return self.workspace.home.database

    def sql(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            for table in ("audit", "bookings", "postings", "booking_links"):
                for what in ("update", "delete"):
                    connection.execute(f"DROP TRIGGER IF EXISTS {table}_no_{what}")
            for statement in statements:
                connection.execute(statement)

    def rehash(self, first: int) -> None:
        """Make the chain of alpha whole again from a line on, head included, as whoever knows the rule can."""
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.row_factory = sqlite3.Row
            rows = connection.execute(f"SELECT * FROM audit WHERE account = '{ALPHA}' ORDER BY n").fetchall()
            previous = "0" * 64
            for row in rows:
                stamp = datetime.fromisoformat(str(row["stamp_utc"])).replace(tzinfo=UTC).isoformat()
                fields = {name: row[name] for name in ("account", "who", "act", "subject", "detail")}
                ledger = {} if row["booked"] is None else {name: row[name] for name in ("booked", "book_hash")}
                text = canonical({**fields, "stamp_utc": stamp, **ledger})
                made = link(previous, row["n"], text) if row["n"] >= first else row["hash"]
                connection.execute("UPDATE audit SET hash = ? WHERE account = ? AND n = ?", (made, ALPHA, row["n"]))
                previous = made
            end = (rows[-1]["n"], previous) if rows else (0, previous)
            connection.execute("UPDATE account_heads SET audit_n = ?, audit_hash = ? WHERE account = ?", (*end, ALPHA))

    def rechain(self) -> str:
        """Make the chain of alpha's one booking whole again, head included; return its hash."""
        names = (
            "account", "reference", "kind", "instrument", "quantity", "order_id", "execution", "side", "fill_quantity",
            "price", "value", "commission", "tax", "cause",
        )  # fmt: skip
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.row_factory = sqlite3.Row
            [row] = connection.execute(f"SELECT * FROM bookings WHERE account = '{ALPHA}'").fetchall()
            query = "SELECT line, account, ledger, instrument, amount, currency FROM postings WHERE booking = ?"
            postings = [list(each) for each in connection.execute(f"{query} ORDER BY line", (row["place"],))]
            stamp = datetime.fromisoformat(str(row["stamp_utc"])).replace(tzinfo=UTC).isoformat()
            fields = {**{name: row[name] for name in names}, "stamp_utc": stamp, "fill_stamp_utc": None}
            made = link("0" * 64, 1, canonical({**fields, "postings": postings}))
            connection.execute("UPDATE booking_links SET hash = ? WHERE account = ?", (made, ALPHA))
            connection.execute("UPDATE account_heads SET book_hash = ? WHERE account = ?", (made, ALPHA))
        return made

    def lines(self) -> list[str]:
        return self.workspace.home.seals.read_text().splitlines()

    def write_lines(self, lines: list[str]) -> None:
        self.workspace.home.seals.write_text("".join(line + "\n" for line in lines))

    def faults(self, copy: list[str] | None = None) -> str:
        report = now(ledger.verify(self.workspace, None, copy))
        return "; ".join(f"{each.account} {each.code}: {each.detail}" for each in report.faults)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the home, and beside it the older database."""
    folder = tmp_path_factory.mktemp("tampering")
    with own_loop(), Workspace.open(Settings(home=folder / "home"), ManualClock(BEGIN)) as workspace:
        for name in ("alpha", "beta"):
            now(accounts.add(workspace, AccountRequest(name=name, capital=Decimal(1000))))
        for place in range(2, WRITTEN + 1):
            for account in (ALPHA, BETA):
                line = Audit(account, "me", "note", f"s{place}", {"n": place}, workspace.clock.now_utc())
                now(workspace.database.write(journal_writes.write, account, NOBODY, [line]))
            workspace.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]
            if place in SEALED:
                now(seals.seal(workspace))
            if place == 15:
                with (
                    closing(sqlite3.connect(workspace.home.database)) as a,
                    closing(sqlite3.connect(folder / "older.db")) as b,
                ):
                    a.backup(b)
    return folder


@pytest.fixture
def scene(tmp_path: Path, written: Path) -> Iterator[Scene]:
    shutil.copytree(written, tmp_path / "copy")
    home, later = tmp_path / "copy" / "home", ManualClock(BEGIN + timedelta(hours=1))
    with own_loop(), Workspace.open(Settings(home=home), later) as workspace:
        found = Scene(workspace, workspace.home.seals.read_text().splitlines(), tmp_path / "copy" / "older.db")
        assert found.faults() == found.faults(found.copy) == ""
        yield found


def restore(scene: Scene) -> None:
    for beside in ("-wal", "-shm"):
        Path(f"{scene.database}{beside}").unlink(missing_ok=True)
    shutil.copy(scene.older, scene.database)


def edit(column: str) -> Callable[[Scene], None]:
    return lambda scene: scene.sql(f"UPDATE audit SET {column} = 'forged' WHERE account = '{ALPHA}' AND n = 12")


def insert(n: int) -> str:
    return (
        "INSERT INTO audit SELECT account, {n}, who, 'forged', subject, detail, stamp_utc, hash, booked, book_hash "
        f"FROM audit WHERE account = '{ALPHA}' AND n = 5"
    ).format(n=n)


def moved_up(first: int) -> tuple[str, str]:
    mine = f"WHERE account = '{ALPHA}'"
    return f"UPDATE audit SET n = -n - 1 {mine} AND n >= {first}", f"UPDATE audit SET n = -n {mine} AND n < 0"


def swap(scene: Scene) -> None:
    mine = f"WHERE account = '{ALPHA}' AND n ="
    scene.sql(
        f"UPDATE audit SET n = 900 {mine} 7", f"UPDATE audit SET n = 7 {mine} 8", f"UPDATE audit SET n = 8 {mine} 900"
    )  # fmt: skip


def truncate(scene: Scene, last: int) -> None:
    scene.sql(f"DELETE FROM audit WHERE account = '{ALPHA}' AND n > {last}")
    scene.rehash(last + 1)


def forge_from(scene: Scene, first: int) -> None:
    scene.sql(f"UPDATE audit SET who = 'nobody' WHERE account = '{ALPHA}' AND n = {first}")
    scene.rehash(first)


def forge_booking(scene: Scene) -> None:
    scene.sql(f"UPDATE postings SET ledger = 8 WHERE account = '{ALPHA}' AND ledger = 2")


def forge_booking_and_chain(scene: Scene) -> None:
    forge_booking(scene)
    scene.rechain()


def forge_booking_chain_and_trail(scene: Scene) -> None:
    forge_booking(scene)
    scene.sql(f"UPDATE audit SET book_hash = '{scene.rechain()}' WHERE account = '{ALPHA}'")
    scene.rehash(1)


def forge_seal(scene: Scene) -> None:
    lines = scene.lines()
    fields = json.loads(lines[-1])
    scene.write_lines([*lines[:-1], canonical({**fields, "hash": "0" * 64})])


def drop_and_close_up(scene: Scene) -> None:
    scene.sql(
        f"DELETE FROM audit WHERE account = '{ALPHA}' AND n = 13",
        f"UPDATE audit SET n = n - 1 WHERE account = '{ALPHA}' AND n > 13",
    )
    scene.rehash(13)


def make_room_and_insert(scene: Scene) -> None:
    scene.sql(*moved_up(13), insert(13))
    scene.rehash(13)


def take_seal_out(scene: Scene) -> None:
    lines = scene.lines()
    scene.write_lines(lines[:1] + lines[2:])


KINDS: dict[str, tuple[Callable[[Scene], None], str]] = {
    "edit who": (edit("who"), "audit: line 12"),
    "edit act": (edit("act"), "audit: line 12"),
    "edit subject": (edit("subject"), "audit: line 12"),
    "edit detail": (edit("detail"), "audit: line 12"),
    "edit hash": (edit("hash"), "audit: line 12"),
    "edit time": (
        lambda scene: scene.sql(
            f"UPDATE audit SET stamp_utc = '2020-01-01 00:00:00.000000' WHERE account = '{ALPHA}' AND n = 12"
        ),
        "audit: line 12",
    ),
    "move to another account": (
        lambda scene: scene.sql(f"UPDATE audit SET account = '{BETA}', n = 99 WHERE account = '{ALPHA}' AND n = 12"),
        "audit: line 12",
    ),
    "delete from the middle": (
        lambda scene: scene.sql(f"DELETE FROM audit WHERE account = '{ALPHA}' AND n = 12"), "audit: line 12"
    ),
    "delete the first": (
        lambda scene: scene.sql(f"DELETE FROM audit WHERE account = '{ALPHA}' AND n = 1"), "audit: line 1"
    ),
    "delete the last": (
        lambda scene: scene.sql(f"DELETE FROM audit WHERE account = '{ALPHA}' AND n = {WRITTEN}"),
        f"line {WRITTEN} was the last",
    ),
    "swap two": (swap, "audit: line 7"),
    "insert at the end": (lambda scene: scene.sql(insert(WRITTEN + 1)), f"audit: line {WRITTEN + 1}"),
    "take the head away": (
        lambda scene: scene.sql(f"DELETE FROM account_heads WHERE account = '{ALPHA}'"), "line 0 was the last"
    ),
    "cut the tail off, head and all": (lambda scene: truncate(scene, 18), "line 20 was sealed at"),
    "cut everything off": (lambda scene: truncate(scene, 0), "line 10 was sealed at"),
    "hash anew from the middle": (lambda scene: forge_from(scene, 15), "something after line 10 was rewritten"),
    "hash anew from the first": (lambda scene: forge_from(scene, 1), "something after line 0 was rewritten"),
    "delete and close up": (drop_and_close_up, "something after line 10 was rewritten"),
    "insert and make room": (make_room_and_insert, "something after line 10 was rewritten"),
    "play an older database back": (restore, "line 20 was sealed at"),
    "change a booking": (forge_booking, "booking: booking 1 (capital): it does not follow"),
    "change it and chain it anew": (forge_booking_and_chain, "audit: line 1 was written behind booking 1"),
    "and the trail with it": (forge_booking_chain_and_trail, "something after line 0 was rewritten"),
    "forget that lines spoke of it": (
        lambda scene: scene.sql(f"UPDATE audit SET booked = NULL, book_hash = NULL WHERE account = '{ALPHA}'"),
        "audit: line 1: it does not follow",
    ),
    "forge a seal": (forge_seal, "seal 4 was changed"),
    "take a seal out": (take_seal_out, "seal 2 does not follow"),
    "swap seals": (lambda scene: scene.write_lines([*scene.lines()[2:], *scene.lines()[:2]]), "does not follow"),
    "spoil a seal": (lambda scene: scene.write_lines(["nonsense", *scene.lines()[1:]]), "seal 1 cannot be read"),
    "another key": (lambda scene: _replace_key(scene), "made with another key"),
    "no key": (lambda scene: scene.workspace.home.seal_key.unlink(), "seal.key is gone"),
}  # fmt: skip


def _replace_key(scene: Scene) -> None:
    scene.workspace.home.seal_key.write_text("ab" * 32)


class TestTampering:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_found_and_located(self, scene: Scene, kind: str) -> None:
        tamper, told = KINDS[kind]
        tamper(scene)
        assert told in scene.faults()

    def test_only_a_copy_elsewhere_sees_that_the_seals_were_cut_off_with_the_trail(self, scene: Scene) -> None:
        truncate(scene, 12)
        scene.write_lines([line for line in scene.lines() if json.loads(line)["n"] <= 12])
        assert scene.faults() == "", "who can cut both leaves nothing in this home that tells"
        told = scene.faults(scene.copy)
        assert "line 20 was sealed at" in told
        assert "seals of the copy are not among those of this home" in told

    def test_a_key_that_is_none_is_an_error(self, scene: Scene) -> None:
        scene.workspace.home.seal_key.write_text("abc")
        with pytest.raises(StorageCorrupt):
            scene.faults()


class TestSeals:
    def test_only_what_grew_is_sealed_again(self, scene: Scene) -> None:
        assert [each.n for each in now(seals.seal(scene.workspace))] == [WRITTEN, WRITTEN]
        assert now(seals.seal(scene.workspace)) == []
        assert len(scene.lines()) == 6
        assert scene.faults() == ""
        report = now(ledger.verify(scene.workspace, "alpha"))
        assert report.sealed == {ALPHA: WRITTEN}

    def test_what_was_booked_behind_the_last_line_is_sealed_as_well(self, scene: Scene) -> None:
        epoch = now(scene.workspace.database.write(heads.take_over, ALPHA, BEGIN))
        now(scene.workspace.database.write(journal_writes.write, ALPHA, epoch, [paid_in(500, "more", ALPHA)]))
        made = now(seals.seal(scene.workspace))
        assert [(each.account, each.n) for each in made] == [(ALPHA, WRITTEN + 1), (BETA, WRITTEN)]
        assert now(seals.seal(scene.workspace)) == []
        assert scene.faults() == ""
        scene.sql(
            f"UPDATE postings SET amount = 0 WHERE account = '{ALPHA}' AND amount IN (500, -500)",
            f"UPDATE account_heads SET cash = cash - 500 WHERE account = '{ALPHA}'",
        )  # fmt: skip
        assert "booking 2 (more)" in scene.faults()

    def test_the_key_is_its_owners_alone(self, scene: Scene) -> None:
        assert scene.workspace.home.seal_key.stat().st_mode & 0o777 == 0o600

    def test_a_second_file_gets_them_too(self, tmp_path: Path) -> None:
        copy = tmp_path / "elsewhere" / "seals.jsonl"
        settings = Settings.model_validate({"home": tmp_path / "h", "audit": {"copy_to": copy}})
        with own_loop(), Workspace.open(settings, ManualClock(BEGIN)) as workspace:
            now(accounts.add(workspace, AccountRequest(name="alpha", capital=Decimal(1000))))
            now(seals.seal(workspace))
            assert copy.read_bytes() == workspace.home.seals.read_bytes() != b""
