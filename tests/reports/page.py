"""A strict reader of pages: balanced tags, and what stands where."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "br", "hr", "input", "link", "img", "source", "base"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str | None]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str | None = None, **attributes: str) -> list[Node]:
        found = []
        for child in self.children:
            if isinstance(child, Node):
                named = tag is None or child.tag == tag
                if named and all(
                    child.attributes.get(k.strip("_").replace("_", "-")) == v for k, v in attributes.items()
                ):
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str | None = None, **attributes: str) -> Node:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    def rows(self) -> list[list[str]]:
        return [[cell.text for cell in row.children if isinstance(cell, Node)] for row in self.one("tbody").all("tr")]


class Page(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.root = Node("", {})
        self._open = [self.root]
        self.feed(source)
        self.close()
        assert self._open == [self.root], f"never closed: {[node.tag for node in self._open[1:]]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice on {tag}"
        node = Node(tag, dict(attrs))
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:40]}")

    def section(self, name: str) -> Node:
        return self.root.one("section", id=name)

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(node.tag, tuple(sorted(node.attributes))) for node in self.root.all()]

    def data(self) -> Any:
        return json.loads(self._unpacked("data"))

    def counts(self, found: dict[str, Any]) -> list[int | None]:
        """Read a row of numbers as packing.Arrays says it is laid out, written again from that description."""
        stored, out, before = self._unpacked("arrays"), [], 0
        for row in range(found["rows"]):
            places = (found["at"] + plane * found["rows"] + row for plane in range(found["bytes"]))
            code = int.from_bytes(bytes(stored[place] for place in places), "little")
            if code == 0:
                out.append(None)
                continue
            count = (code - 1) // 2 if code % 2 else -(code // 2)
            before = before + count if found.get("steps") else count
            out.append(before)
        return out

    def values(self, found: dict[str, Any]) -> list[float | None]:
        unit = 10 ** found["digits"]
        return [None if count is None else count / unit for count in self.counts(found)]

    def _unpacked(self, name: str) -> bytes:
        return zlib.decompress(base64.b64decode(self.root.one("script", id=name).text, validate=True))
