"""A client of a server and a client that carries the platform inside give equal answers."""

from __future__ import annotations

import pytest

from midas.core.errors import AlreadyExists, DataInvalid, InvalidInput, NotFound, Refused, StrategyInvalid

YAML = """
name: mine
description: Hold what rose.
params: {days: 3}
targets: (close.change(days) > 0).where(close > 0).normalise()
every: week_end
"""
VARIES = {"created_at", "imported_at_utc", "finished_at", "home", "id"}


def settled(value):
    """Return an answer as plain values without what differs from one run to the next."""
    if isinstance(value, list):
        return [settled(each) for each in value]
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: settled(each) for key, each in value.items() if key not in VARIES}
    return value


@pytest.fixture(scope="module")
def both(embedded, remote, prices):
    for client in (embedded, remote):
        client.datasets.import_file(prices, "XNAS")
        client.strategies.save("mine", YAML)
    return embedded, remote


ANSWERS = {
    "health": lambda client: client.health(),
    "sources": lambda client: client.datasets.sources(),
    "import again": lambda client: client.datasets.list(),
    "datasets": lambda client: client.datasets.list(),
    "dataset": lambda client: client.datasets.show("xnas-1d"),
    "check": lambda client: client.datasets.check("xnas-1d"),
    "instruments": lambda client: client.instruments.list(),
    "instruments by text": lambda client: client.instruments.list(query="aa"),
    "instrument by id": lambda client: client.instruments.show("AAA.XNAS"),
    "instrument by symbol": lambda client: client.instruments.show("bbb"),
    "bars": lambda client: client.instruments.bars("AAA"),
    "bars between": lambda client: client.instruments.bars("BBB", "2024-01-03", "2024-01-08"),
    "latest": lambda client: client.instruments.latest("BBB.XNAS"),
    "strategies": lambda client: client.strategies.list(),
    "strategy": lambda client: client.strategies.show("mine"),
    "versions": lambda client: client.strategies.versions("mine"),
    "strategy check": lambda client: client.strategies.check("momentum", {"lookback": 60}),
    "strategy explained": lambda client: client.strategies.explain("momentum", {"lookback": 60}),
    "strategy check of text": lambda client: client.strategies.check(YAML, {"days": "2"}),
    "strategy check that fails": lambda client: client.strategies.check("name: x\ntargets: __import__('os')\n"),
    "operators": lambda client: client.factors.operators(),
    "factors": lambda client: client.factors.list(),
    "factor": lambda client: client.factors.show("alpha_012"),
    "measures": lambda client: client.backtests.measures(),
    "measures of a library": lambda client: client.backtests.measures("pyfolio"),
    "jobs": lambda client: client.jobs.list(),
}

REFUSALS = {
    "unknown dataset": (NotFound, lambda client: client.datasets.show("xnas")),
    "unknown instrument": (NotFound, lambda client: client.instruments.show("AAB")),
    "unknown bars": (NotFound, lambda client: client.instruments.bars("ZZZ")),
    "unknown strategy": (NotFound, lambda client: client.strategies.show("mein")),
    "unknown version": (NotFound, lambda client: client.strategies.show("mine", 7)),
    "unknown backtest": (NotFound, lambda client: client.backtests.show("beef")),
    "unknown factor": (NotFound, lambda client: client.factors.show("alpha_102")),
    "unknown job": (NotFound, lambda client: client.jobs.show("j0")),
    "unknown source": (NotFound, lambda client: client.datasets.pull("nowhere")),
    "a hostile name": (NotFound, lambda client: client.strategies.show("../../etc/passwd?x=1#y")),
    "a name that is taken": (AlreadyExists, lambda client: client.strategies.save("mine", YAML)),
    "a name of the library": (AlreadyExists, lambda client: client.strategies.save("momentum", YAML)),
    "a version that moved on": (AlreadyExists, lambda client: client.strategies.save("mine", YAML, 5)),
    "a strategy that does not build": (StrategyInvalid, lambda client: client.strategies.save("y", "name: y")),
    "deleting from the library": (Refused, lambda client: client.strategies.delete("momentum")),
    "a file that is missing": (NotFound, lambda client: client.datasets.import_file("/no/such.csv", "XNAS")),
    "a venue that is none": (InvalidInput, lambda client: client.datasets.import_file(__file__, "nasdaq")),
    "a bad date": (InvalidInput, lambda client: client.instruments.bars("AAA", "yesterday")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_are_equal(both, name):
    embedded, remote = (settled(ANSWERS[name](client)) for client in both)
    assert embedded == remote
    assert embedded


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_are_equal(both, name):
    kind, ask = REFUSALS[name]
    said = []
    for client in both:
        with pytest.raises(kind) as refusal:
            ask(client)
        assert type(refusal.value) is kind
        said.append(vars(refusal.value))
    assert said[0] == said[1]
    assert said[0]["message"]


def test_a_broken_file_imports_nothing_and_says_why(client, tmp_path):
    file = tmp_path / "broken.csv"
    file.write_text("symbol,date,open,high,low,close,volume\nCCC,2024-01-02,10,5,9,9.5,100\n", encoding="utf-8")
    with pytest.raises(DataInvalid) as refusal:
        client.datasets.import_file(file, "XNAS", name="broken")
    assert refusal.value.findings
    assert str(client.health().home) not in str(refusal.value), "no path of the server's"
    with pytest.raises(NotFound):
        client.datasets.show("broken")


def test_progress_runs_from_nothing_to_one(client, prices):
    told = []
    report = client.datasets.import_file(
        prices, "XNAS", name="told", progress=lambda done, text: told.append((done, text))
    )
    assert report.rows == 11
    assert told[-1][0] == 1.0
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_importing_again_changes_nothing(client, prices):
    first = client.datasets.import_file(prices, "XNAS", name="twice")
    again = client.datasets.import_file(prices, "XNAS", name="twice")
    assert (first.unchanged, again.unchanged) == (False, True)
    assert first.dataset.version == again.dataset.version


def test_deleted_is_gone(client, prices):
    client.datasets.import_file(prices, "XNAS", name="short-lived")
    client.datasets.delete("short-lived")
    with pytest.raises(NotFound):
        client.datasets.show("short-lived")
