"""What a search varies: a strategy whose parameters are still open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from midas.core.errors import InvalidInput
from midas.strategies.definition import Definition
from midas.strategies.param import ParamSpec, ParamValue, read_values
from midas.strategies.strategy import Strategy
from midas.strategies.yaml_form import load_yaml


@dataclass(frozen=True, slots=True)
class Subject:
    """A strategy before its parameters are chosen; picklable where `make` is.

    `make` builds it with the parameters that differ from their defaults. `kind` is the class behind it, None where it
    is written otherwise. `fixed` are the parameters that are not varied. `written` tells it from others of its name.
    """

    name: str
    specs: Mapping[str, ParamSpec]
    make: Callable[[Mapping[str, ParamValue]], Definition]
    fixed: Mapping[str, ParamValue]
    written: str
    kind: type[Strategy] | None = None

    def definition(self, params: Mapping[str, ParamValue]) -> Definition:
        """Return the strategy with these parameters.

        Raises
        ------
        StrategyInvalid: it refuses them.
        """
        return self.make({**self.fixed, **params})


def subject_of(strategy: Strategy | type[Strategy] | str, fixed: Mapping[str, object] | None = None) -> Subject:
    """Return what a search varies: a class, an instance whose parameters are kept where they are not varied, or YAML.

    Raises
    ------
    InvalidInput: something else, or a fixed parameter it does not have.
    """
    if isinstance(strategy, str):
        return yaml_subject(strategy, fixed)
    if isinstance(strategy, Strategy):
        return class_subject(type(strategy), {**strategy.params, **(fixed or {})})
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return class_subject(strategy, fixed)
    raise InvalidInput(
        f"The parameters of a {type(strategy).__name__} cannot be varied: they are built into it.",
        hint="Give a strategy class, a name of the library, or YAML with `params`.",
        code="fixed_parameters",
    )


def class_subject(kind: type[Strategy], fixed: Mapping[str, object] | None = None) -> Subject:
    """Return a strategy class to be varied.

    Raises
    ------
    StrategyInvalid: a fixed parameter it does not have, or cannot have.
    """
    given = fixed or {}
    read = read_values(kind.param_specs, given, kind.name)
    kept = {name: read[name] for name in given}
    return Subject(
        kind.name, kind.param_specs, partial(_built, kind), kept, f"{kind.__module__}.{kind.__qualname__}", kind
    )


def yaml_subject(text: str, fixed: Mapping[str, object] | None = None, name: str | None = None) -> Subject:
    """Return a strategy file's text to be varied; `name` replaces the one it has.

    Raises
    ------
    StrategyInvalid: the text or a fixed parameter is wrong.
    """
    written = load_yaml(text)
    specs = {spec.name: spec for spec in written.params_spec}
    given = fixed or {}
    read = read_values(specs, given, name or written.name)
    kept = {each: read[each] for each in given}
    return Subject(name or written.name, specs, partial(_loaded, text, name), kept, text)


def _built(kind: type[Strategy], params: Mapping[str, ParamValue]) -> Definition:
    return kind(**params).definition()


def _loaded(text: str, name: str | None, params: Mapping[str, ParamValue]) -> Definition:
    from dataclasses import replace

    made = load_yaml(text, params)
    return made if name is None else replace(made, name=name)
