"""The leaves that are known in advance."""

from __future__ import annotations

from midas.factors.node import Node, field


class KnownAhead:
    """What the venue's calendar says of a row, and the board of each name."""

    __slots__ = ()

    def _field(self, name: str) -> Node:
        return field(name)

    @property
    def day_of_week(self) -> Node:
        return self._field("day_of_week")

    @property
    def week_of_year(self) -> Node:
        return self._field("week_of_year")

    @property
    def day_of_month(self) -> Node:
        return self._field("day_of_month")

    @property
    def month_of_year(self) -> Node:
        return self._field("month_of_year")

    @property
    def is_week_end(self) -> Node:
        return self._field("is_week_end")

    @property
    def is_month_end(self) -> Node:
        return self._field("is_month_end")

    @property
    def is_quarter_end(self) -> Node:
        return self._field("is_quarter_end")

    @property
    def session_of_month(self) -> Node:
        return self._field("session_of_month")

    @property
    def sessions_to_month_end(self) -> Node:
        return self._field("sessions_to_month_end")

    @property
    def days_to_expiry(self) -> Node:
        return self._field("days_to_expiry")

    @property
    def board(self) -> Node:
        return self._field("board")
