"""The gate with one thing wrong: every comparison moved or turned round, every `and` an `or`, every `not` dropped."""

from __future__ import annotations

import ast
import copy
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = (
    "midas.risk.costs",
    "midas.risk.kill",
    "midas.risk.question",
    "midas.risk.checks.standing",
    "midas.risk.checks.market",
    "midas.risk.checks.exposure",
    "midas.risk.checks.pace",
    "midas.risk.gate",
)

NOT_ITS = {"blocks_cancel", "strongest"}
"""Functions the gate does not ask."""

OTHERS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
SUMS: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module's changed tree, and where it was changed."""

    module: str
    line: int
    change: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.module.rpartition('.')[2]}:{self.line} {self.change}"


def mutants() -> Iterator[Mutant]:
    """Yield each module with one change."""
    for name in MODULES:
        tree = ast.parse(Path(str(importlib.import_module(name).__file__)).read_text())
        tree.body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name in NOT_ITS)]
        for place, node in enumerate(ast.walk(tree)):
            for change, apply in _changes(node):
                changed = copy.deepcopy(tree)
                apply(list(ast.walk(changed))[place])
                yield Mutant(name, getattr(node, "lineno", 0), change, ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], None]]]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in OTHERS[type(operator)]:
                yield f"{type(operator).__name__} to {other.__name__}", _compared(place, other)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{type(node.op).__name__} to {other.__name__}", lambda found: setattr(found, "op", other())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not dropped", lambda found: setattr(found, "op", ast.UAdd()) or _plain(found)
    elif isinstance(node, ast.BinOp) and type(node.op) in SUMS:
        yield "sign", lambda found: setattr(found, "op", SUMS[type(node.op)]())
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call) and _name(node.value) == "Deny":
        yield "lets it through", lambda found: setattr(found, "value", ast.Constant(None))


def _compared(place: int, other: type[ast.cmpop]) -> Callable[[Any], None]:
    def apply(found: ast.Compare) -> None:
        found.ops[place] = other()

    return apply


def _plain(found: ast.UnaryOp) -> None:
    # `not not x`: the truth of x
    found.op = ast.Not()
    found.operand = ast.UnaryOp(ast.Not(), found.operand)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def gate_with(mutant: Mutant) -> Any:
    """Return a gate one module of which is the mutant; the modules that are loaded stay as they are."""
    kept = {name: sys.modules[name] for name in MODULES}
    parents = {name: importlib.import_module(name.rpartition(".")[0]) for name in MODULES}
    try:
        for name in MODULES:
            fresh = ModuleType(name)
            fresh.__file__ = kept[name].__file__
            sys.modules[name] = fresh
            setattr(parents[name], name.rpartition(".")[2], fresh)
            source = mutant.tree if name == mutant.module else ast.parse(Path(str(fresh.__file__)).read_text())
            if name.endswith("kill"):
                _own_kill(fresh, kept[name], source)
            else:
                exec(compile(source, name, "exec"), fresh.__dict__)
        return sys.modules["midas.risk.gate"]
    finally:
        for name, module in kept.items():
            sys.modules[name] = module
            setattr(parents[name], name.rpartition(".")[2], module)


def _own_kill(fresh: ModuleType, kept: ModuleType, source: ast.Module) -> None:
    # The levels themselves stay the same objects, so that snapshots made before fit.
    exec(compile(source, fresh.__name__, "exec"), fresh.__dict__)
    fresh.__dict__["KillLevel"] = kept.KillLevel
