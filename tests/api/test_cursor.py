from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from midas.api import cursor
from midas.core.errors import InvalidInput

keys = st.lists(st.text(max_size=40) | st.integers(0, 2**53), max_size=3)
lists = st.sampled_from(["jobs", "backtests", "bars", "3f equity"])


def anything(part):
    return part


@given(lists, keys)
def test_what_was_encoded_comes_back(of, key):
    text = cursor.encode(of, key)
    assert cursor.decode(of, text, [anything] * len(key)) == key
    assert text.isascii()
    assert not set(text) & set("+/=&?# ")


@given(keys, st.data())
def test_changing_any_character_is_noticed(key, data):
    text = cursor.encode("jobs", key)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii"))
    assume(other != text[place])
    with pytest.raises(InvalidInput) as refusal:
        cursor.decode("jobs", text[:place] + other + text[place + 1 :], [anything] * len(key))
    assert refusal.value.code == "bad_cursor"


@given(st.text(max_size=700))
def test_any_text_is_a_cursor_or_refused(text):
    with pytest.raises(InvalidInput):
        cursor.decode("jobs", text, cursor.MOMENT_AND_ID)


@given(keys)
def test_a_cursor_of_another_list_is_refused(key):
    with pytest.raises(InvalidInput):
        cursor.decode("jobs", cursor.encode("backtests", key), [anything] * len(key))


@given(keys, st.integers(1, 5))
def test_cut_or_padded_is_refused(key, extra):
    text = cursor.encode("jobs", key)
    for changed in (text[:-extra], text + "=" * extra, " " + text):
        with pytest.raises(InvalidInput):
            cursor.decode("jobs", changed, [anything] * len(key))


@pytest.mark.parametrize(
    ("shape", "key"),
    [
        (cursor.MOMENT_AND_ID, ["yesterday", "a"]),
        (cursor.MOMENT_AND_ID, ["2024-01-02T03:04:05", "a"]),  # whose midnight?
        (cursor.MOMENT_AND_ID, ["2024-01-02T03:04:05+00:00"]),
        (cursor.MOMENT_AND_ID, ["2024-01-02T03:04:05+00:00", "a", "b"]),
        (cursor.MOMENT_AND_ID, ["2024-01-02T03:04:05+00:00", 7]),
        (cursor.MOMENT_AND_ID, ["2024-01-02T03:04:05+00:00", None]),
        ([cursor.day], ["2024-13-01"]),
        ([cursor.place], [-5]),
        ([cursor.place], ["5"]),
        ([cursor.place], [True]),
        ([cursor.place], [2**70]),
        ([cursor.text], []),
    ],
)
def test_a_sealed_key_of_another_shape_is_refused(shape, key):
    with pytest.raises(InvalidInput) as refusal:
        cursor.decode("jobs", cursor.encode("jobs", key), shape)
    assert refusal.value.code == "bad_cursor"
