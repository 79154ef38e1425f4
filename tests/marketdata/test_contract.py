"""Every defect is found and named; clean bars are left alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.marketdata.market import NOW, at, clean_bars, raw

from midas.core.basis import Basis
from midas.core.timeframe import Timeframe
from midas.marketdata.finding import Severity
from midas.marketdata.importing import check_raw
from midas.venues.catalogue import venue

BARS = clean_bars()
ROWS = BARS.height
PER_SYMBOL = ROWS // 3
PRICES = ("open", "high", "low", "close")
SPOILED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(frame: pl.DataFrame, basis: Basis | None = Basis.RAW):
    return check_raw(raw(frame, basis), basis or Basis.RAW, NOW)


def errors(frame: pl.DataFrame, basis: Basis = Basis.RAW) -> set[str]:
    return {finding.code for finding in check(frame, basis).errors}


def places(frame: pl.DataFrame, code: str) -> set[tuple[str, str]]:
    return {(one.symbol, one.session) for one in check(frame).findings if one.code == code}


def key(row: int) -> tuple[str, str]:
    return BARS["symbol"][row], str(BARS["ts"][row])


rows = st.integers(0, ROWS - 1)
inner_rows = st.integers(0, 2).flatmap(
    lambda symbol: st.integers(symbol * PER_SYMBOL + 30, (symbol + 1) * PER_SYMBOL - 30)
)


class TestCleanBars:
    @pytest.mark.parametrize("seed", range(5))
    def test_have_no_findings(self, seed: int) -> None:
        assert check(clean_bars(seed=seed)).findings == ()

    def test_come_back_whole(self) -> None:
        checked = check(BARS)
        assert checked.left_out == 0
        assert checked.bars.equals(BARS.sort("symbol", "ts"))

    def test_the_order_of_symbols_does_not_matter(self) -> None:
        assert check(BARS.sort("ts", "symbol")).findings == ()


class TestValues:
    @SPOILED
    @given(rows, st.sampled_from((*PRICES, "volume")))
    def test_nan(self, row: int, column: str) -> None:
        spoiled = BARS.with_columns(at(row, column, float("nan")))
        assert key(row) in places(spoiled, "nan")

    @SPOILED
    @given(rows, st.sampled_from((*PRICES, "volume")), st.sampled_from((float("inf"), float("-inf"))))
    def test_infinite(self, row: int, column: str, value: float) -> None:
        assert key(row) in places(BARS.with_columns(at(row, column, value)), "infinite")

    @SPOILED
    @given(rows, st.sampled_from(PRICES), st.sampled_from((0.0, -1.0, -1e9)))
    def test_non_positive_price(self, row: int, column: str, value: float) -> None:
        assert key(row) in places(BARS.with_columns(at(row, column, value)), "non_positive_price")

    @SPOILED
    @given(rows)
    def test_high_below_low(self, row: int) -> None:
        high, low = BARS["high"][row] + 0.01, BARS["low"][row]
        spoiled = BARS.with_columns(at(row, "high", low), at(row, "low", high))
        assert key(row) in places(spoiled, "high_below_low")

    @SPOILED
    @given(rows, st.sampled_from(("open", "close")), st.booleans(), st.floats(0.02, 5.0))
    def test_outside_range(self, row: int, column: str, above: bool, by: float) -> None:
        value = BARS["high"][row] + by if above else BARS["low"][row] - by
        assert key(row) in places(BARS.with_columns(at(row, column, round(value, 2))), "outside_range")

    @SPOILED
    @given(rows, st.sampled_from(("open", "close")))
    def test_one_tick_outside_is_rounding(self, row: int, column: str) -> None:
        spoiled = BARS.with_columns(at(row, column, round(BARS["high"][row] + 0.01, 2)))
        assert errors(spoiled) == set()
        assert key(row) in places(spoiled, "rounding")

    def test_half_a_percent_outside_is_rounding_once_adjusted(self) -> None:
        spoiled = BARS.with_columns(at(40, "high", round(max(BARS["open"][40], BARS["close"][40]) * 0.996, 2)))
        spoiled = spoiled.with_columns(at(40, "low", min(spoiled["low"][40], spoiled["high"][40])))
        assert "outside_range" in errors(spoiled)
        assert errors(spoiled, Basis.SPLIT_ADJUSTED) == set()

    @SPOILED
    @given(rows, st.floats(-1e12, -1e-3))
    def test_negative_volume(self, row: int, value: float) -> None:
        assert key(row) in places(BARS.with_columns(at(row, "volume", value)), "negative_volume")

    def test_a_halt_is_told_and_kept_without_open_high_and_low(self) -> None:
        changes = [at(50, column, 0.0) for column in ("open", "high", "low", "volume")]
        checked = check(BARS.with_columns(changes))
        assert [one.code for one in checked.findings] == ["halt"]
        halted = checked.bars.row(50, named=True)
        assert (halted["open"], halted["high"], halted["low"], halted["volume"]) == (None, None, None, 0.0)
        assert halted["close"] == BARS["close"][50]

    def test_a_row_without_prices_is_left_out(self) -> None:
        changes = [at(50, column, float("nan")) for column in (*PRICES, "volume")]
        checked = check(BARS.with_columns(changes))
        assert {one.code for one in checked.findings} == {"empty_row", "gap"}
        assert checked.bars.height == ROWS - 1


class TestOrder:
    @SPOILED
    @given(rows)
    def test_duplicate(self, row: int) -> None:
        spoiled = pl.concat([BARS[: row + 1], BARS[row:]])
        assert key(row) in places(spoiled, "duplicate")
        assert check(spoiled).bars.height == ROWS

    def test_of_rows_that_differ_none_is_believed(self) -> None:
        other = BARS[10:11].with_columns(close=pl.col("close") + 0.01)
        spoiled = pl.concat([BARS[:11], other, BARS[11:]])
        checked = check(spoiled)
        assert "duplicate" in {one.code for one in checked.errors}
        assert checked.bars.height == ROWS - 1

    @SPOILED
    @given(inner_rows, st.integers(1, 20))
    def test_out_of_order(self, row: int, later: int) -> None:
        order = list(range(ROWS))
        order[row], order[row + later] = order[row + later], order[row]
        found = places(BARS[order], "out_of_order")
        assert found
        assert found <= {key(place) for place in range(row, row + later + 1)}

    def test_one_row_out_of_place_is_that_row(self) -> None:
        order = [*range(20), 100, *range(20, 100), *range(101, ROWS)]
        assert places(BARS[order], "out_of_order") == {key(100)}

    def test_a_file_from_new_to_old_is_only_told(self) -> None:
        checked = check(BARS.reverse())
        assert {one.code for one in checked.findings} == {"descending"}
        assert checked.bars.equals(BARS.sort("symbol", "ts"))

    @SPOILED
    @given(st.integers(1, 4000))
    def test_future_date(self, days: int) -> None:
        ahead = BARS[-1:].with_columns(ts=pl.lit(NOW.date() + timedelta(days=days)))
        assert "future_date" in errors(pl.concat([BARS, ahead]))

    def test_today_is_not_the_future(self) -> None:
        today = BARS[-1:].with_columns(ts=pl.lit(NOW.date()))
        assert "future_date" not in errors(pl.concat([BARS, today]))


class TestSessions:
    @SPOILED
    @given(inner_rows, st.integers(1, 25))
    def test_gap(self, row: int, length: int) -> None:
        checked = check(pl.concat([BARS[:row], BARS[row + length :]]))
        assert [one.code for one in checked.findings] == ["gap"]
        assert f"{length} session" in checked.findings[0].detail

    def test_weekly_bars_have_no_gaps_between_them(self) -> None:
        weekly = BARS.filter(pl.col("ts").dt.weekday() == 5)
        made = raw(weekly, timeframe=Timeframe.parse("1w"))
        assert check_raw(made, Basis.RAW, NOW).findings == ()

    def test_a_saturday_keeps_the_file_out(self) -> None:
        extra = BARS[5:6].with_columns(ts=pl.lit(date(2019, 1, 12)))
        [found] = check(pl.concat([BARS[:8], extra, BARS[8:]])).findings
        assert (found.code, found.severity) == ("closed_day", Severity.ERROR)


class TestStale:
    @SPOILED
    @given(inner_rows, st.integers(3, 20))
    def test_copies_of_a_bar(self, row: int, length: int) -> None:
        frozen = BARS.with_columns(
            pl.when(pl.int_range(pl.len()).is_between(row, row + length - 1))
            .then(pl.lit(BARS[column][row]))
            .otherwise(pl.col(column))
            .alias(column)
            for column in (*PRICES, "volume")
        )
        found = places(frozen, "stale")
        assert {key(place) for place in range(row + 1, row + length)} <= found
        assert key(row) not in found

    @SPOILED
    @given(inner_rows, st.integers(11, 20))
    def test_frozen_prices_with_changing_volume(self, row: int, length: int) -> None:
        frozen = BARS.with_columns(
            pl.when(pl.int_range(pl.len()).is_between(row, row + length - 1))
            .then(pl.lit(BARS[column][row]))
            .otherwise(pl.col(column))
            .alias(column)
            for column in PRICES
        )
        assert "stale" in errors(frozen)

    def test_a_long_halt_is_not_stale(self) -> None:
        close = BARS["close"][40]
        halted = BARS.with_columns(
            pl.when(pl.int_range(pl.len()).is_between(41, 90)).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in (("open", 0.0), ("high", 0.0), ("low", 0.0), ("volume", 0.0), ("close", close))
        )
        assert {one.code for one in check(halted).findings} <= {"halt", "move_after_pause"}

    def test_a_share_a_day_at_one_price_is_an_illiquid_name(self) -> None:
        quiet = BARS[:4].with_columns(pl.lit(10.0).alias(name) for name in PRICES).with_columns(volume=pl.lit(1.0))
        assert errors(quiet) == set()


class TestJumps:
    @SPOILED
    @given(inner_rows, st.sampled_from((10.0, 0.1)), st.integers(1, 3))
    def test_spike(self, row: int, size: float, length: int) -> None:
        found = places(scaled(row, row + length, size), "spike")
        assert {key(place) for place in range(row, row + length)} == found

    @pytest.mark.parametrize("row", [0, PER_SYMBOL - 1, PER_SYMBOL, ROWS - 1])
    @pytest.mark.parametrize("size", [10.0, 0.1])
    def test_spike_at_the_edge(self, row: int, size: float) -> None:
        assert key(row) in places(scaled(row, row + 1, size), "spike")

    @SPOILED
    @given(rows, st.sampled_from((10.0, 0.1)))
    def test_spike_within_the_bar(self, row: int, size: float) -> None:
        column = "high" if size > 1 else "low"
        spoiled = BARS.with_columns(at(row, column, round(BARS[column][row] * size, 2)))
        assert key(row) in places(spoiled, "spike")

    @SPOILED
    @given(inner_rows, st.sampled_from((100.0, 0.01)), st.integers(1, 3))
    def test_decimal_shift(self, row: int, size: float, length: int) -> None:
        found = places(scaled(row, row + length, size), "decimal_shift")
        assert {key(place) for place in range(row, row + length)} == found

    @SPOILED
    @given(inner_rows, st.sampled_from((100.0, 0.01)))
    def test_decimal_shift_that_stays(self, row: int, size: float) -> None:
        last = (row // PER_SYMBOL + 1) * PER_SYMBOL
        assert key(row) in places(scaled(row, last, size), "decimal_shift")

    @SPOILED
    @given(inner_rows, st.sampled_from((2, 3, 4, 5, 10, 20, 50)), st.booleans(), st.booleans())
    def test_unadjusted_split(self, row: int, ratio: int, reverse: bool, volume_too: bool) -> None:
        first = row // PER_SYMBOL * PER_SYMBOL
        factor = 1 / ratio if reverse else float(ratio)
        spoiled = scaled(first, row, factor, volume=1 / factor if volume_too else 1.0)
        assert key(row) in places(spoiled, "unadjusted_split")

    def test_a_split_that_is_stated_is_no_jump(self) -> None:
        actions = pl.DataFrame(
            {"symbol": ["S00.XNYS"], "ts": [BARS["ts"][100]], "kind": ["split"], "value": [2.0], "origin": ["stated"]}
        )
        stated = raw(scaled(0, 100, 2.0), actions=actions)
        assert check_raw(stated, Basis.RAW, NOW).findings == ()

    def test_a_crash_on_heavy_volume_is_a_market(self) -> None:
        crashed = scaled(0, 100, 2.0).with_columns(at(100, "volume", 40 * BARS["volume"][100]))
        assert errors(crashed) == set()

    @pytest.mark.parametrize("factor", [0.12, 8.4])
    def test_a_move_after_a_halt_is_only_told(self, factor: float) -> None:
        moved = scaled(0, 100, factor)
        halted = moved.with_columns(
            pl.when(pl.int_range(pl.len()).is_between(80, 99)).then(0.0).otherwise(pl.col(name)).alias(name)
            for name in ("open", "high", "low", "volume")
        )
        found = check(halted)
        assert found.errors == ()
        assert [one.session for one in found.findings if one.code == "move_after_pause"] == [key(100)[1]]

    def test_a_move_after_a_year_without_bars_is_only_told(self) -> None:
        late = scaled(0, 100, 5.0).filter(~pl.int_range(pl.len()).is_between(40, 99))
        assert errors(late) == set()
        assert "move_after_pause" in {one.code for one in check(late).findings}


def korean(moves: dict[int, float], volumes: dict[int, float]) -> pl.DataFrame:
    """A name in won whose whole bar, and all after it, is moved on some rows; on ordinary days it stays within 1 %."""
    days = venue("XKRX").calendar.sessions(date(2019, 1, 2), date(2019, 6, 28))
    level = 20_000 * np.cumprod([moves.get(row, 1.0) for row in range(len(days))])
    close = (level * (1 + 0.005 * np.sin(np.arange(len(days))))).round()
    volume = 1e5 * (1 + 0.3 * np.cos(np.arange(len(days))))
    volume[list(volumes)] *= list(volumes.values())
    prices = dict.fromkeys(PRICES, close)
    return pl.DataFrame({"symbol": ["005930.XKRX"] * len(days), "ts": days, **prices, "volume": volume.round()})


class TestUnderAPriceLimit:
    """Where a day may move 30 % and no more, a larger step in a name that traded the day before is no move."""

    def found(self, moves: dict[int, float], volumes: dict[int, float] | None = None) -> list[str]:
        frame = korean(moves, volumes or {})
        made = raw(frame, Basis.SPLIT_ADJUSTED, venue="XKRX", currency="KRW")
        return [one.code for one in check_raw(made, Basis.SPLIT_ADJUSTED, NOW).errors]

    def test_days_at_the_limit_are_a_market(self) -> None:
        assert self.found({60: 0.701, 61: 0.701, 62: 0.701, 90: 1.299, 91: 1.299}) == []

    @pytest.mark.parametrize("move", [0.5, 0.25, 0.02, 5.0, 0.5 * 0.85, 0.5 * 1.15])
    def test_a_split_on_any_day_is_found(self, move: float) -> None:
        assert self.found({60: move}) == ["unadjusted_split"]

    @pytest.mark.parametrize("busy", [0.001, 30.0])
    def test_however_little_or_much_is_traded(self, busy: float) -> None:
        assert self.found({60: 0.5}, {60: busy}) == ["unadjusted_split"]

    def test_a_re_listing_may_open_anywhere(self) -> None:
        frame = korean({60: 8.4}, {}).with_columns(
            pl.when(pl.int_range(pl.len()).is_between(50, 59)).then(0.0).otherwise(pl.col(name)).alias(name)
            for name in ("open", "high", "low", "volume")
        )
        made = raw(frame, Basis.SPLIT_ADJUSTED, venue="XKRX", currency="KRW")
        assert {one.code for one in check_raw(made, Basis.SPLIT_ADJUSTED, NOW).findings} == {"halt", "move_after_pause"}


class TestIntraday:
    def test_quiet_hours_repeat_bars(self) -> None:
        stamps = pl.datetime_range(
            datetime(2020, 1, 6, 15, tzinfo=UTC), datetime(2020, 1, 6, 19, tzinfo=UTC), "5m", eager=True
        )
        prices = {name: [10.0] * len(stamps) for name in PRICES}
        frame = pl.DataFrame({"symbol": "S00.XNYS", "ts": stamps, **prices, "volume": [500.0] * len(stamps)})
        made = raw(frame, timeframe=Timeframe.parse("5m"))
        assert [(one.code, one.is_error) for one in check_raw(made, Basis.RAW, NOW).findings] == [("stale", False)]


class TestSeveralAtOnce:
    def test_rows_with_errors_are_left_out_and_the_rest_kept(self) -> None:
        spoiled = BARS.with_columns(at(10, "close", float("nan")), at(300, "high", 0.0), at(500, "volume", -5.0))
        checked = check(spoiled)
        assert checked.left_out == 3
        assert checked.bars.height == ROWS - 3

    def test_many_errors_are_listed_up_to_a_point_and_counted(self) -> None:
        checked = check(BARS.with_columns(volume=pl.lit(-1.0)))
        assert sum(one.rows for one in checked.errors) == ROWS
        assert len(checked.errors) < 300


def scaled(first: int, stop: int, factor: float, volume: float = 1.0) -> pl.DataFrame:
    inside = pl.int_range(pl.len()).is_between(first, stop - 1)
    changes = [
        pl.when(inside).then((pl.col(name) * factor).round(4)).otherwise(pl.col(name)).alias(name) for name in PRICES
    ]
    changes.append(
        pl.when(inside).then((pl.col("volume") * volume).round()).otherwise(pl.col("volume")).alias("volume")
    )
    return BARS.with_columns(changes)


def test_the_made_up_market_is_of_ordinary_moves() -> None:
    moves = np.abs(np.diff(np.log(BARS.filter(pl.col("symbol") == "S00.XNYS")["close"].to_numpy())))
    assert 0.005 < moves.mean() < 0.02


class TestWhatIsLeftOut:
    def test_of_a_split_name_what_came_before_the_last_split(self) -> None:
        twice = scaled(0, 150, 2.0)
        inside = pl.int_range(pl.len()).is_between(0, 79)
        twice = twice.with_columns(pl.when(inside).then(pl.col(name) * 3).otherwise(pl.col(name)) for name in PRICES)
        checked = check(twice)
        assert checked.bars.filter(pl.col("symbol") == "S00.XNYS").equals(BARS[150:PER_SYMBOL])
        assert checked.skipped == (f"unadjusted_split: S00.XNYS {BARS['ts'][0]} to {BARS['ts'][149]}: 150 rows",)

    @pytest.mark.parametrize(("row", "kept"), [(60, slice(60, PER_SYMBOL)), (200, slice(0, 200))])
    def test_of_a_shifted_name_the_shorter_stretch(self, row: int, kept: slice) -> None:
        checked = check(scaled(row, PER_SYMBOL, 100.0) if row > 100 else scaled(0, row, 100.0))
        assert checked.bars.filter(pl.col("symbol") == "S00.XNYS").equals(BARS[kept])

    def test_of_a_name_shifted_several_times_everything(self) -> None:
        shifted = scaled(60, 140, 100.0)
        assert set(check(shifted).bars["symbol"]) == {"S01.XNYS", "S02.XNYS"}

    def test_nonsense_does_not_take_for_ever(self) -> None:
        rng = np.random.default_rng(1)
        nonsense = BARS.with_columns(pl.Series(name, np.exp(rng.normal(0, 4, ROWS))) for name in PRICES)
        assert len(check(nonsense).errors) > 0
