"""HTML in which text is escaped unless it is already HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

# What HTML 5 forbids in text: controls other than tab and line ends, surrogates, non-characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# Marks that reorder what a reader sees without showing themselves.
_REORDERING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VOID = frozenset({"meta", "br", "hr", "input"})


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of page that is safe as it stands."""

    source: str


Content = Html | str


def clean(text: str) -> str:
    """Replace characters that HTML forbids or that hide or reorder other text."""
    return _REORDERING.sub("�", _FORBIDDEN.sub("�", text))


def html(content: Content) -> str:
    """Return `content` as page source, escaping it when it is plain text."""
    return content.source if isinstance(content, Html) else escape(clean(content), quote=True)


def element(tag: str, *children: Content, **attributes: str | bool | None) -> Html:
    """Return `<tag …>children</tag>`.

    In attribute names a trailing underscore is dropped and others become hyphens; True gives a bare attribute, False
    and None leave it out.
    """
    shown = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{shown}>")
    return Html(f"<{tag}{shown}>{''.join(map(html, children))}</{tag}>")


def joined(parts: Iterable[Content], between: str = "") -> Html:
    """Return the parts one after another."""
    return Html(between.join(map(html, parts)))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{html(value)}"'
