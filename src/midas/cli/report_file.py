"""Where tear sheets are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from midas.cli.output_file import write_file

if TYPE_CHECKING:
    from midas.client.client import Client


def write_report(client: Client, backtest: str, output: Path | None = None) -> Path:
    """Write the tear sheet of a backtest and return its path.

    Without `output` it goes to the `reports` folder of the data home, or here when the home is on a server.
    """
    html = client.backtests.tear_sheet(backtest).encode()
    return write_file(output if output is not None else _place(client) / f"{backtest}.html", html)


def _place(client: Client) -> Path:
    home = client.health().home
    if home is None or not Path(home).is_dir():
        return Path()
    folder = Path(home) / "reports"
    folder.mkdir(exist_ok=True)
    return folder
