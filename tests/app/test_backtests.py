from __future__ import annotations

import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from tests.app.loop import now, own_loop

from midas.app import backtests, datasets, jobs, strategies, tearsheets
from midas.app.datasets import FileImport
from midas.app.resolving import resolve
from midas.core.errors import InvalidInput, NotFound, StorageCorrupt, StrategyInvalid
from midas.wire.backtests import BacktestRequest
from midas.wire.strategies import StrategyCreate, StrategyRef

LONG_S = 60.0
DAYS = ["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09"]
YAML = "name: anything\ntargets: (close > 0).where(close > 0).normalise()\nevery: once\n"


def prices(rise: float = 1.0) -> str:
    lines = ["symbol,date,open,high,low,close,volume"]
    for n, day in enumerate(DAYS):
        level = 10 + rise * n
        lines.append(f"AAA,{day},{level},{level + 2},{level - 2},{level + 1},1000000")
        lines.append(f"BBB,{day},{50 - n},{52 - n},{48 - n},{51 - n},1000000")
    return "\n".join(lines) + "\n"


async def chunks(text: str):
    yield text.encode()


def import_prices(workspace, name="small", rise=1.0):
    how = FileImport("prices.csv", "XNAS", "1d", {}, None, skip_bad=False, name=name)
    job = now(datasets.import_file(workspace, chunks(prices(rise)), how, LONG_S))
    assert job.state == "done", job.error


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A data home with one small dataset, to be copied."""
    from midas.app.settings import Settings
    from midas.app.workspace import Workspace

    home = tmp_path_factory.mktemp("loaded") / "home"
    with own_loop(), Workspace.open(Settings(home=home)) as workspace:
        import_prices(workspace)
        now(workspace.end())
    return home


@pytest.fixture
def workspace(loaded, home, opener):
    shutil.copytree(loaded, home)
    return opener()


def request(strategy="buy_and_hold", **fields):
    ref = StrategyRef(name=strategy) if isinstance(strategy, str) else strategy
    return BacktestRequest(strategy=ref, **{"universe": "small", **fields})


def run(workspace, *args, **fields):
    async def both():
        job = await backtests.run(workspace, request(*args, **fields), LONG_S)
        assert job.state == "done", job.error
        return job, await backtests.show(workspace, job.result_id)

    return now(both())


def refused(workspace, *args, **fields):
    now(backtests.run(workspace, request(*args, **fields), 0.0))


def folder(workspace, row) -> Path:
    return workspace.home.result(row.identity)


def files(where: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in where.iterdir()}


class TestRefusedBeforeThereIsAJob:
    @pytest.mark.parametrize(
        ("fields", "kind", "code"),
        [
            ({"strategy": "buy_and_hodl"}, NotFound, "unknown_strategy"),
            ({"universe": "smal"}, NotFound, "unknown_universe"),
            ({"universe": None, "symbols": ["AAB"]}, NotFound, "unknown_symbol"),
            ({"universe": None}, InvalidInput, "no_universe"),
            ({"benchmark": "ZZZ"}, NotFound, "unknown_symbol"),
            ({"start": "2024-01-05", "end": "2024-01-03"}, InvalidInput, "end_before_start"),
            ({"start": "2031-01-01"}, InvalidInput, "empty_range"),
            ({"strategy": "sma_cross", "params": {"fast": 2, "slow": 100}}, InvalidInput, "too_short"),
            ({"initial_capital": Decimal(0)}, InvalidInput, "bad_capital"),
            ({"initial_capital": Decimal(-5)}, InvalidInput, "bad_capital"),
            ({"initial_capital": Decimal("1e30")}, InvalidInput, "bad_capital"),
            ({"initial_capital": Decimal("0.001")}, InvalidInput, "bad_capital"),
            ({"commission_bps": -1.0}, InvalidInput, "bad_commission"),
            ({"slippage_bps": 1e9}, InvalidInput, "bad_slippage"),
            ({"strategy": "sma_cross", "params": {"fats": 5}}, StrategyInvalid, "unknown_parameter"),
            ({"strategy": "sma_cross", "params": {"fast": "nan"}}, StrategyInvalid, "bad_parameter"),
            ({"strategy": StrategyRef(graph={"format": 1})}, StrategyInvalid, "bad_graph"),
            ({"strategy": StrategyRef(yaml="targets: !!python/name:os.system")}, StrategyInvalid, None),
            ({"strategy": StrategyRef(backtest="beef")}, NotFound, "unknown_backtest"),
        ],
    )
    def test_a_question_that_makes_no_sense(self, workspace, fields, kind, code):
        with pytest.raises(kind) as refusal:
            refused(workspace, **fields)
        assert code in (None, refusal.value.code)
        assert refusal.value.hint
        listed = now(jobs.page(workspace, 100, None)).items
        assert [job.kind for job in listed] == ["import"]


class TestRun:
    def test_the_answer_is_right_by_hand(self, workspace):
        _, row = run(workspace, universe=None, symbols=["AAA"], commission_bps=0.0)
        # decided at the close of the first day, 11: 100,000 / 11 = 9,090 shares, bought at the next open, also 11
        # cash left 100,000 - 9,090 * 11 = 10; the last close is 16: 10 + 9,090 * 16 = 145,450
        frame = now(backtests.series(workspace, row, "equity"))
        assert frame["equity"].to_list()[-1] == pytest.approx(145_450.0)
        assert row.summary["total_return"] == pytest.approx(0.4545)
        assert row.symbols == ["AAA.XNAS"]
        assert (str(row.start), str(row.end)) == (DAYS[0], DAYS[-1])
        assert row.rejects == {}

    def test_the_same_question_is_answered_from_the_store(self, workspace):
        first, row = run(workspace)
        again, same = run(workspace)
        assert (first.result, again.result) == ({"cached": False}, {"cached": True})
        assert again.state == "done"
        assert same == row

    def test_fresh_runs_again_and_gives_the_same_bytes(self, workspace):
        _, row = run(workspace)
        before = files(folder(workspace, row))
        job, again = run(workspace, fresh=True)
        assert job.result == {"cached": False}
        assert again.identity == row.identity
        assert files(folder(workspace, row)) == before
        assert len(now(backtests.page(workspace, None, 10, None)).items) == 1

    def test_every_way_to_say_a_strategy_is_the_same_question(self, workspace):
        params = {"fast": 2, "slow": 3}
        _, row = run(workspace, "sma_cross", params=params)
        graph = now(resolve(workspace.database, StrategyRef(name="sma_cross"), params))
        for ref in (StrategyRef(graph=graph.definition.graph_json()), StrategyRef(backtest=row.id)):
            job, _ = run(workspace, ref)
            assert (job.result_id, job.result) == (row.id, {"cached": True})

    @pytest.mark.parametrize(
        "other",
        [
            {"initial_capital": Decimal(5000)},
            {"commission_bps": 5.0},
            {"slippage_bps": 1.0},
            {"lots": "fractional"},
            {"start": DAYS[1]},
            {"end": DAYS[4]},
            {"benchmark": "AAA"},
            {"symbols": ["AAA"]},
            {"params": {"every": "week_end"}},
        ],
    )
    def test_another_question_is_another_result(self, workspace, other):
        _, row = run(workspace)
        job, different = run(workspace, **other)
        assert job.result == {"cached": False}
        assert different.identity != row.identity

    @pytest.mark.parametrize("spelt", ["aaa", "AAA.XNAS", " aaa.xnas "])
    def test_however_a_benchmark_is_spelt_it_is_one_question(self, workspace, spelt):
        _, row = run(workspace, benchmark="AAA")
        assert row.settings["benchmark"].startswith("AAA.XNAS")
        assert run(workspace, benchmark=spelt)[0].result == {"cached": True}

    def test_new_data_is_another_question(self, workspace):
        _, row = run(workspace)
        now(datasets.delete(workspace, "small"))
        import_prices(workspace, rise=0.5)
        _, other = run(workspace)
        assert other.identity != row.identity

    def test_a_benchmark_from_another_dataset(self, workspace):
        import_prices(workspace, name="other", rise=0.25)
        _, row = run(workspace, universe=None, symbols=["BBB"], benchmark="AAA")
        assert row.settings["benchmark"]
        assert row.summary["total_return"] is not None

    def test_a_stored_strategy_says_its_version(self, workspace):
        now(strategies.create(workspace, StrategyCreate(name="mine", yaml=YAML)))
        _, row = run(workspace, "mine")
        assert (row.strategy, row.settings["strategy_version"]) == ("mine", 1)
        found = now(backtests.page(workspace, "mine", 10, None)).items
        assert [each.id for each in found] == [row.id]

    def test_a_run_without_trades_says_why(self, workspace):
        _, row = run(workspace, StrategyRef(yaml="name: never\ntargets: (close > 1000).where(close > 1000)\n"))
        assert row.summary["trades"] == 0
        assert any("Nothing was traded" in warning for warning in row.warnings)


class TestStorage:
    @pytest.mark.parametrize("damage", ["gone", "document", "cut short", "one missing", "no parquet"])
    def test_series_that_are_gone_or_damaged_are_made_again(self, workspace, damage):
        _, row = run(workspace)
        where = folder(workspace, row)
        before = files(where)
        if damage == "gone":
            shutil.rmtree(where)
        elif damage == "document":
            (where / "result.json").write_text("{")
        elif damage == "cut short":
            (where / "fills.parquet").write_bytes(before["fills.parquet"][:-20])
        elif damage == "one missing":
            (where / "equity.parquet").unlink()
        else:
            (where / "trades.parquet").write_bytes(b"hello")
        with pytest.raises(StorageCorrupt) as refusal:
            now(tearsheets.render(workspace, row))
        assert "again" in refusal.value.hint
        job, again = run(workspace)
        assert job.result == {"cached": False}
        assert again.identity == row.identity
        assert files(where) == before

    def test_deleting_removes_row_and_series(self, workspace):
        _, row = run(workspace)
        now(backtests.delete(workspace, row.id))
        assert not folder(workspace, row).exists()
        with pytest.raises(NotFound):
            now(backtests.show(workspace, row.id))
        job, again = run(workspace)
        assert (job.result, again.identity) == ({"cached": False}, row.identity)

    def test_series_whose_row_was_never_written_are_no_obstacle(self, workspace):
        _, row = run(workspace)
        before = files(folder(workspace, row))
        from midas.db import backtests as rows

        now(workspace.database.write(rows.remove, row.identity))
        job, _ = run(workspace)
        assert job.result == {"cached": False}
        assert files(folder(workspace, row)) == before

    def test_the_same_question_in_three_processes_at_once(self, workspace):
        code = (
            "import sys, midas\n"
            "with midas.open(sys.argv[1]) as client:\n"
            "    for _ in range(5):\n"
            "        made = client.backtests.run('buy_and_hold', universe='small', fresh=True)\n"
            "        assert client.backtests.series(made.id, 'equity').height == 6\n"
            "    print(made.id)"
        )
        others = [
            subprocess.Popen([sys.executable, "-c", code, str(workspace.home.root)], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        said = [other.communicate(timeout=120)[0].strip() for other in others]
        assert [other.returncode for other in others] == [0, 0, 0]
        job, row = run(workspace)
        assert job.result == {"cached": True}
        assert said == [row.id] * 3
        assert len(now(backtests.page(workspace, None, 10, None)).items) == 1


class TestTearSheet:
    def test_it_is_one_page_with_the_identity(self, workspace):
        _, row = run(workspace)
        page = now(tearsheets.render(workspace, row))
        assert page.startswith("<!doctype html>")
        assert row.identity[:12] in page

    def test_without_its_dataset_it_is_still_made(self, workspace):
        _, row = run(workspace)
        now(datasets.delete(workspace, "small"))
        assert "No price history" in now(tearsheets.render(workspace, row))


class TestCompare:
    def test_measures_side_by_side(self, workspace):
        rows = [run(workspace)[1], run(workspace, universe=None, symbols=["AAA"])[1]]
        found = now(backtests.compare(workspace, [row.id for row in rows]))
        assert found.ids == [row.id for row in rows]
        by_name = {each.measure: each for each in found.rows}
        assert by_name["total_return"].values == [row.summary["total_return"] for row in rows]
        assert by_name["total_return"].unit == "fraction"

    @pytest.mark.parametrize("count", [0, 21])
    def test_none_or_too_many(self, workspace, count):
        with pytest.raises(InvalidInput):
            now(backtests.compare(workspace, ["beef"] * count))


class TestAccountCurrency:
    def rates(self, workspace, symbol="USDKRW", values=(1300.0, 1310.0, 1290.0, 1400.0, 1400.0, 1400.0)):
        lines = ["date,close", *(f"{day},{value}" for day, value in zip(DAYS, values, strict=True))]
        how = FileImport(
            "rates.csv", "XFXM", "1d", {}, None, skip_bad=False, name="rates", symbol=symbol, currency="KRW"
        )  # fmt: skip
        job = now(datasets.import_file(workspace, chunks("\n".join(lines)), how, LONG_S))
        assert job.state == "done", job.error

    def test_won_on_american_shares(self, workspace):
        self.rates(workspace)
        _, row = run(workspace, symbols=["AAA"], account_currency="krw", initial_capital=Decimal(10_000_000))
        told = row.settings
        assert (told["account_currency"], told["currency"], told["rates"]) == ("KRW", "USD", "USDKRW (rates)")
        assert told["conversion_bps"] == 10.0
        # 10,000,000 won at 1,301.3 are 7,684.62 dollars, worth 9,990,006 won at 1,300
        assert told["conversion_cost"] == 9_994
        parts = told["trading_gain"] + told["currency_gain"] - told["conversion_cost"]
        assert told["account_equity"] == 10_000_000 + parts

    def test_without_rates_it_is_refused_before_anything_runs(self, workspace):
        with pytest.raises(NotFound, match="no rate of USD in KRW") as caught:
            refused(workspace, account_currency="KRW")
        assert "USDKRW" in caught.value.hint

    def test_the_other_way_round_they_are_turned(self, workspace):
        self.rates(workspace, symbol="KRWUSD", values=(0.001, 0.001, 0.001, 0.001, 0.002, 0.002))
        assert run(workspace, account_currency="KRW")[1].settings["last_rate"] == 500.0
