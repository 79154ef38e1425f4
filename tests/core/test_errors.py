"""Errors say what, why and what next."""

from __future__ import annotations

from midas.core.errors import MidasError, NotFound, did_you_mean


class TestDidYouMean:
    def test_close_words_are_named(self) -> None:
        assert did_you_mean("fats", ["fast", "slow"]) == "Did you mean 'fast'?"

    def test_else_the_known_words(self) -> None:
        assert did_you_mean("zzz", ["fast", "slow"]) == "Known: fast, slow."

    def test_a_long_list_is_cut(self) -> None:
        assert did_you_mean("zzz", [f"name{i:02}" for i in range(20)]).endswith("and 8 more.")


class TestMidasError:
    def test_text_holds_message_and_hint(self) -> None:
        error = NotFound("No 'x'.", hint="Try 'y'.")
        assert str(error) == "No 'x'. Try 'y'."
        assert error.code == "not_found"
        assert isinstance(error, MidasError)
