"""Writing a result in the form a file's ending names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from midas.cli.output_file import require_folder, write_file
from midas.core.errors import InvalidInput

if TYPE_CHECKING:
    from midas.client.backtests import Backtest
    from midas.client.client import Client

FORMS = (".json", ".html", ".csv", ".parquet")


def require_result_file(file: Path) -> None:
    """Refuse a path whose ending means nothing or that cannot be written, before any work is done for it.

    Raises
    ------
    InvalidInput: so.
    """
    if file.suffix not in FORMS:
        raise InvalidInput(
            f"{file} does not say what to write.",
            hint="End it in .json (everything), .html (tear sheet), .csv or .parquet (equity).",
            code="usage",
        )
    require_folder(file)


def write_result(client: Client, result: Backtest, file: Path) -> Path:
    """Write the document, the tear sheet or the equity of `result`, and return the full path."""
    match file.suffix:
        case ".json":
            content = (result.model_dump_json(indent=2) + "\n").encode()
        case ".html":
            content = client.backtests.tear_sheet(result.id).encode()
        case ".csv":
            content = client.backtests.export(result.id, "equity", "csv")
        case _:
            content = client.backtests.export(result.id, "equity", "parquet")
    return write_file(file, content)
