"""The exits that the oracle watches on every bar."""

from __future__ import annotations

from fractions import Fraction

from tests.execution.plain_books import Entry
from tests.execution.plain_orders import PlainOrders
from tests.execution.plain_rules import ZERO, PlainBar, exact


class PlainExits(PlainOrders):
    """An account whose positions are left by stops, targets and time."""

    def watch(self, row: int, number: int) -> None:
        for name in self.listed:
            if name not in self.held:
                continue
            bar = self.bars[name][row]
            entry = self.entries[name]
            found = self.found(row, name, entry, bar) if entry.row < row else None
            if bar is not None and self.no_market(bar) is None:
                highs = self.held[name] > 0
                late = entry.row == row and self.rules.entry_limit is not None
                whole = self.rules.has_range and not late
                seen = exact((bar.high if highs else bar.low) if whole else bar.close)
                entry.best = max(entry.best, seen) if highs else min(entry.best, seen)
            if found is None:
                continue
            cause, price, limited = found
            self.due.pop(name, None)
            self.pending = [order for order in self.pending if order[0] != name]
            self.carried.pop(name, None)
            if price is None and bar is not None and not self.leaving.get(name) and cause != "time_stop":
                self.leaving[name] = cause  # closes alone: at the next one
                continue
            self.leave(row, number, name, cause, price, limited, bar)
            number += 1

    def found(
        self, row: int, name: int, entry: Entry, bar: PlainBar | None
    ) -> tuple[str, Fraction | None, bool] | None:
        """(cause, price or None for the open, limit order?)"""
        rules = self.rules
        if name in self.leaving:
            return self.leaving[name], None, False
        if "time_stop" in rules.exits and row - entry.row >= rules.exits["time_stop"]:
            return "time_stop", None, False
        if bar is None or self.no_market(bar) is not None:
            return None
        return self.found_long(entry, bar) if self.held[name] > 0 else self.found_short(entry, bar)

    def found_long(self, entry: Entry, bar: PlainBar) -> tuple[str, Fraction | None, bool] | None:
        rules = self.rules
        stop, take = self.stop(entry), self.take(entry)
        if not rules.has_range:
            close = exact(bar.close)
            if stop is not None and close <= stop[1]:
                return stop[0], None, False
            return (take[0], None, False) if take is not None and close > take[1] else None
        opened, high, low = exact(bar.open), exact(bar.high), exact(bar.low)
        if stop is not None and opened <= stop[1]:
            return stop[0], opened, False
        if take is not None and opened > take[1]:
            return take[0], opened, True
        if stop is not None and low <= stop[1]:
            return stop[0], stop[1], False
        if take is not None and high > take[1]:
            return take[0], take[1], True
        return None

    def found_short(self, entry: Entry, bar: PlainBar) -> tuple[str, Fraction | None, bool] | None:
        """The mirror image, for the exits that are a share of the price."""
        exits, on_tick = self.rules.exits, self.rules.on_tick
        stops, take = [], None
        if "stop_loss" in exits:
            stops.append((entry.price * (1 + exits["stop_loss"]), "stop_loss"))
        if "trailing_stop" in exits:
            stops.append((entry.best * (1 + exits["trailing_stop"]), "trailing_stop"))
        stop = None
        if stops:
            lowest = min(level for level, _ in stops)
            stop = next(cause for level, cause in stops if level == lowest), on_tick(lowest, up=True)
        if "take_profit" in exits and exits["take_profit"] < 1:
            take = on_tick(entry.price * (1 - exits["take_profit"]), up=False)
        opened, high, low = exact(bar.open), exact(bar.high), exact(bar.low)
        if stop is not None and opened >= stop[1]:
            return stop[0], opened, False
        if take is not None and opened < take:
            return "take_profit", opened, True
        if stop is not None and high >= stop[1]:
            return stop[0], stop[1], False
        if take is not None and low < take:
            return "take_profit", take, True
        return None

    def stop(self, entry: Entry) -> tuple[str, Fraction] | None:
        exits, levels = self.rules.exits, []
        if "stop_loss" in exits:
            levels.append((entry.price * (1 - exits["stop_loss"]), "stop_loss"))
        if "trailing_stop" in exits:
            levels.append((entry.best * (1 - exits["trailing_stop"]), "trailing_stop"))
        if "atr_stop" in exits and entry.true_range is not None:
            levels.append((entry.price - entry.true_range * exits["atr_stop"], "atr_stop"))
        if "atr_trailing_stop" in exits and entry.true_range is not None:
            levels.append((entry.best - entry.true_range * exits["atr_trailing_stop"], "atr_trailing_stop"))
        levels = [(level, cause) for level, cause in levels if level > 0]
        if not levels:
            return None
        highest = max(level for level, _ in levels)
        cause = next(cause for level, cause in levels if level == highest)
        return cause, self.rules.on_tick(highest, up=False)

    def take(self, entry: Entry) -> tuple[str, Fraction] | None:
        exits, levels = self.rules.exits, []
        if "take_profit" in exits:
            levels.append((entry.price * (1 + exits["take_profit"]), "take_profit"))
        if "atr_take_profit" in exits and entry.true_range is not None:
            levels.append((entry.price + entry.true_range * exits["atr_take_profit"], "atr_take_profit"))
        if not levels:
            return None
        level, cause = min(levels, key=lambda pair: pair[0])
        return cause, self.rules.on_tick(level, up=True)

    def leave(
        self, row: int, number: int, name: int, cause: str, price: Fraction | None, limited: bool, bar: PlainBar | None
    ) -> None:
        if limited:
            self.leaving.pop(name, None)
        else:
            self.leaving[name] = cause
        reason = self.no_market(bar)
        side, traded = -1 if self.held[name] > 0 else 1, self.traded.get(name, ZERO)
        held = self.leaves(row, name, traded)
        if not held:
            return
        if reason is None and bar is not None:
            if not limited:
                start = exact(bar.open) if price is None else price
                price = self.moved(row, name, start, side, held, bar)
            assert price is not None
            reason = self.beyond_limit(name, row, bar, price)
        if reason is not None or bar is None or price is None:
            assert reason is not None
            self.refusals.append((row, name, side, reason))
            return
        wanted = quantity = held
        if self.rules.has_volume:
            room = exact(bar.volume) * self.rules.volume_cap - abs(traded)
            quantity = min(wanted, self.floored(max(room, ZERO), self.rules.lot))
        if quantity > 0:
            self.fill(row, number, name, side, quantity, price, cause)
        if quantity < wanted:
            self.refusals.append((row, name, side, "volume_cap"))

    def leaves(self, row: int, name: int, traded: Fraction) -> Fraction:
        held = abs(self.held[name])
        if traded * self.held[name] > 0:
            held -= abs(traded)
        kept = self.withheld(row, name, held, held, False) if self.held[name] > 0 else ZERO
        if kept:
            self.refusals.append((row, name, -1, "not_sellable_yet"))
        return held - kept
