"""What was traded, told as round trips, executions and figures, against other ways to count it."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.command import Inside, Midas

from midas.client.client import Client

WHEN = ("2009-01-02", "2009-12-31")
STRATEGY: dict[str, Any] = {"strategy": "sma_cross", "params": {"fast": 5, "slow": 25}}
DEALING = {"reinvest_dividends": True}


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> Midas:
    """A home in which a reinvesting account was traded to the end of its feed by a trader process."""
    import shutil

    folder = tmp_path_factory.mktemp("traded")
    shutil.copytree(pulled, folder / "home")
    midas = Midas(folder / "home", folder)
    with Client.open(home=midas.home) as client:
        client.runs.start(
            STRATEGY["strategy"], STRATEGY["params"], feed=f"replay:{WHEN[0]}..{WHEN[1]}", symbols=["IBM", "MSFT"],
            dealing=DEALING,
        )  # fmt: skip
    done = midas("trader", "--until-idle", timeout_s=280)
    assert done.code == 0, done.err
    return midas


@pytest.fixture
def inside(traded: Midas) -> Midas:
    return Inside(traded.home, traded.folder)


class TestRoundTrips:
    def test_are_those_of_the_backtest(self, inside: Midas) -> None:
        told = inside("trade", "list", "--account", "paper", "--limit", "1000", "--json").json
        with Client.open(home=inside.home) as client:
            tested = client.backtests.run(
                STRATEGY["strategy"], STRATEGY["params"], symbols=["IBM", "MSFT"], start=WHEN[0], end=WHEN[1],
                dealing=DEALING,
            ).trades()  # fmt: skip
        expected = tested.to_dicts()
        assert len(expected) > 10
        assert sum(Decimal(each["income"]) for each in told) > 0
        key = lambda each: (each["instrument"], each["entry"])  # noqa: E731
        ours = sorted(told, key=key)
        theirs = sorted(expected, key=lambda each: (each["symbol"], str(each["entry_ts"])))
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine["instrument"] == other["symbol"]
            assert mine["side"] == other["side"]
            assert mine["entry"][:10] == str(other["entry_ts"])[:10]
            assert (mine["exit"] is None) == (other["exit_ts"] is None)
            if mine["exit"] is not None:
                assert mine["exit"][:10] == str(other["exit_ts"])[:10]
                assert float(mine["exit_price"]) == pytest.approx(other["exit_price"], abs=1e-6)
            for name in ("commission", "tax"):
                assert Decimal(mine[name]) == Decimal(str(other[name])), (name, mine, other)
            assert float(mine["pnl"]) == pytest.approx(float(other["pnl"]), abs=0.005)
            assert float(mine["quantity"]) == pytest.approx(other["quantity"], abs=1e-9)
            assert float(mine["entry_price"]) == pytest.approx(other["entry_price"], abs=1e-6)
            assert float(mine["gain"]) == pytest.approx(other["return"], abs=1e-6)

    def test_pages_and_periods(self, inside: Midas) -> None:
        every = inside("trade", "list", "-a", "paper", "--limit", "1000", "--json").json
        assert [each["entry"] for each in every] == sorted((each["entry"] for each in every), reverse=True)
        assert inside("trade", "list", "-a", "paper", "--limit", "3", "--json").json == every[:3]
        in_may = inside(
            "trade", "list", "-a", "paper", "--start", "2009-05-01", "--end", "2009-05-31", "--limit", "1000", "--json"
        ).json  # fmt: skip
        wanted = [
            each
            for each in every
            if each["entry"] < "2009-06-01" and (each["exit"] is None or each["exit"] >= "2009-05-01")
        ]
        assert in_may == wanted != every
        with Client.open(home=inside.home) as client:
            first = client.trades.list("paper", limit=None)
        assert [each.model_dump(mode="json")["entry"] for each in first] == [each["entry"] for each in every]

    def test_a_table_for_people(self, inside: Midas) -> None:
        out = inside("trade", "list", "-a", "paper").out
        assert "IBM.XNYS" in out
        assert "long" in out
        assert "open" in out
        executions = inside("trade", "list", "-a", "paper", "--executions").out
        assert "buy" in executions

    def test_reinvestments_are_orders_with_a_name(self, inside: Midas) -> None:
        orders = inside("order", "list", "-a", "paper", "--limit", "1000", "--json").json
        own = [each for each in orders if each["origin"] == "reinvestment"]
        assert own
        assert {each["state"] for each in own} == {"filled"}
        assert "reinvestment" in inside("order", "list", "-a", "paper", "--limit", "1000").out
        assert "reinvestment" in inside("order", "show", own[0]["id"]).out
        status = inside("run", "status", "--json").json
        assert status["quarantined"] == {}


class TestSeals:
    def test_a_trader_seals_the_trail_at_its_end(self, inside: Midas) -> None:
        report = inside("ledger", "verify", "--json").json
        assert report["faults"] == []
        assert report["audit_lines"] > 100
        assert sum(report["sealed"].values()) == report["audit_lines"]
        said = inside("ledger", "verify").out
        assert "everything adds up" in said
        assert "not sealed yet" not in said
        copied = inside.folder / "seals-elsewhere.jsonl"
        copied.write_bytes((inside.home / "audit" / "seals.jsonl").read_bytes())
        assert inside("ledger", "verify", "--copy", copied, "--json").json["faults"] == []
        assert inside("ledger", "seal").out.strip() == "Nothing new to seal."
        copied.write_text("")
        assert inside("ledger", "verify", "--copy", copied, "--json").code == 2


class TestStats:
    def test_are_what_another_count_of_the_journal_says(self, inside: Midas) -> None:
        told = inside("trade", "stats", "-a", "paper", "--json").json
        assert figures_of(rows_of(inside.home)) == {name: told[name] for name in figures_of(rows_of(inside.home))}

    @pytest.mark.parametrize("period", [("2009-03-01", "2009-09-30"), ("2009-12-31", "2009-12-31")])
    def test_of_a_period(self, inside: Midas, period: tuple[str, str]) -> None:
        told = inside("trade", "stats", "-a", "paper", "--start", period[0], "--end", period[1], "--json").json
        expected = figures_of(rows_of(inside.home), period)
        assert expected == {name: told[name] for name in expected}

    def test_gains_costs_and_income_are_all_that_happened_to_the_money(self, inside: Midas) -> None:
        told = inside("trade", "stats", "-a", "paper", "--json").json
        status = inside("run", "status", "--json").json
        trades = inside("trade", "list", "-a", "paper", "--limit", "1000", "--json").json
        gained = Decimal(status["equity"]) - 100_000
        amount = lambda name: Decimal(told[name])  # noqa: E731
        income = sum(Decimal(each["income"]) for each in trades)
        assert amount("realised") + amount("unrealised") - amount("commission") - amount("tax") + income == gained
        assert sum(Decimal(each["pnl"]) for each in trades) == gained
        closed = [Decimal(each["pnl"]) for each in trades if each["exit"] is not None]
        assert amount("trades_pnl") == sum(closed)
        assert (told["trades"], told["trades_won"]) == (len(trades), sum(each > 0 for each in closed))
        assert told["trades_open"] == len(trades) - len(closed)


def rows_of(home: Path) -> list[dict[str, Any]]:
    """What the ledger's tables hold of fills and splits, read without a line of ours."""
    file = next(each for each in home.iterdir() if each.suffix in (".db", ".sqlite", ".sqlite3"))
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM bookings ORDER BY place")]


def figures_of(rows: list[dict[str, Any]], period: tuple[str, str] | None = None) -> dict[str, Any]:
    """The figures by a count of its own: average costs as fractions of a cent, rounded where a sale takes them out."""
    held: defaultdict[str, Fraction] = defaultdict(Fraction)
    cost: defaultdict[str, int] = defaultdict(int)
    realised, many, value, often = 0, Counter[str](), Counter[str](), Counter[str]()
    costs: Counter[str] = Counter()
    for row in rows:
        name = row["instrument"]
        if row["order_id"] is None:
            if row["kind"] == "split":
                held[name] += Fraction(row["quantity"])
            continue
        quantity, gained = Fraction(row["fill_quantity"]), 0
        if row["side"] == "buy":
            cost[name] += row["value"]
            held[name] += quantity
        else:
            out = cost[name] if quantity == held[name] else round(cost[name] * quantity / held[name])
            gained = row["value"] - out
            cost[name] -= out
            held[name] -= quantity
        day = str(row["fill_stamp_utc"])[:10]
        if period is not None and not period[0] <= day <= period[1]:
            continue
        realised += gained
        many[row["side"]] += 1
        value[row["side"]] += row["value"]
        often[name] += 1
        costs["commission"] += row["commission"]
        costs["tax"] += row["tax"]
    whole = value["buy"] + value["sell"]
    most = min(often, key=lambda name: (-often[name], name), default=None)
    figures: dict[str, Any] = {
        "count": many.total(), "buys": many["buy"], "sells": many["sell"], "most_traded": most,
        "most_traded_count": often[most] if most else 0,
    }  # fmt: skip
    amounts = {"value": whole, "bought": value["buy"], "sold": value["sell"], "realised": realised, **costs}
    figures |= {name: f"{Decimal(cents) / 100:.2f}" for name, cents in amounts.items()}
    figures |= {name: figures.get(name, "0.00") for name in ("commission", "tax")}
    return figures
