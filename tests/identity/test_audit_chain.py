from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.identity.audit_chain import GENESIS, ChainLine, canonical, link, verify

TEXTS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), min_size=2, max_size=12)


def chain(documents):
    lines, previous = [], GENESIS
    for n, document in enumerate(documents, 1):
        text = canonical(document)
        previous = link(previous, n, text)
        lines.append(ChainLine(n, text, previous))
    return lines


def holds(lines, head):
    return verify(lines, head.n, head.hash) == []


def test_the_hash_is_what_anyone_can_compute():
    text = '{"a":"값","b":[1,null]}'
    assert canonical({"b": [1, None], "a": "값"}) == text
    by_hand = sha256(("0" * 64 + "|1|" + text).encode("utf-8")).hexdigest()
    assert link(GENESIS, 1, text) == by_hand


def test_a_number_that_is_none_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})


@given(TEXTS, st.data())
def test_every_tampering_is_seen(documents, data):
    lines = chain(documents)
    head = lines[-1]
    assert holds(lines, head)
    at = data.draw(st.integers(0, len(lines) - 1))
    changed = replace(lines[at], text=lines[at].text + " ")
    rehashed = replace(changed, hash=link(lines[at - 1].hash if at else GENESIS, changed.n, changed.text))
    other = (at + 1) % len(lines)
    swapped = list(lines)
    swapped[at], swapped[other] = swapped[other], swapped[at]
    renumbered = chain([each for n, each in enumerate(documents) if n != at])
    for tampered in (
        [*lines[:at], changed, *lines[at + 1 :]],
        [*lines[:at], rehashed, *lines[at + 1 :]],
        [*lines[:at], *lines[at + 1 :]],
        [*lines[:at], lines[at], *lines[at:]],
        swapped,
        lines[:at],
        renumbered,
        [],
    ):
        assert verify(tampered, head.n, head.hash), tampered


def test_the_break_is_told_where_it_is():
    lines = chain([{"n": str(n)} for n in range(9)])
    lines[4] = replace(lines[4], text="{}")
    assert [each.n for each in verify(lines, 9, lines[-1].hash)] == [5]
