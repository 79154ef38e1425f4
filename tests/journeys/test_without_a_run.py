"""Orders by hand of an account that no run trades: what is cancelled is cancelled, and what waits goes on waiting."""

from __future__ import annotations

from tests.journeys.command import Midas

RUN = ("run", "start", "--strategy", "buy_and_hold", "--symbols", "AAPL", "--feed", "replay:2013-01-02..2013-01-31")


def placed(inside: Midas, *words: str) -> str:
    done = inside("order", "place", "buy", "1", "AAPL", "--account", "hand", "--time", "gtc", "-q", *words)
    assert done.code == 0, done.err
    return str(done.out.strip())


def states(inside: Midas) -> dict[str, str]:
    return {each["id"]: each["state"] for each in inside("order", "list", "--account", "hand", "--json").json}


def test_a_cancel_is_carried_out_by_any_trader(inside: Midas) -> None:
    assert inside("account", "add", "hand", "--currency", "USD").code == 0
    off, waits = placed(inside), placed(inside, "--limit", "1")
    assert inside("order", "cancel", off).code == 0
    assert inside("trader", "--until-idle").code == 0
    assert states(inside) == {off: "canceled", waits: "new"}
    # a run that comes takes it along; over, it leaves the order with the broker, and its market stands still
    run = inside(*RUN, "--account", "hand", "-q").out.strip()
    assert inside("trader", "--until-idle").code == 0
    assert states(inside)[waits] == "open"
    row = inside("run", "status", run, "--json").json["run"]["row"]
    assert inside("order", "cancel", waits).code == 0
    assert inside("trader", "--until-idle").code == 0
    assert states(inside)[waits] == "canceled"
    status = inside("run", "status", run, "--json").json
    assert (status["run"]["row"], status["run"]["state"]) == (row, "stopped")
    assert status["positions"]
    assert inside("account", "reset", "hand").code == 0


def test_who_places_one_is_told_that_it_waits(inside: Midas) -> None:
    order = ("order", "place", "buy", "1", "AAPL", "--account", "hand", "--time", "gtc")
    assert inside("account", "add", "hand", "--currency", "USD").code == 0
    assert "No run trades hand" in inside(*order).out
    assert inside(*RUN, "--account", "hand").code == 0
    after = inside(*order)
    assert (after.code, "No run trades" in after.out) == (0, False)


def test_what_who_places_one_is_told_to_do_brings_it_to_a_market(inside: Midas) -> None:
    assert inside("account", "add", "hand", "--currency", "USD").code == 0
    hint = inside("order", "place", "buy", "1", "AAPL", "--account", "hand", "--time", "gtc").out.splitlines()[-1]
    begun = inside(*hint.partition("midas ")[2].split())
    assert begun.code == 0, begun.err
    assert inside("trader", "--until-idle").code == 0
    assert [each["state"] for each in inside("order", "list", "--account", "hand", "--json").json] == ["open"]
