"""The file form of a strategy: a page of YAML that is safe to run for anyone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from midas.core.errors import StrategyInvalid
from midas.factors.catalogue import FIELDS
from midas.factors.node import Node
from midas.factors.published import WithLibrary
from midas.factors.text import parse, parse_value
from midas.strategies.definition import (
    MAX_EXITS,
    MAX_PARAMS,
    Definition,
    check_name,
    check_param_name,
    every_spec,
    require_distinct,
)
from midas.strategies.exits import Exit, exit_from_json
from midas.strategies.mix_form import read_mix
from midas.strategies.param import Number, ParamSpec, ParamValue, named, number_from_text, read_values
from midas.strategies.schedule import Every, read_every
from midas.strategies.yaml_document import Listing, Scalar, Table, Value, invalid, kind, read_document, shown

KEYS = ("name", "description", "doc", "params", "let", "targets", "every", "exits", "mix")
_BESIDE_MIX = ("name", "description", "doc", "mix")
MAX_LET = 64

_PARAM_KEYS = ("default", "low", "high", "doc")

Names = dict[str, Node | float | int]


def load_yaml(text: str, overrides: Mapping[str, object] | None = None) -> Definition:
    """Read a strategy file; `overrides` replaces defaults of its parameters, `every` among them.

    The keys are `name`, `targets` and, where wanted, `description`, `params` (each a number, or default, low, high and
    doc), `let` (named expressions, each of which may use those above it), `every` (default: change) and `exits`. Or
    `name` and `mix`, see `mix_form.read_mix`.

    Raises
    ------
    StrategyInvalid: naming the line.
    """
    document = read_document(text)
    document.require_known(KEYS, "A strategy")
    written = _text(_required(document, "name"), "name")
    with _at(written.line):
        name = check_name(written.text)
    if "mix" in document.items:
        document.require_known(_BESIDE_MIX, "A mix")
        return read_mix(document.items["mix"], name, _doc(document), overrides or {})
    specs = _specs(document.items.get("params"), name)
    specs["every"] = every_spec(_every(document.items.get("every")))
    params = read_values(specs, overrides or {}, name)
    return Definition(
        name=name,
        params=params,
        params_spec=tuple(specs.values()),
        targets=_targets(document, params),
        every=read_every(params["every"]),
        exits=_exits(document.items.get("exits")),
        source="yaml",
        doc=_doc(document),
    )


@contextmanager
def _at(line: int) -> Iterator[None]:
    try:
        yield
    except StrategyInvalid as error:
        raise StrategyInvalid(f"Line {line}: {error.message}", hint=error.hint, code=error.code) from None


def _required(document: Table, key: str) -> Value:
    if key in document.items:
        return document.items[key]
    raise StrategyInvalid(
        f"The strategy has no {key!r}.", hint="It needs at least `name` and `targets`.", code="missing_key"
    )


def _text(value: Value, where: str) -> Scalar:
    if isinstance(value, Scalar) and not value.absent:
        return value
    hint = "Quote it if it contains braces or brackets." if not isinstance(value, Scalar) else ""
    raise invalid(value.line, f"{where!r} must be text, not {kind(value)}", hint, "wrong_type")


def _doc(document: Table) -> str:
    given = [key for key in ("description", "doc") if key in document.items]
    if len(given) > 1:
        raise invalid(document.key_lines["doc"], "'doc' and 'description' say the same", "Keep one.", "duplicate_key")
    if not given:
        return ""
    value = document.items[given[0]]
    return "" if isinstance(value, Scalar) and value.absent else _text(value, given[0]).text.strip()


def _every(value: Value | None) -> Every:
    if value is None:
        return Every.CHANGE
    written = _text(value, "every")
    with _at(written.line):
        return read_every(written.text)


def _specs(value: Value | None, owner: str) -> dict[str, ParamSpec]:
    specs: dict[str, ParamSpec] = {}
    for name, given, line in _entries(value, "params", MAX_PARAMS):
        if not check_param_name(name) or name == "every" or name in FIELDS:
            taken = " (a market field)" if name in FIELDS else ""
            hint = "Use letters, digits and '_'; `every` has a key of its own."
            raise invalid(line, f"{shown(name)}{taken} cannot be a parameter's name", hint, "bad_name")
        specs[name] = _spec(name, given, owner)
    return specs


def _spec(name: str, value: Value, owner: str) -> ParamSpec:
    if not isinstance(value, Table):
        default = _number(value, name)
        spec = ParamSpec(name, "int" if isinstance(default, int) else "float", default)
    else:
        value.require_known(_PARAM_KEYS, f"Parameter {name!r}")
        if "default" not in value.items:
            raise invalid(value.line, f"Parameter {name!r} has no default", "Write {default: 20, low: 2, high: 200}")
        numbers = {key: _number(given, f"{name}.{key}") for key, given in value.items.items() if key != "doc"}
        whole = all(isinstance(number, int) for number in numbers.values())
        doc = _text(value.items["doc"], f"{name}.doc").text if "doc" in value.items else ""
        spec = ParamSpec(
            name,
            "int" if whole else "float",
            numbers["default"],
            numbers.get("low"),
            numbers.get("high"),
            doc=doc.strip(),
        )
    with _at(value.line):
        return named(spec, name, owner)


def _number(value: Value, where: str) -> Number:
    number = number_from_text(value.text) if isinstance(value, Scalar) and not value.quoted else None
    if number is None:
        hint = "Write a number such as 20 or 0.5, or {default: 20, low: 2, high: 200}."
        raise invalid(value.line, f"Parameter {where!r} must be a number, not {kind(value)}", hint, "wrong_type")
    return number


def _targets(document: Table, params: Mapping[str, ParamValue]) -> Node:
    names: Names = {name: value for name, value in params.items() if not isinstance(value, str)}
    for name, given, line in _entries(document.items.get("let"), "let", MAX_LET):
        _check_let_name(name, names, line)
        written = _text(given, f"let.{name}")
        with _at(written.line):
            names[name] = parse_value(written.text, WithLibrary(names))
    targets = _text(_required(document, "targets"), "targets")
    with _at(targets.line):
        return parse(targets.text, WithLibrary(names))


def _check_let_name(name: str, names: Names, line: int) -> None:
    taken = "is a parameter or an earlier entry" if name in names else ""
    taken = "is a market field" if name in FIELDS else taken
    taken = taken or ("" if check_param_name(name) else "is not a word of letters, digits and '_'")
    if taken:
        raise invalid(
            line, f"{shown(name)} cannot be named under 'let': it {taken}", "Choose another name.", "bad_name"
        )


def _exits(value: Value | None) -> tuple[Exit, ...]:
    if value is None or (isinstance(value, Scalar) and value.absent):
        return ()
    if not isinstance(value, Listing) or len(value.items) > MAX_EXITS:
        message = f"'exits' must be a list of at most {MAX_EXITS}, not {kind(value)}"
        raise invalid(value.line, message, "Write exits: [{stop_loss: 0.15}].", "wrong_type")
    exits = tuple(_exit(item) for item in value.items)
    with _at(value.line):
        require_distinct(exits)
    return exits


def _exit(value: Value) -> Exit:
    given: object = None
    if isinstance(value, Table):
        given = {key: _plain(item) for key, item in value.items.items()}
    with _at(value.line):
        return exit_from_json(given)


def _plain(value: Value) -> object:
    if isinstance(value, Table):
        return {key: _plain(item) for key, item in value.items.items()}
    return value.text if isinstance(value, Scalar) else kind(value)


def _entries(value: Value | None, where: str, most: int) -> Iterator[tuple[str, Value, int]]:
    if value is None or (isinstance(value, Scalar) and value.absent):
        return
    if not isinstance(value, Table):
        raise invalid(
            value.line, f"{where!r} must be a table of names, not {kind(value)}", "Write `name: …`", "wrong_type"
        )
    if len(value.items) > most:
        raise invalid(value.line, f"{where!r} has more than {most} names", "Merge some.", "too_long")
    for name, given in value.items.items():
        yield name, given, value.key_lines[name]
