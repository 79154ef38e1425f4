from __future__ import annotations

import csv
import io
import json
import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.app import series

DAY = date(2024, 1, 2)
texts = st.text(max_size=12) | st.builds("{}{}".format, st.sampled_from("=+-@\t\r\n'\""), st.text(max_size=8))


class TestCsv:
    @given(st.lists(texts, min_size=1, max_size=5))
    def test_no_text_cell_begins_as_a_formula_and_none_loses_anything(self, values):
        values = [value.replace("\x00", "") for value in values]
        frame = pl.DataFrame({"symbol": values, "n": range(len(values))})
        read = list(csv.DictReader(io.StringIO(series.csv(frame).decode(), newline="")))
        for value, row in zip(values, read, strict=True):
            assert not row["symbol"].startswith(tuple("=+-@\t\r\n"))
            assert row["symbol"] in (value, f"'{value}")

    @pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["=1+1", "buy"])])
    def test_every_kind_of_text_column(self, kind):
        frame = pl.DataFrame({"a": pl.Series(["=1+1", "buy", None], dtype=kind)})
        assert series.csv(frame).decode().splitlines() == ["a", "'=1+1", "buy", ""]

    def test_numbers_stay_numbers_even_below_zero(self):
        frame = pl.DataFrame({"ts": [DAY], "pnl": [-1.5], "n": [-2]})
        assert series.csv(frame).decode() == "ts,pnl,n\n2024-01-02,-1.5,-2\n"

    def test_what_is_undefined_is_empty(self):
        frame = pl.DataFrame({"a": [math.nan, math.inf, -math.inf, None, 1.0], "b": range(5)})
        assert series.csv(frame).decode().splitlines() == ["a,b", ",0", ",1", ",2", ",3", "1.0,4"]


class TestRows:
    @given(st.lists(st.floats() | st.none(), max_size=6))
    def test_are_json_whatever_the_numbers(self, values):
        rows = series.rows(pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)}))
        read = json.loads(json.dumps(rows, allow_nan=False))
        assert [row["x"] for row in read] == [v if v is not None and math.isfinite(v) else None for v in values]


class TestParquet:
    def test_comes_back_as_it_was(self):
        frame = pl.DataFrame({"ts": [DAY], "equity": [1.5], "symbol": ["=x"]})
        assert pl.read_parquet(io.BytesIO(series.parquet(frame))).equals(frame)


class TestExported:
    def test_equity_has_the_columns_outside_programs_rely_on(self):
        frame = pl.DataFrame({name: [1.0] for name in ("benchmark", "cash", "equity", "gross_exposure", "ts")})
        assert series.exported("equity", frame).columns == ["ts", "equity", "cash", "gross_exposure"]
