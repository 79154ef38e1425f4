"""YAML read safely: plain values only, each with the line it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import yaml

from midas.core.errors import StrategyInvalid, did_you_mean

MAX_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_NODES = 4_000

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value as it is written; `quoted` tells `"1"` from `1`."""

    text: str
    quoted: bool
    line: int

    @property
    def absent(self) -> bool:
        return not self.quoted and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Listing:
    """Values in their order."""

    items: tuple[Value, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key, in the order written; every key occurs once."""

    items: dict[str, Value]
    key_lines: dict[str, int]
    line: int

    def require_known(self, known: Sequence[str], where: str) -> None:
        """Refuse keys that are not among `known`.

        Raises
        ------
        StrategyInvalid: naming the line and the nearest known key.
        """
        for key, line in self.key_lines.items():
            if key not in known:
                raise invalid(line, f"{where} has no key {shown(key)}", did_you_mean(key, known), "unknown_key")


Value = Scalar | Listing | Table


def invalid(line: int, message: str, hint: str = "", code: str = "bad_yaml") -> StrategyInvalid:
    """Return the error of one line; `message` has no full stop."""
    return StrategyInvalid(f"Line {line}: {message}.", hint=hint, code=code)


def shown(text: str) -> str:
    """Return text in quotes, cut when it is long."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…")


def kind(value: Value) -> str:
    """Return what a value is called in a message."""
    if isinstance(value, Scalar):
        return "nothing" if value.absent else shown(value.text)
    return "a list" if isinstance(value, Listing) else "a table of keys"


def read_document(text: str) -> Table:
    """Read one YAML document whose top is a table.

    Tags, anchors, aliases, repeated keys and several documents are refused, and so is anything too long or too deep.

    Raises
    ------
    StrategyInvalid: with the line.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise StrategyInvalid(
            f"The file has {size:,} bytes; a strategy may have {MAX_BYTES:,}.",
            hint="A strategy is a page of text: is this the right file?",
            code="too_long",
        )
    try:
        events = list(_checked(yaml.parse(text, Loader=yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise _unreadable(error) from None
    except (ValueError, OverflowError):
        # PyYAML does not catch an escape beyond the last character, "\\UFFFFFFFF".
        raise _no_character() from None
    if not events:
        raise StrategyInvalid("The file is empty.", hint="It needs at least `name` and `targets`.", code="bad_yaml")
    top = _Builder(iter(events)).value()
    if not isinstance(top, Table):
        raise invalid(top.line, f"A strategy is a table of keys, not {kind(top)}", "Begin with `name: my_strategy`.")
    return top


def _checked(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    # The parser hands events over one by one, so nothing is built from a file that is refused.
    documents = depth = nodes = 0
    for event in events:
        line = _line(event)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise invalid(line, "A second document begins here", "Put one strategy in a file.")
        if isinstance(event, yaml.NodeEvent):
            _refuse_markup(event, line)
            nodes += 1
        depth += _step(event)
        if depth > MAX_DEPTH:
            raise invalid(line, f"This is nested deeper than {MAX_DEPTH} levels", "A strategy needs three.", "too_deep")
        if nodes > MAX_NODES:
            raise invalid(line, f"There are more than {MAX_NODES:,} values", "Is this the right file?", "too_long")
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _step(event: yaml.Event) -> int:
    if isinstance(event, yaml.CollectionStartEvent):
        return 1
    return -1 if isinstance(event, yaml.CollectionEndEvent) else 0


def _refuse_markup(event: yaml.NodeEvent, line: int) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None:
        name = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "Remove it: nothing in a strategy file is ever executed."
        raise invalid(line, f"The YAML tag {shown(name)} is not allowed; only plain values are", hint, "yaml_tag")
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        mark = "*" if isinstance(event, yaml.AliasEvent) else "&"
        hint = "Write the value out, or name it under `let`; quote an expression that begins with this sign."
        raise invalid(line, f"YAML anchors and aliases are not allowed: {mark}{event.anchor}", hint, "yaml_alias")


class _Builder:
    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def value(self) -> Value:
        return self._built(next(self._events))

    def _built(self, event: yaml.Event) -> Value:
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            if any("\ud800" <= character <= "\udfff" for character in event.value):
                raise invalid(line, "An escape stands for half a character", "Write the character itself.")
            return Scalar(event.value, event.style is not None, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(tuple(self._until(yaml.SequenceEndEvent, self._built)), line)
        items: dict[str, Value] = {}
        lines: dict[str, int] = {}
        for key in self._until(yaml.MappingEndEvent, self._built):
            if not isinstance(key, Scalar):
                raise invalid(key.line, f"A key must be a word, not {kind(key)}", "Quote braces in an expression.")
            if key.text in items:
                raise invalid(key.line, f"The key {shown(key.text)} is given twice", "Keep one.", "duplicate_key")
            items[key.text] = self.value()
            lines[key.text] = key.line
        return Table(items, lines, line)

    def _until(self, end: type[yaml.Event], build: Callable[[yaml.Event], Value]) -> Iterator[Value]:
        while not isinstance(event := next(self._events), end):
            yield build(event)


def _unreadable(error: yaml.YAMLError) -> StrategyInvalid:
    hint = "Quote an expression that contains ': ' or '#', or begins with one of * & ! % @ ` { [ > |."
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be read"
        return invalid(mark.line + 1 if mark else 1, f"This is not YAML: {problem}", hint)
    return _no_character()


def _no_character() -> StrategyInvalid:
    return StrategyInvalid(
        "The file has a character YAML does not allow.", hint="Save it as plain UTF-8 text.", code="bad_yaml"
    )
