"""What a strategy's class declares with `param`, and the name it goes by."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace

from midas.core.errors import StrategyInvalid
from midas.strategies.definition import check_name, check_param_name
from midas.strategies.param import Declared, ParamSpec, named

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def own_name(cls: type) -> str:
    """Return the name a class gives itself, else its own in snake case.

    Raises
    ------
    StrategyInvalid: a strategy cannot have it.
    """
    return check_name(vars(cls).get("name", _BOUNDARY.sub("_", cls.__name__).lower()))


def declarations(cls: type) -> dict[str, Declared]:
    """Return what a class and those it comes from declare, from the base down: a subclass refines what it inherits."""
    found: dict[str, Declared] = {}
    for ancestor in reversed(cls.__mro__):
        for name, value in vars(ancestor).items():
            if isinstance(value, Declared):
                found[name] = value
            elif name in found:
                found[name] = found[name].with_default(value)
    return found


def annotated_as(cls: type) -> dict[str, str]:
    """Return the annotations of a class as text."""
    return {
        name: annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        for name, annotation in inspect.get_annotations(cls).items()
    }


def spec_of_param(cls: type, owner: str, name: str, declaration: Declared, *, taken: bool) -> ParamSpec:
    """Return what a parameter may be; `taken` says that its name means something else already.

    Raises
    ------
    StrategyInvalid: its name, annotation or declaration makes no sense.
    """
    spec = declaration.spec
    if taken or not check_param_name(name):
        raise bad_declaration(f"{owner} cannot have a parameter {name!r}.", "The word is taken: choose another.")
    annotated = {annotated_as(ancestor).get(name, "") for ancestor in cls.__mro__} & {"bool", "int", "float", "str"}
    if spec.type == "int" and annotated == {"float"}:
        spec = replace(spec, type="float")
    if annotated and annotated != {spec.type}:
        raise bad_declaration(
            f"Parameter {name!r} of {owner} is annotated {min(annotated)} but its default is {spec.default!r}.",
            "Make the two agree.",
        )
    return named(spec, name, owner)


def bad_declaration(message: str, hint: str) -> StrategyInvalid:
    """Return the error of a parameter that is declared wrongly."""
    return StrategyInvalid(message, hint=hint, code="bad_parameter")
