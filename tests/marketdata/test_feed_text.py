"""Where a market comes from, as it is written."""

from __future__ import annotations

from datetime import date

import pytest

from midas.core.errors import InvalidInput
from midas.marketdata.feed_text import Follow, Stretch, read_feed


class TestReplays:
    def test_all_of_it(self) -> None:
        wanted = Stretch(date(2020, 1, 2), date(2020, 3, 4), 60.0)
        assert read_feed("replay:2020-01-02..2020-03-04@60") == wanted

    @pytest.mark.parametrize("text", ["replay:..", "replay:..@max"])
    def test_what_is_left_out_is_open(self, text: str) -> None:
        assert read_feed(text) == Stretch(None, None, None)


class TestFollowing:
    @pytest.mark.parametrize(("text", "start"), [("follow", None), ("follow:2020-01-02", date(2020, 1, 2))])
    def test_it_is_read_and_written_alike(self, text: str, start: date | None) -> None:
        assert read_feed(text) == Follow(start)
        assert str(Follow(start)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "replay", "replay:2020-01-02", "replay:2020-13-02..", "replay:2021-01-01..2020-01-01", "replay:..@0",
        "follow:", "follow:2020-02-30", "follow:2020-01-02..", "follow@2", "Follow",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_feed(text)
