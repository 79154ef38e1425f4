from __future__ import annotations

import re

import pytest
from fastapi import APIRouter

from midas.core import errors
from midas.core.errors import MidasError
from midas.wire.backtests import BacktestRequest
from midas.wire.problem import STATUS

KEYS = {"type", "title", "status", "detail", "code", "hint", "findings"}
CANARY = "hunter2-canary"


def problem(answer, status):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert set(document) == KEYS
    assert document["status"] == status
    assert document["code"]
    assert document["detail"]
    return document


@pytest.fixture(scope="module")
def raising(http, transport):
    app = transport._app
    router = APIRouter()

    @router.get("/raise/{name}")
    async def fail(name: str):
        if name == "ValueError":
            raise ValueError(f"{CANARY} in /home/someone/secret")
        raise getattr(errors, name)("what happened", hint="do this", code="some_code", findings=["one"])

    @router.post("/echo")
    async def echo(body: BacktestRequest):
        return body

    app.include_router(router)
    return http


class TestOurErrors:
    @pytest.mark.parametrize("kind", STATUS)
    def test_each_has_its_status_and_says_all_it_knows(self, raising, kind):
        document = problem(raising.get(f"/raise/{kind.__name__}"), STATUS[kind])
        assert (document["detail"], document["hint"]) == ("what happened", "do this")
        assert (document["code"], document["findings"]) == ("some_code", ["one"])


class TestInvalidRequests:
    @pytest.mark.parametrize(
        "body",
        [
            {"strategy": {"name": "momentum"}, "slippage_bps": CANARY},
            {"strategy": {"name": "momentum"}, "start": CANARY},
            {"strategy": {"name": "momentum"}, "initial_capital": CANARY},
            {"strategy": {"name": "momentum"}, "lots": CANARY},
            {"strategy": CANARY},
            {"strategy": {"graph": CANARY}},
            [CANARY],
            CANARY,
        ],
    )
    def test_name_the_place_and_never_repeat_the_value(self, http, body):
        answer = http.post("/api/v1/backtests", json=body)
        document = problem(answer, 422)
        assert document["code"] == "invalid_request"
        assert document["findings"]
        assert CANARY not in answer.text

    def test_the_place_is_told(self, http):
        answer = http.post("/api/v1/backtests", json={"strategy": {"name": "momentum"}, "slippage_bps": "x"})
        assert "body.slippage_bps" in problem(answer, 422)["detail"]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    @pytest.mark.parametrize("field", ["slippage_bps", "commission_bps", "initial_capital"])
    def test_nan_and_infinity(self, http, field, number):
        body = f'{{"strategy": {{"name": "momentum"}}, "{field}": {number}}}'
        answer = http.post("/api/v1/backtests", content=body, headers={"content-type": "application/json"})
        problem(answer, 422)

    @pytest.mark.parametrize("body", ["{", "", "{'a': 1}", "[" * 100_000, '{"a":' * 500, "\x00", "1" * 4000, "\udcff"])
    def test_a_body_that_is_not_json(self, http, body):
        content = body.encode("utf-8", "surrogateescape")[:4096]
        answer = http.post("/api/v1/backtests", content=content, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422)
        problem(answer, answer.status_code)

    @pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", f"limit={'9' * 400}"])
    def test_a_page_size_out_of_range(self, http, query):
        problem(http.get(f"/api/v1/jobs?{query}"), 422)

    @pytest.mark.parametrize("cursor", ["x", "", "AAAA", "%00", "ey" * 400, "한글"])
    def test_a_cursor_that_is_none_of_ours(self, http, cursor):
        document = problem(http.get("/api/v1/jobs", params={"cursor": cursor}), 400)
        assert document["code"] == "bad_cursor"


class TestTheRest:
    def test_an_unknown_route(self, http):
        answer = http.get(f"/api/v1/{CANARY}")
        assert problem(answer, 404)["code"] == "no_such_route"
        assert CANARY not in answer.text

    def test_a_method_the_route_does_not_take(self, http):
        answer = http.patch("/api/v1/jobs")
        assert problem(answer, 405)["code"] == "method_not_allowed"
        assert "GET" in answer.headers["allow"]

    def test_what_nobody_expected_tells_nothing_of_the_inside(self, raising):
        answer = raising.get("/raise/ValueError")
        document = problem(answer, 500)
        assert document["code"] == "internal"
        assert CANARY not in answer.text
        assert not re.search(r"Traceback|File |ValueError|/home", answer.text)

    def test_every_status_is_an_error(self):
        assert all(issubclass(kind, MidasError) and status >= 400 for kind, status in STATUS.items())
