from __future__ import annotations

import pytest

from midas.cli.exits import EPILOG, Exit, exit_for
from midas.core import errors
from midas.trading.obeying import Halted

FIXED = {
    errors.MidasError: 1,
    errors.InvalidInput: 2,
    errors.StrategyInvalid: 2,
    errors.NotFound: 3,
    errors.DataInvalid: 4,
    errors.DataBlocked: 4,
    errors.AlreadyExists: 5,
    errors.Busy: 5,
    errors.Unavailable: 6,
    errors.StorageFull: 6,
    errors.StorageCorrupt: 7,
    errors.Refused: 8,
}


@pytest.mark.parametrize(("kind", "code"), FIXED.items())
def test_each_error_has_its_code(kind: type[errors.MidasError], code: int) -> None:
    assert exit_for(kind("x")) == code


def test_no_error_class_is_forgotten() -> None:
    known = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.MidasError)}
    assert known == set(FIXED)


def test_a_trader_that_the_kill_switch_stops_did_not_fail() -> None:
    assert exit_for(Halted("x")) == Exit.REFUSED


def test_the_help_lists_every_code() -> None:
    assert all(f"{int(code)} " in EPILOG for code in Exit)
