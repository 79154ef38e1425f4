"""State as bytes and back: plain values and arrays, nothing that could run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

Tree: TypeAlias = Any
"""None, truth values, numbers, texts, arrays of numbers, and lists and string-keyed mappings of these."""

_ARRAY = "$array"
_MAGIC = b"midas-state-1\n"
_KINDS = "fiub"


def to_bytes(tree: Tree) -> bytes:
    """Return a tree as bytes: a line of JSON, then the arrays one after the other.

    Raises
    ------
    TypeError: it holds something else.
    """
    arrays: list[bytes] = []
    header = json.dumps(_outline(tree, arrays), separators=(",", ":"))
    return b"".join((_MAGIC, header.encode(), b"\n", *arrays))


def from_bytes(data: bytes) -> Tree:
    """Return the tree of `to_bytes`; tuples come back as lists, arrays as copies that may be written.

    Raises
    ------
    ValueError: these bytes are of something else, of another version, or cut short.
    """
    if not data.startswith(_MAGIC):
        raise ValueError("this is no state that was kept by this version")
    header, _, rest = data[len(_MAGIC) :].partition(b"\n")
    place = [0]
    tree = _filled(json.loads(header), memoryview(rest), place)
    if place[0] != len(rest):
        raise ValueError(f"a state of {place[0]} bytes has {len(rest)}")
    return tree


def _outline(tree: Tree, arrays: list[bytes]) -> Tree:
    if isinstance(tree, np.ndarray):
        if tree.dtype.kind not in _KINDS:
            raise TypeError(f"an array of {tree.dtype} cannot be kept")
        arrays.append(np.ascontiguousarray(tree).tobytes())
        return {_ARRAY: [tree.dtype.str, list(tree.shape)]}
    if isinstance(tree, Mapping):
        return {str(key): _outline(value, arrays) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_outline(value, arrays) for value in tree]
    if isinstance(tree, np.generic):
        return tree.item()
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise TypeError(f"{type(tree).__name__} cannot be kept")


def _filled(outline: Tree, rest: memoryview, place: list[int]) -> Tree:
    if isinstance(outline, list):
        return [_filled(value, rest, place) for value in outline]
    if not isinstance(outline, dict):
        return outline
    if outline.keys() != {_ARRAY}:
        return {key: _filled(value, rest, place) for key, value in outline.items()}
    kind, shape = np.dtype(outline[_ARRAY][0]), outline[_ARRAY][1]
    size = kind.itemsize * int(np.prod(shape, dtype=np.int64))
    if kind.kind not in _KINDS or place[0] + size > len(rest):
        raise ValueError("a state is cut short")
    values = np.frombuffer(rest, kind, int(np.prod(shape, dtype=np.int64)), place[0]).reshape(shape).copy()
    place[0] += size
    return values
