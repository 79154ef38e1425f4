"""What a reader should know before trusting a result."""

from __future__ import annotations

import numpy as np

from midas.backtest.story import Story
from midas.backtest.window import bars_of
from midas.core.basis import Basis
from midas.core.order import Cause, Reject
from midas.portfolio.journal import EventKind
from midas.portfolio.measures.sample import QUARTER_DAYS
from midas.strategies.schedule import Every
from midas.venues.short_bans import SHORT_BANS, ShortBan, bans_between

_SHOWN = 3


def notices(story: Story) -> tuple[str, ...]:
    """Return one sentence for each thing to know, the gravest last."""
    told = (
        *story.venue.warnings,
        _basis(story.panel.basis),
        _boards(story),
        _moved(story),
        _short(story),
        _unseen(story),
        _passed_over(story),
        _stale(story),
        _delisted(story),
        _shorts(story),
        _borrowed(story),
        _banned(story),
        _bans_unknown(story),
        _called(story),
        _ruined(story),
        _nothing_traded(story),
    )
    return tuple(sentence for sentence in told if sentence)


def _basis(basis: Basis) -> str:
    if basis is Basis.RAW:
        return ""
    if basis is Basis.CLOSE_ONLY:
        return (
            "The data has closes alone: orders fill at the next close, and there is no volume cap and no tick or limit "
            "rule."
        )
    return (
        f"Prices are {basis}, not those that were quoted: share counts and fees differ from what was possible, and no "
        "tick or limit rule applies."
    )


def _boards(story: Story) -> str:
    if len(story.venue.boards) < 2:
        return ""
    unknown = sum(not instrument.board for instrument in story.panel.instruments)
    if not unknown:
        return ""
    return (
        f"The board of {_of(unknown, story.panel.columns)} is not in the data: {story.venue.default_board} is assumed "
        "for tick, limit and tax."
    )


def _moved(story: Story) -> str:
    if story.window.first == story.window.asked or story.spec.start is None:
        return ""
    asked, first = (story.panel.times[row] for row in (story.window.asked, story.window.first))
    needed = f"{story.plan.warmup} {bars_of(story.panel)}"
    return f"The start moved from {asked} to {first}: the strategy needs {needed} of history."


def _short(story: Story) -> str:
    sessions = story.panel.sessions
    days = int((sessions[story.window.stop - 1] - sessions[story.window.first]) / np.timedelta64(1, "D"))
    if days >= QUARTER_DAYS:
        return ""
    return f"The run covers {days} days: nothing is told per year below {QUARTER_DAYS}."


def _unseen(story: Story) -> str:
    missing = story.panel.columns - story.benchmark.names_seen
    if missing <= 0:
        return ""
    window = story.panel.tiles("raw_close")[:, story.window.first : story.window.stop]
    silent = np.flatnonzero(np.isnan(window).all(axis=1).ravel()[: story.panel.columns])
    return f"{_of(missing, story.panel.columns)} never had a bar in these dates: {_named(story, silent)}."


def _passed_over(story: Story) -> str:
    weights = story.targets.weights
    if story.spec.definition.every is not Every.ONCE or not len(weights):
        return ""
    window = story.panel.tiles("raw_close")[:, story.window.first : story.window.stop]
    trades = ~np.isnan(window).all(axis=1).ravel()[: story.panel.columns]
    without = np.flatnonzero(trades & ~np.isfinite(weights).any(axis=0) | trades & (weights == 0.0).all(axis=0))
    if not len(without):
        return ""
    when, one = story.panel.times[story.targets.rows[0]], "day" if story.panel.stamps is None else "bar"
    return (
        f"{_of(len(without), story.panel.columns)} got no weight on {when}, the one {one} the strategy speaks, and are "
        f"never bought: {_named(story, without)}."
    )


def _stale(story: Story) -> str:
    last = story.window.stop - 1
    open_now = story.trips.column[~story.trips.closed]
    tiles = story.panel.tiles("raw_close")
    stopped = [
        column for column in open_now if np.isnan(tiles[column // tiles.shape[2], last, column % tiles.shape[2]])
    ]
    if not stopped:
        return ""
    last_one = bars_of(story.panel).removesuffix("s")
    return (
        f"{len(stopped)} positions have no bar on the last {last_one} and are valued at their last known close: "
        f"{_named(story, np.array(stopped))}."
    )


def _delisted(story: Story) -> str:
    events = story.simulation.journal.events
    gone = events.column[events.kind == EventKind.DELISTED]
    if not len(gone):
        return ""
    paid = story.terms.dealing.delisting_recovery
    return (
        f"{_of(len(gone), story.panel.columns)} were held when their bars ended for good; they were paid out at "
        f"{paid:.0%} of the last price: {_named(story, gone)}."
    )


def _shorts(story: Story) -> str:
    count = story.simulation.journal.refusals.counts().get(Reject.SHORT_NOT_ALLOWED, 0)
    if not count:
        return ""
    if story.spec.definition.code is not None:
        return f"Sales of more than was held, refused as the account may not sell short (allow_short): {count}."
    return f"{count} negative targets were taken as 0: the account may not sell short (allow_short)."


def _borrowed(story: Story) -> str:
    lowest = int(story.simulation.cash.min())
    if lowest >= 0:
        return ""
    rate = story.terms.dealing.cash_rate
    owed = "without interest: set a cash rate to pay for it" if rate == 0.0 else f"at {rate:.2%} a year"
    return f"Up to {-lowest / story.scale:,.0f} {story.panel.currency} was borrowed to buy, {owed}."


def _banned(story: Story) -> str:
    count = story.simulation.journal.refusals.counts().get(Reject.SHORT_BANNED, 0)
    return f"{count} short sales were refused under a ban." if count else ""


def _bans_unknown(story: Story) -> str:
    shorted = (story.targets.weights < 0.0).any() or (story.trips.side < 0).any()
    if not story.terms.dealing.allow_short or not shorted:
        return ""
    mic = story.venue.mic
    first, last = (story.panel.sessions[row].item() for row in (story.window.first, story.window.stop - 1))
    begun = f"The run sells {mic} short from {first} to {last}"
    bans = bans_between(mic, first, last)
    if not any(ban.mic == mic for ban in SHORT_BANS):
        told = f"{begun}, and no ban on short sales of {mic} is known: none was applied"
    elif not bans:
        told = f"{begun}, for which no ban is known: none was applied"
    else:
        told = f"{begun}, in which short sales were banned {', '.join(map(_told, bans))}; no other ban is known"
    return f"{told}. Bans of single names never are. Look up the regulator's orders before trusting what shorts earned."


def _told(ban: ShortBan) -> str:
    return f"{ban.first} to {ban.last}" + ("" if ban.verified else " (dates not verified)")


def _called(story: Story) -> str:
    count = story.simulation.journal.fills.exits().get(Cause.MARGIN_CALL, 0)
    return f"{count} fills closed positions because equity fell below the maintenance margin." if count else ""


def _ruined(story: Story) -> str:
    row = story.simulation.ruined
    if row < 0:
        return ""
    return (
        f"Bankrupt on {story.panel.times[row]}: the equity was gone, everything was closed at the last price and "
        "nothing traded afterwards; the equity is 0 from then on."
    )


def _nothing_traded(story: Story) -> str:
    if len(story.simulation.journal.fills):
        return ""
    return "Nothing was traded: " + _why(story) + "."


def _why(story: Story) -> str:
    weights = story.targets.weights
    rows, bars = story.window.stop - story.window.first, bars_of(story.panel)
    first, last = (str(story.panel.times[row]) for row in (story.window.first, story.window.stop - 1))
    every = story.spec.definition.every
    if story.spec.definition.code is not None:
        return f"on_bar was asked at {rows} {bars} from {first} to {last}, and {_came_to(story)}"
    if not len(weights):
        return f"none of the {rows} {bars} from {first} to {last} is one on which the strategy speaks (every {every})"
    valued, positive = int(np.isfinite(weights).sum()), int((weights > 0).sum())
    spoke = f"the strategy was asked on {len(weights)} of {rows} {bars}"
    if not valued:
        fields = ", ".join(story.plan.fields)
        return f"{spoke} and none of its {weights.size} targets had a value; check the data it needs ({fields})"
    if not positive:
        return f"{spoke} and all {valued} targets were 0 or less, so its condition never held"
    refused = story.simulation.journal.refusals.counts()
    if refused:
        reasons = ", ".join(f"{reason} {count}" for reason, count in refused.items())
        return f"{spoke}, gave {positive} positive targets, and every order was refused ({reasons})"
    return f"{spoke}, gave {positive} positive targets, and none could meet a later bar before {last}"


def _came_to(story: Story) -> str:
    refused = story.simulation.journal.refusals.counts()
    told = ", ".join(f"{reason} {count}" for reason, count in refused.items())
    return f"every order was refused or dropped ({told})" if refused else "no order of it could meet a later bar"


def _of(part: int, whole: int) -> str:
    return f"{part} of {whole} names"


def _named(story: Story, columns: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    shown = ", ".join(str(story.panel.instruments[int(column)].id) for column in columns[:_SHOWN])
    return shown + (" and others" if len(columns) > _SHOWN else "")
