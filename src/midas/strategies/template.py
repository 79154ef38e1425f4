"""A strategy file to begin from."""

from __future__ import annotations

from importlib.resources import files

from midas.strategies.definition import check_name
from midas.strategies.registry import find


def template(name: str, like: str = "momentum") -> str:
    """Return a commented YAML file for a new strategy `name` that starts as the library's `like`.

    Raises
    ------
    StrategyInvalid: `name` cannot be a strategy's name.
    NotFound: the library has no `like`.
    """
    source = files("midas.strategies") / "templates" / f"{find(like).name}.yaml"
    return source.read_text(encoding="utf-8").replace(f"name: {like}\n", f"name: {check_name(name)}\n", 1)
