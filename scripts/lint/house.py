"""House rules that ruff cannot say; see CONTRIBUTING.md.

usage: house.py FOLDER...

A line ending in `# house: <rule>: <reason>` excuses what starts on that line from that rule.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 50
MAX_CLASS_LINES = 400
MAX_METHODS = 20
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
EXCUSE = re.compile(r"#\s*house:\s*([a-z-]+):\s*\S+")


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule, where it stands."""

    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def breaches(path: Path) -> Iterator[Breach]:
    """Yield what a Python file breaks."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    excuses = {(number, match[1]) for number, line in enumerate(lines, 1) if (match := EXCUSE.search(line))}
    for breach in _found(path, lines, ast.parse(text, str(path))):
        if (breach.line, breach.rule) not in excuses:
            yield breach


def _found(path: Path, lines: list[str], tree: ast.Module) -> Iterator[Breach]:
    if len(lines) > MAX_FILE_LINES:
        yield Breach(path, 1, "file-length", f"{len(lines)} lines; split at {MAX_FILE_LINES}")
    if VAGUE_NAMES & set(path.with_suffix("").parts):
        yield Breach(path, 1, "vague-name", "name the noun or the verb instead")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _function(path, node)
        elif isinstance(node, ast.ClassDef):
            yield from _class(path, node)
        elif isinstance(node, ast.ExceptHandler):
            yield from _handler(path, node)
    yield from _globals(path, tree)


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _function(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Breach]:
    if _length(node) > MAX_FUNCTION_LINES:
        yield Breach(path, node.lineno, "function-length", f"{node.name}: {_length(node)} lines")
    private = node.name.startswith("_") and not node.name.startswith("__")
    if private and ast.get_docstring(node) is not None:
        yield Breach(path, node.lineno, "private-docstring", f"{node.name}: say why in a comment, not what")


def _class(path: Path, node: ast.ClassDef) -> Iterator[Breach]:
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    named = [method for method in methods if not method.name.startswith("__")]
    if _length(node) > MAX_CLASS_LINES:
        yield Breach(path, node.lineno, "class-length", f"{node.name}: {_length(node)} lines")
    if len(named) > MAX_METHODS:
        yield Breach(path, node.lineno, "class-methods", f"{node.name}: {len(named)} methods")


def _handler(path: Path, node: ast.ExceptHandler) -> Iterator[Breach]:
    names = [node.type] if not isinstance(node.type, ast.Tuple) else list(node.type.elts)
    for name in names:
        if name is None or (isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"}):
            yield Breach(path, node.lineno, "broad-except", "catch what you can name")


def _globals(path: Path, tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield Breach(path, node.lineno, "global-state", f"global {', '.join(node.names)}")


def main(folders: list[str]) -> int:
    """Print every breach below the folders; return how a shell should see it."""
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.py"))
    found = [breach for file in files for breach in breaches(file)]
    for breach in found:
        print(breach)
    print(f"house rules: {len(files)} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["src"]))
