"""The gate says what a slow reading of its rules says, and never yes where something is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from tests.many import many
from tests.risk.oracle import promises, refusals
from tests.risk.scenes import ID, MISSING, NOW, Scene, limit_scenes, missing, scene
from tests.scale import scaled

from midas.core.errors import InvalidInput
from midas.core.order import OrderKind, Side
from midas.risk.gate import LIMITS, all_pass, check
from midas.risk.kill import KillLevel
from midas.risk.limits import Limits
from midas.risk.question import FLATTEN_LEG, question
from midas.risk.snapshot import Quote
from midas.risk.verdict import Allow, Denial, Deny


def said(seen: Scene) -> str:
    verdict = check(ID, seen.order, seen.snapshot, *seen.limits)
    return verdict.code.value if isinstance(verdict, Deny) else ""


def check_seed(seed: int) -> str:
    seen = scene(seed)
    expected = refusals(seen)
    assert said(seen) == (expected[0] if expected else "")
    return said(seen)


@cache
def allowed(count: int = 40) -> list[Scene]:
    found: list[Scene] = []
    seed = 0
    while len(found) < count:
        seen = scene(seed)
        if not refusals(seen):
            found.append(seen)
        seed += 1
    return found


class TestOracle:
    @pytest.mark.figure("R13")
    def test_agrees(self, record_property: Callable[[str, object], None]) -> None:
        count = scaled(1_000_000)
        answers = Counter(many(check_seed, range(count)))
        record_property("orders", count)
        record_property("let through", answers[""])
        assert answers[""] > count * 0.1
        # Every reason there is was the answer.
        assert set(answers) - {""} == {denial.value for denial in Denial}


class TestMissing:
    @pytest.mark.figure("R13")
    @pytest.mark.parametrize("what", MISSING, ids=lambda what: "-".join(str(part) for part in what))
    def test_is_never_allowed(self, what: tuple[str, str, Any]) -> None:
        for seen in allowed():
            assert isinstance(check(ID, seen.order, missing(what, seen.snapshot), *seen.limits), Deny)

    @pytest.mark.figure("R13")
    @pytest.mark.parametrize("days", [-1, 1])
    def test_a_stale_price_is_never_allowed(self, days: int) -> None:
        for seen in allowed():
            assert seen.snapshot.quote is not None
            old = replace(seen.snapshot.quote, stamp_utc=NOW + timedelta(days=days))
            verdict = check(ID, seen.order, replace(seen.snapshot, quote=old), *seen.limits, Limits())
            assert isinstance(verdict, Deny)

    @pytest.mark.figure("R13")
    @pytest.mark.parametrize("age_s", [120.5, 86_400.0, float("inf")])
    def test_a_stale_account_is_never_allowed(self, age_s: float) -> None:
        for seen in allowed():
            assert seen.snapshot.account is not None
            old = replace(seen.snapshot.account, age_s=age_s)
            verdict = check(ID, seen.order, replace(seen.snapshot, account=old), *seen.limits, Limits())
            assert isinstance(verdict, Deny)

    def test_limits_are_never_missing(self) -> None:
        for seen in allowed(5):
            verdict = check(ID, seen.order, seen.snapshot)
            assert isinstance(verdict, Deny)
            assert verdict.code is Denial.MISSING_DATA

    def test_says_what(self) -> None:
        seen = allowed(1)[0]
        verdict = check(ID, seen.order, replace(seen.snapshot, kill=None), *seen.limits)
        assert isinstance(verdict, Deny)
        assert verdict.detail == "not known: the kill switch"


class TestMoreThanIsHeld:
    """Fifteen of ten, by hand: refused whole, as a broker would, also where one would sell the ten (012)."""

    @pytest.mark.parametrize("cuts_sales", [False, True])
    @pytest.mark.parametrize(
        ("allow_short", "banned", "answer"),
        [
            (False, False, Denial.SHORT_NOT_ALLOWED), (False, True, Denial.SHORT_NOT_ALLOWED),
            (True, True, Denial.SHORT_BANNED), (True, False, None),
        ],
    )  # fmt: skip
    def test_is_sold_where_short_sales_are_allowed(
        self, cuts_sales: bool, allow_short: bool, banned: bool, answer: Denial | None
    ) -> None:
        seen = next(one for one in allowed() if one.order.leg != FLATTEN_LEG and one.order.kind is OrderKind.MARKET)
        assert seen.snapshot.account is not None
        held = {str(seen.order.instrument): Decimal(10)}
        account = replace(seen.snapshot.account, positions=held, buying={}, selling={})
        snapshot = replace(
            seen.snapshot, account=account, fractions=True, locked=Decimal(0), kill=KillLevel.NONE,
            short_banned=banned, cuts_sales=cuts_sales,
        )  # fmt: skip
        limits = Limits(collar=None, quote_age_s=None, snapshot_age_s=None, allow_short=allow_short)
        for quantity, expected in ((10, None), (15, answer)):
            order = replace(seen.order, run="", side=Side.SELL, quantity=Decimal(quantity), reduce_only=False)
            verdict = check("fresh", order, replace(snapshot, recent=()), limits)
            assert (verdict.code if isinstance(verdict, Deny) else None) is expected


class TestLimits:
    @pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1])
    def test_are_numbers(self, value: float) -> None:
        with pytest.raises(InvalidInput, match="collar"):
            Limits(collar=value)
        with pytest.raises(InvalidInput, match="max_notional"):
            Limits(max_notional=Decimal(value))

    def test_of_a_run_count_its_own_orders_only(self) -> None:
        for seed in range(3000):
            seen = scene(seed)
            if said(seen) == "order_rate" and len(seen.limits) == 1:
                other = replace(seen.limits[0], run="nobody")
                assert said(replace(seen, limits=(other,))) != "order_rate"
                return
        raise AssertionError("no scene is held up by a rate")

    def test_all_must_hold(self) -> None:
        for seen in allowed(20):
            none = Limits(max_quantity=Decimal(0))
            assert isinstance(check(ID, seen.order, seen.snapshot, *seen.limits), Allow)
            kind = Allow if seen.order.leg == FLATTEN_LEG else Deny  # what closes everything may be of any size
            assert isinstance(check(ID, seen.order, seen.snapshot, none, *seen.limits), kind)
            assert isinstance(check(ID, seen.order, seen.snapshot, *seen.limits, none), kind)


class TestAllPass:
    """No limit refuses what `all_pass` was said of: plain orders at the market, one at a time."""

    def plain(self, seen: Scene) -> Scene:
        order, snapshot, account = seen.order, seen.snapshot, seen.snapshot.account
        assert account is not None
        name, last = str(order.instrument), seen.place.last
        amount = order.quantity if order.quantity.is_finite() and order.quantity > 0 else Decimal(1)
        older = tuple(one for one in snapshot.recent if one.stored_utc <= NOW - timedelta(seconds=60))
        order = replace(
            order, kind=OrderKind.MARKET, quantity=amount, limit_price=None, stop_price=None, reference_price=last,
            reduce_only=False, leg="target",
        )  # fmt: skip
        account = replace(
            account, age_s=0.0, last_limit_loss_utc=None, positions={name: amount * 2}, selling={}, buying={}
        )
        recent = tuple(replace(one, executions=0) for one in older)
        quote = Quote(last, NOW, last)
        return replace(seen, order=order, snapshot=replace(snapshot, account=account, recent=recent, quote=quote))

    def limits(self, seed: int, seen: Scene) -> Limits:
        draw = Random(seed)
        told = {field.name: getattr(seen.limits[0], field.name) for field in fields(Limits)}
        told["orders_per_day"] = told["orders_per_day"] and 1
        return replace(Limits(), **{name: value for name, value in told.items() if draw.random() < 0.15})

    def test_says_only_what_holds(self) -> None:
        promised = 0
        for seed in range(scaled(100_000)):
            seen = self.plain(scene(seed))
            limits = self.limits(seed, seen)
            asked = question(ID, seen.order, seen.snapshot)
            if isinstance(asked, Deny) or not all_pass((limits,), 60.0):
                continue
            promised += 1
            assert [deny for limit in LIMITS if (deny := limit(asked, limits))] == [], seed
        assert promised > scaled(100_000) / 20

    def test_says_all_that_holds_of_a_limit_by_itself(self) -> None:
        for limits, apart_s in limit_scenes():
            assert all_pass(limits, apart_s) is promises(limits, apart_s), limits

    def test_no_limits_promise_nothing(self) -> None:
        assert not all_pass((), 60.0)
