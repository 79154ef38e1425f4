"""Pieces that sections of a page are put together from."""

from __future__ import annotations

from collections.abc import Sequence

from midas.reports.markup import Content, Html, element


def section(name: str, title: Content, *children: Content) -> Html:
    """Return a titled section that links can point at."""
    return element("section", element("h2", title), *children, id=name)


def note(text: str, **attributes: str) -> Html:
    """Return small print."""
    return element("p", text, class_="note", **attributes)


def nothing(name: str, title: str, why: str) -> Html:
    """Return a section that says why it is empty."""
    return section(name, title, element("p", why, class_="nothing"))


def grid(
    caption: str, head: Sequence[str], rows: Sequence[Html], *, class_: str | None = None, captioned: bool = False
) -> Html:
    """Return a table that scrolls sideways where it is too wide; the caption is for listeners unless `captioned`."""
    table = element(
        "table",
        element("caption", caption, class_=None if captioned else "unseen"),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *rows),
        class_=class_,
    )
    return scrolling(caption, table)


def scrolling(label: str, content: Html) -> Html:
    """Return a region that scrolls sideways, reachable by keyboard."""
    return element("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)


def row(title: str, cells: Sequence[str], **attributes: str) -> Html:
    """Return a table row of numbers under a row heading."""
    numbers = [element("td", cell, class_="number") for cell in cells]
    return element("tr", element("th", title, scope="row"), *numbers, **attributes)
