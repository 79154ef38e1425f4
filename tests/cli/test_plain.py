from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midas.cli.plain import plain, plain_lines

HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x9d[]0;31m\x07\\\u202e\u2066\r\n\t"),
    )
)


@given(HOSTILE)
def test_nothing_that_moves_a_cursor_or_reorders_text_survives(text: str) -> None:
    assert all(unicodedata.category(each) not in ("Cc", "Cs") for each in plain(text))
    assert not set(plain(text)) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


@given(HOSTILE)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@pytest.mark.parametrize("text", ["삼성전자", "BRK.B", "한글 · mixed", "a  b", "", "naïve café", "{[]}\\"])
def test_honest_text_is_left_alone(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;owned title\x07name", "name"),
        ("\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x9b2Jgone", "gone"),
        ("a\rb\r\nc\td", "a b c d"),
        ("never ended \x1b]52;c;ZXZpbA==", "never ended "),
        ("bell\x07\x08\x7f", "bell"),
        ("abc\u202etxt.exe", "abctxt.exe"),
    ],
)
def test_escapes_are_taken_out_whole(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_text_of_several_lines_keeps_its_lines_and_indents() -> None:
    assert plain_lines("let:\n\tx: 1\n\x1b[2Jy: 2\n") == "let:\n    x: 1\ny: 2"
