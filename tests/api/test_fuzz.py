"""Whatever is asked, the answer is one that the description allows, and never an error of ours."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from midas.api.cursor import encode

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
texts = st.text(max_size=30) | st.sampled_from(
    [
        "sample",
        "AAPL.XNAS",
        "..",
        "../x",
        "%00",
        "\x00",
        "a" * 300,
        "momentum",
        "mine@1",
        "-1",
        "NaN",
        "2024-13-01",
        "한",
    ]
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just("\ud800")
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4))
FIELDS = """
strategy name yaml graph backtest params universe symbols start end initial_capital commission_bps slippage_bps lots
benchmark fresh source dataset version format targets every exits op inputs
"""
sealed = st.builds(
    encode,
    st.sampled_from(["backtests", "jobs", "bars", "instruments"]),
    st.lists(texts | st.integers() | st.sampled_from(["2024-01-02T03:04:05+00:00", "2024-01-02"]), max_size=3),
)
names = st.sampled_from(FIELDS.split())
nodes = st.recursive(
    st.fixed_dictionaries({"op": texts}),
    lambda inner: st.fixed_dictionaries({"op": texts, "inputs": st.lists(inner, max_size=3)}),
    max_leaves=8,
)
tables = st.dictionaries(names, values | nodes, max_size=5)
bodies = st.dictionaries(names, values | nodes | tables, max_size=6) | values
ASKED = ("limit", "cursor", "start", "end", "dataset", "version", "format", "ids", "query", "venue")


@pytest.fixture(scope="module")
def operations(http):
    described = http.get("/openapi.json").json()["paths"]
    skipped = {("/api/v1/datasets/pull", "post")}  # may reach for the network, as it should
    return [(path, verb) for path, verbs in described.items() for verb in verbs if (path, verb) not in skipped]


def check(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail", "code", "hint", "findings"}


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_request(http, operations, data):
    path, verb = data.draw(st.sampled_from(operations))
    for part in ("instrument", "name", "backtest", "what", "job"):
        if f"{{{part}}}" in path:
            path = path.replace(f"{{{part}}}", quote(data.draw(texts.filter(bool)), safe=""))
    asked = st.sampled_from(
        ["limit", "cursor", "start", "end", "dataset", "version", "format", "ids", "query", "venue"]
    )
    query = data.draw(st.dictionaries(asked, texts | st.integers().map(str) | sealed, max_size=4))
    content = b""
    if verb in ("post", "put"):
        body = data.draw(bodies)
        content = json.dumps(body).encode()
    check(http.request(verb.upper(), path, params=query, content=content, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("depth", [50, 500, 1500])
def test_a_graph_as_deep_as_a_body_can_hold(http, depth):
    for opening, closing in (('{"inputs":[', "]}"), ('{"a":', "}"), ("[", "]")):
        deep = opening * depth + "1" + closing * depth
        for body in (f'{{"strategy":{{"graph":{{"targets":{deep}}}}}}}', f'{{"strategy":{{"graph":{deep}}}}}', deep):
            content = body.encode()[:4096] if len(body) > 4096 else body.encode()
            check(http.post("/api/v1/strategies/check", content=content, headers={"content-type": "application/json"}))


@pytest.mark.parametrize("depth", [100, 300, 3000])
def test_an_expression_that_deep(http, depth):
    expression = "(" * depth + "close" + ")" * depth
    body = {"strategy": {"yaml": f"name: deep\ntargets: {expression}\n"}}
    answer = http.post("/api/v1/strategies/check", json=body)
    check(answer)
    if answer.status_code == 200:
        assert answer.json()["ok"] is False


@pytest.mark.parametrize("method", METHODS)
def test_any_method_anywhere(http, operations, method):
    for path, verb in operations:
        if verb.upper() != method:
            check(http.request(method, path.replace("{", "").replace("}", "")))
