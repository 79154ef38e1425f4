"""`/`: what was run, until there is a web application."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from midas import __version__
from midas.api.dependencies import Here
from midas.api.html import document
from midas.app import backtests
from midas.reports.markup import Html, element, joined
from midas.wire.backtests import Backtest

router = APIRouter(include_in_schema=False)

_SHOWN = 100
_NOTHING = "–"
_TO_TYPE = "midas data pull sample\nmidas backtest run --strategy sma_cross --universe sample"
_TEXTS = ("Backtest", "Strategy", "Universe", "Dates")
_NUMBERS = ("Return", "Sharpe", "Max drawdown")


@router.get("/")
async def home(workspace: Here) -> HTMLResponse:
    """List the latest backtests with links to their tear sheets."""
    part = await backtests.page(workspace, None, _SHOWN, None)
    links = element("p", f"{__version__} · ", element("a", "HTTP API", href="/docs"), class_="soft")
    heading = joined([element("h1", "Midas"), links])
    if not part.items:
        return document("Midas", heading, _empty())
    which = f"The latest {len(part.items)} backtests." if part.last_key else f"Backtests: {len(part.items)}."
    note = element("p", f"{which} Each id opens its tear sheet.", class_="soft")
    return document("Midas – backtests", heading, note, _table(part.items))


def _empty() -> Html:
    return element(
        "div",
        element("p", "No backtest has been run here yet. In a terminal, type:"),
        element("pre", _TO_TYPE),
        element("p", "Then load this page again.", class_="soft"),
        class_="empty",
    )


def _table(items: list[Backtest]) -> Html:
    titles = [element("th", name, scope="col") for name in _TEXTS]
    titles += [element("th", name, scope="col", class_="n") for name in _NUMBERS]
    titles.append(element("th", "Created", scope="col"))
    return element("table", element("thead", element("tr", *titles)), element("tbody", *map(_row, items)))


def _row(item: Backtest) -> Html:
    link = element("a", item.id, href=f"/api/v1/backtests/{quote(item.id, safe='')}/tearsheet")
    total = item.summary.get("total_return")
    texts: tuple[Html | str, ...] = (link, item.strategy, item.universe or _few(item.symbols), _dates(item))
    sharpe, drawdown = item.summary.get("sharpe"), item.summary.get("max_drawdown")
    numbers = ((_percent(total), _direction(total)), (_plain(sharpe), ""), (_percent(drawdown), ""))
    cells = [element("td", text, data_label=name) for name, text in zip(_TEXTS, texts, strict=True)]
    cells += [
        element("td", text, data_label=name, class_=f"n {way}".strip())
        for name, (text, way) in zip(_NUMBERS, numbers, strict=True)
    ]
    cells.append(element("td", f"{item.created_at:%Y-%m-%d %H:%M} UTC", data_label="Created"))
    return element("tr", *cells)


def _dates(item: Backtest) -> str:
    return f"{item.start or _NOTHING} to {item.end or _NOTHING}"


def _few(symbols: list[str]) -> str:
    shown = ", ".join(symbols[:3])
    return f"{shown} and {len(symbols) - 3} more" if len(symbols) > 3 else shown or _NOTHING


def _percent(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:+.2%}"


def _plain(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2f}"


def _direction(value: float | None) -> str:
    return "" if not value else "up" if value > 0 else "down"
