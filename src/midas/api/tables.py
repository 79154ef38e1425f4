"""A table as a file, or in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anyio import to_thread
from fastapi import Response

from midas.api.cursor import place
from midas.api.pages import after, page
from midas.app import series
from midas.app.paging import Key, Part
from midas.wire.backtests import SeriesFormat

if TYPE_CHECKING:
    import polars as pl

MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, **{media.partition(";")[0]: {} for media in MEDIA.values()}}}
}


async def answer_table(
    frame: pl.DataFrame, name: str, format: SeriesFormat, limit: int, cursor: str | None
) -> Response:
    """Return the table whole as CSV or Parquet, or a page of it as JSON."""
    if format == "json":
        body = await to_thread.run_sync(rows_page, frame, name, limit, cursor)
        return Response(body, media_type="application/json")
    body = await to_thread.run_sync(series.csv if format == "csv" else series.parquet, frame)
    return Response(
        body, media_type=MEDIA[format], headers={"content-disposition": f'attachment; filename="{name}.{format}"'}
    )


def rows_page(frame: pl.DataFrame, of: str, limit: int, cursor: str | None) -> bytes:
    """Return a page of a table's rows as JSON; `of` names the table in its cursors."""
    key = after(of, cursor, (place,))
    first = 0 if key is None else int(key[0])
    shown = series.rows(frame.slice(first, limit))
    following = first + limit
    last_key: Key | None = [following] if following < frame.height else None
    return page(of, Part(shown, last_key)).model_dump_json().encode()
