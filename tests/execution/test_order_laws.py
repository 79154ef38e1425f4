"""Whatever comes, in whatever order: position and cash are those of the unique fills, and no move is illegal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from tests.execution.order_stories import check_story
from tests.many import many
from tests.scale import scale, scaled

from midas.core.order import OrderState


class TestStories:
    @pytest.mark.figure("R1")
    def test_keep_every_law(self, record_property: Callable[[str, object], None]) -> None:
        count = scaled(2_000_000) if scale() > 1 else 20_000
        states = Counter(many(check_story, range(count)))
        record_property("sequences", states.total())
        assert states.total() == count
        # The stories reach every end there is.
        assert set(states) == {state.value for state in OrderState}
