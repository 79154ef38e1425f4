"""YAML read safely: what is refused before anything is built from it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midas.core.errors import StrategyInvalid
from midas.strategies.yaml_document import MAX_BYTES, Listing, Scalar, Table, read_document


def refused(text: str) -> StrategyInvalid:
    with pytest.raises(StrategyInvalid) as caught:
        read_document(text)
    assert caught.value.hint
    assert len(str(caught.value)) < 400
    return caught.value


class TestRefusals:
    @pytest.mark.parametrize(
        ("value", "tag"),
        [
            ("!!python/object/apply:os.system ['true']", "!!python/object/apply:os.system"),
            ("!!python/name:os.system", "!!python/name:os.system"),
            ("!!python/object:subprocess.Popen {}", "!!python/object:subprocess.Popen"),
            ("!mine 3", "!mine"),
            ("!!str 3", "!!str"),
            ("! x", "!"),
        ],
    )
    def test_a_tag(self, value: str, tag: str) -> None:
        error = refused(f"name: x\ntargets: {value}\n")
        assert error.message == f"Line 2: The YAML tag {tag!r} is not allowed; only plain values are."
        assert "nothing in a strategy file is ever executed" in error.hint
        assert error.code == "yaml_tag"

    def test_anchors_and_aliases(self) -> None:
        assert refused("a: &x [1]\nb: *x\n").message == "Line 1: YAML anchors and aliases are not allowed: &x."
        assert refused("a: 1\nb: *x\n").message == "Line 2: YAML anchors and aliases are not allowed: *x."

    def test_a_bomb_of_aliases_costs_nothing(self) -> None:
        lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
        lines += [f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
        started = time.perf_counter()
        assert refused("\n".join(lines)).code == "yaml_alias"
        assert time.perf_counter() - started < 30.0  # else it takes for ever

    def test_a_key_twice(self) -> None:
        error = refused("name: a\nlet:\n  x: close\n  y: open\n  x: high\n")
        assert (error.message, error.code) == ("Line 5: The key 'x' is given twice.", "duplicate_key")

    @pytest.mark.parametrize("depth", [9, 300, 20_000])
    @pytest.mark.parametrize("opening", ["[", "{a: "])
    def test_too_deep(self, opening: str, depth: int) -> None:
        error = refused("x: " + opening * min(depth, 60_000 // len(opening)))
        assert "nested deeper than 8 levels" in error.message

    def test_too_long(self) -> None:
        error = refused("x: " + "가" * (MAX_BYTES // 3))
        assert "The file has 65,538 bytes; a strategy may have 65,536." in error.message

    def test_too_many_values(self) -> None:
        assert "more than 4,000 values" in refused("x:\n" + "- 1\n" * 5_000).message

    def test_the_largest_file_is_read_quickly(self) -> None:
        started = time.perf_counter()
        read_document("x: [" + "a," * 3_900 + "]\ny: " + "b" * 50_000)
        assert time.perf_counter() - started < 30.0

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "The file is empty."),
            ("# only a remark\n", "The file is empty."),
            ("- a\n- b\n", "Line 1: A strategy is a table of keys, not a list."),
            ("close > 3", "Line 1: A strategy is a table of keys, not 'close > 3'."),
            ("name: a\n---\nname: b\n", "Line 2: A second document begins here."),
            ("name: a\ntargets: x: y\n", "Line 2: This is not YAML: mapping values are not allowed here."),
            ("name: a\ntargets: [close\n", "Line 3: This is not YAML:"),
            ("name: a\n\tevery: x\n", "Line 2: This is not YAML:"),
            ("name: 'a\n", "This is not YAML"),
            ("[a, b]: c\n", "Line 1: A key must be a word, not a list."),
            ("name: \x00\n", "a character YAML does not allow"),
            ("name: \ud800\n", "a character YAML does not allow"),
            ('name: "\\UFFFFFFFF"\n', "a character YAML does not allow"),
            ('name: "\\ud800"\n', "Line 1: An escape stands for half a character."),
            ("%YAML 9.9\n---\nname: a\n", "This is not YAML"),
        ],
    )
    def test_other_faults(self, text: str, message: str) -> None:
        assert message in refused(text).message

    def test_an_unknown_key_is_suggested(self) -> None:
        table = read_document("name: a\ntarget: close\n")
        with pytest.raises(StrategyInvalid) as caught:
            table.require_known(("name", "targets", "every"), "A strategy")
        assert caught.value.message == "Line 2: A strategy has no key 'target'."
        assert caught.value.hint == "Did you mean 'targets'?"


class TestReading:
    def test_values_keep_their_text_and_line(self) -> None:
        table = read_document("a: 010\nb: 'no'\nc: [yes, {d: 1e9}]\ne:\n")
        assert table.items["a"] == Scalar("010", False, 1)
        assert table.items["b"] == Scalar("no", True, 2)
        assert table.items["c"] == Listing(
            (Scalar("yes", False, 3), Table({"d": Scalar("1e9", False, 3)}, {"d": 3}, 3)), 3
        )
        absent = table.items["e"]
        assert isinstance(absent, Scalar)
        assert absent.absent

    @settings(deadline=None)
    @given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}!&*|>'\"#%@`,? \n\t\\0~", max_size=80))
    def test_anything_is_read_or_refused(self, text: str) -> None:
        try:
            assert isinstance(read_document(text), Table)
        except StrategyInvalid:
            return

    @settings(deadline=None)
    @given(st.binary(max_size=120))
    def test_bytes_as_text_are_read_or_refused(self, data: bytes) -> None:
        try:
            read_document(data.decode("latin-1"))
        except StrategyInvalid:
            return
