"""What an import was asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from midas.core.errors import InvalidInput
from midas.core.timeframe import Timeframe
from midas.marketdata.source import PullRequest

_MAP = "map."
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(frozen=True, slots=True)
class FileRequest:
    """Which file, and what its rows are. `adjusted` None: detect; `symbol` for files without a symbol column."""

    path: Path
    venue: str
    timeframe: Timeframe
    mapping: Mapping[str, str]
    adjusted: bool | None = None
    dataset: str | None = None
    symbol: str | None = None
    currency: str = ""
    timezone: str | None = None
    opening: bool = False
    """Bars are stamped at their opening."""

    @classmethod
    def of(cls, request: PullRequest) -> FileRequest:
        """Read a request's options, which are called as the fields here are.

        `path venue timeframe adjusted dataset symbol currency timezone`, `stamps` (open or close) and `map.<column>`.

        Raises
        ------
        InvalidInput: path or venue is missing, or an option makes no sense.
        """
        options = request.options
        for needed in ("path", "venue"):
            if not options.get(needed):
                raise InvalidInput(
                    f"The file source needs a {needed}.",
                    hint="Use `midas data import FILE --venue XKRX`.",
                    code="option_missing",
                )
        timeframe = Timeframe.parse(options.get("timeframe", "1d"))
        symbol = options.get("symbol") or (request.symbols[0] if len(request.symbols) == 1 else None)
        return cls(
            path=Path(options["path"]),
            venue=options["venue"],
            timeframe=timeframe,
            mapping={key.removeprefix(_MAP): value for key, value in options.items() if key.startswith(_MAP)},
            adjusted=_flag(options.get("adjusted")),
            dataset=options.get("dataset") or None,
            symbol=symbol,
            currency=options.get("currency", ""),
            timezone=_zone(options.get("timezone")),
            opening=_opening(options.get("stamps"), timeframe),
        )


def _flag(text: str | None) -> bool | None:
    if text is None or text == "":
        return None
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise InvalidInput(f"adjusted is {text!r}.", hint="Use true or false.", code="bad_option")


def _opening(text: str | None, timeframe: Timeframe) -> bool:
    if text in (None, "", "close"):
        return False
    if text != "open":
        raise InvalidInput(f"stamps is {text!r}.", hint="Use open or close.", code="bad_option")
    if not timeframe.is_intraday:
        raise InvalidInput(
            f"Bars of {timeframe} are named by their day, so nothing tells when they opened.",
            hint="For bars within the day say how long one is: --timeframe 1m, 5m, 15m, 30m or 1h.",
            code="stamps_without_length",
        )
    return True


def _zone(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(
            f"{text!r} is no time zone.", hint="Use a name such as Asia/Seoul.", code="bad_timezone"
        ) from None
