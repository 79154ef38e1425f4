"""What every test lives under: its own data home, and no network but this machine."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from tests.scale import scale

# A busy machine is no reason to fail: what is slow is measured elsewhere. The suite tries the same examples each time,
# so that a change is what turns it red; `make verify` and `make soak` look for new ones.
settings.register_profile("midas", deadline=None, derandomize=scale() == 1)
settings.load_profile("midas")


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_local(address):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_local(address):
            raise AssertionError(f"a test tried to reach {address!r}")
        return connect_ex(self, address)

    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    # `tmp_path` makes a folder, and looks through those of all tests before: most tests have no need of one
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDAS_HOME", str(next(_homes)))


@pytest.fixture(autouse=True, scope="session")
def _every_fill_is_lawful() -> Iterator[None]:
    """Whatever a test simulates, its fills obey the laws that hold for all of them."""
    from tests.execution.lawful import assert_lawful

    from midas.execution import simulation
    from midas.kernels import matching

    def watched(*arguments: Any) -> matching.Run:
        run = matching.simulate(*arguments)
        assert_lawful(arguments, run)
        return run

    patch = pytest.MonkeyPatch()
    patch.setattr(simulation, "matching", SimpleNamespace(simulate=watched))
    yield
    patch.undo()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figure", help="run the tests of this row of the reliability report only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted, others = config.getoption("figure"), []
    for item in list(items):
        rows = [mark.args[0] for mark in item.iter_markers("figure")]
        item.user_properties += [("figure", row) for row in rows]
        if wanted and wanted not in rows:
            others.append(item)
            items.remove(item)
    if others:
        config.hook.pytest_deselected(items=others)


@pytest.fixture(autouse=True, scope="session")
def _journals() -> Iterator[list[Any]]:
    """Every journal that tests open, as they open them."""
    from tests.balanced import journals

    with journals() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _every_journal_balances(_journals: list[Any]) -> Iterator[None]:
    """Whatever a test books, the postings add up to 0 in each currency afterwards."""
    from tests.balanced import assert_balanced

    yield
    opened, _journals[:] = list(_journals), []
    for journal in opened:
        assert_balanced(journal)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of this machine; see `tests.postgres`."""
    from tests.postgres import postgres_server

    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True, scope="session")
def _copied_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from tests.shared import copied_databases

    with copied_databases(tmp_path_factory.mktemp("migrated")):
        yield


@pytest.fixture(scope="session")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data home with the sample market, to be copied."""
    from tests.shared import pulled_home

    return pulled_home(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("pulled"))
