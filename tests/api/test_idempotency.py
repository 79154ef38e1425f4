"""An order that is posted again over real HTTP: one key is one order, whatever happens on the way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from tests.app.loop import now, own_loop
from tests.client.conftest import serve

from midas.app.settings import Settings
from midas.app.workspace import Workspace
from midas.core.clock import ManualClock
from midas.db import idempotency
from midas.db.database import Database
from midas.integrations.sample.source import SampleSource
from midas.marketdata.importing import pull_bars
from midas.marketdata.lake import Lake
from midas.marketdata.source import PullRequest
from midas.wire.orders import OrderRequest

OPEN = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in New York."""

Post = Callable[..., httpx2.Response]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    home = tmp_path_factory.mktemp("idempotency") / "home"
    pull_bars(Lake(home / "lake", ManualClock(OPEN)), SampleSource(), PullRequest(("AAPL",)))
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else None
    with Workspace.open(Settings(home=home, database=database), ManualClock(OPEN)) as opened:
        yield opened


@pytest.fixture(scope="module")
def http(workspace: Workspace) -> Iterator[httpx2.Client]:
    for address in serve(workspace):
        with httpx2.Client(base_url=address, timeout=30) as client:
            yield client


_NAMES = (f"account-{n}" for n in itertools.count())


@pytest.fixture
def account(http: httpx2.Client) -> str:
    name = next(_NAMES)
    made = http.post("/api/v1/accounts", json={"name": name, "capital": "100000"})
    assert made.status_code == 201, made.text
    return name


@pytest.fixture
def post(http: httpx2.Client, account: str) -> Post:
    def posted(key: str | None, **changes: object) -> httpx2.Response:
        body = {"account": account, "instrument": "AAPL.XNAS", "side": "buy", "quantity": "5", **changes}
        headers = {} if key is None else {"Idempotency-Key": key}
        return http.post("/api/v1/orders", json=body, headers=headers)

    return posted


def stored(http: httpx2.Client, account: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/api/v1/orders", params={"account": account}).json()["items"]
    return found


class TestKeys:
    @pytest.mark.parametrize("key", [None, ""])
    def test_without_one_nothing_is_ordered_and_the_answer_says_why(
        self, http: httpx2.Client, account: str, post: Post, key: str | None
    ) -> None:
        answer = post(key)
        assert answer.status_code == 400
        problem = answer.json()
        assert problem["code"] == "idempotency_key_missing"
        assert "Idempotency-Key" in problem["detail"]
        assert "random" in problem["hint"]
        assert stored(http, account) == []

    def test_the_same_request_again_is_answered_with_the_same_words(
        self, workspace: Workspace, http: httpx2.Client, account: str, post: Post
    ) -> None:
        first = post(f"{account}-again")
        assert first.status_code == 201
        workspace.clock.advance(timedelta(minutes=5))  # type: ignore[attr-defined]
        again = post(f"{account}-again")
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert [each["id"] for each in stored(http, account)] == [first.json()["id"]]

    def test_another_request_with_a_used_key_is_refused(self, http: httpx2.Client, account: str, post: Post) -> None:
        key = f"{account}-used"
        first = post(key)
        for changes in ({"quantity": "6"}, {"side": "sell"}, {"kind": "limit", "limit_price": "100"}):
            answer = post(key, **changes)
            assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
        assert [each["id"] for each in stored(http, account)] == [first.json()["id"]]

    def test_what_the_gate_refused_may_be_asked_again_with_the_same_key(
        self, http: httpx2.Client, account: str, post: Post
    ) -> None:
        key = f"{account}-refused"
        refused = post(key, quantity="1000000")
        assert (refused.status_code, refused.json()["code"]) == (403, "buying_power")
        assert post(key).status_code == 201
        assert len(stored(http, account)) == 1

    def test_one_that_is_being_carried_out_is_a_conflict_until_its_process_is_taken_for_dead(
        self, workspace: Workspace, http: httpx2.Client, account: str, post: Post
    ) -> None:
        # what a server leaves behind that dies between taking a request and answering it
        key = f"{account}-running"
        wish = OrderRequest.model_validate(
            {"account": account, "instrument": "AAPL.XNAS", "side": "buy", "quantity": "5"}
        )
        body = sha256(wish.model_dump_json().encode()).hexdigest()
        beside = Database.open(
            workspace.home.database
            if workspace.settings.database is None
            else workspace.settings.database.get_secret_value()
        )
        with own_loop():
            now(beside.write(idempotency.begin, "local", key, body, workspace.clock.now_utc()))
        beside.close()
        waiting = post(key)
        assert (waiting.status_code, waiting.json()["code"]) == (409, "request_running")
        assert stored(http, account) == []
        workspace.clock.advance(idempotency.RUNNING)  # type: ignore[attr-defined]
        done = post(key)
        assert done.status_code == 201
        assert post(key).content == done.content
        assert len(stored(http, account)) == 1

    def test_many_at_once_with_one_key_are_one_order(self, http: httpx2.Client, account: str, post: Post) -> None:
        key = f"{account}-rush"
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: post(key), range(24)))
        assert {answer.status_code for answer in answers} <= {201, 409}
        placed = {answer.content for answer in answers if answer.status_code == 201}
        assert len(placed) == 1
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"request_running"}
        assert len(stored(http, account)) == 1
        assert post(key).content in placed

    def test_a_key_is_kept_for_a_day_and_not_longer(
        self, workspace: Workspace, http: httpx2.Client, account: str, post: Post
    ) -> None:
        key = f"{account}-day"
        first = post(key)
        workspace.clock.advance(timedelta(hours=23, minutes=59))  # type: ignore[attr-defined]
        assert post(key).content == first.content
        workspace.clock.advance(timedelta(minutes=2))  # type: ignore[attr-defined]
        another = post(key)
        assert another.status_code == 201
        assert another.json()["id"] != first.json()["id"]
        assert len(stored(http, account)) == 2
