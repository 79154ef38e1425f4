from __future__ import annotations

import re

import pytest

ROUTES = {
    "/healthz": {"get"},
    "/api/v1/instruments": {"get"},
    "/api/v1/instruments/{instrument}": {"get"},
    "/api/v1/instruments/{instrument}/bars": {"get"},
    "/api/v1/instruments/{instrument}/latest": {"get"},
    "/api/v1/sources": {"get"},
    "/api/v1/datasets": {"get"},
    "/api/v1/datasets/pull": {"post"},
    "/api/v1/datasets/import": {"post"},
    "/api/v1/datasets/{name}": {"get", "delete"},
    "/api/v1/datasets/{name}/check": {"get"},
    "/api/v1/strategies": {"get", "post"},
    "/api/v1/strategies/check": {"post"},
    "/api/v1/strategies/explain": {"post"},
    "/api/v1/strategies/{name}": {"get", "put", "delete"},
    "/api/v1/strategies/{name}/versions": {"get"},
    "/api/v1/factors/operators": {"get"},
    "/api/v1/factors/library": {"get"},
    "/api/v1/factors/library/{name}": {"get"},
    "/api/v1/backtests": {"get", "post"},
    "/api/v1/backtests/compare": {"get"},
    "/api/v1/backtests/measures": {"get"},
    "/api/v1/backtests/{backtest}/measures": {"get"},
    "/api/v1/backtests/{backtest}": {"get", "delete"},
    "/api/v1/backtests/{backtest}/series/{what}": {"get"},
    "/api/v1/backtests/{backtest}/tearsheet": {"get"},
    "/api/v1/backtests/{backtest}/montecarlo": {"post"},
    "/api/v1/sweeps": {"get", "post"},
    "/api/v1/sweeps/{sweep}": {"get", "delete"},
    "/api/v1/sweeps/{sweep}/trials": {"get"},
    "/api/v1/evaluations": {"get", "post"},
    "/api/v1/evaluations/{evaluation}": {"get", "delete"},
    "/api/v1/evaluations/{evaluation}/rerun": {"post"},
    "/api/v1/evaluations/{evaluation}/scores": {"get"},
    "/api/v1/accounts": {"get", "post"},
    "/api/v1/accounts/{account}": {"get"},
    "/api/v1/accounts/{account}/reset": {"post"},
    "/api/v1/orders": {"get", "post"},
    "/api/v1/orders/{order}": {"get", "delete"},
    "/api/v1/positions": {"get"},
    "/api/v1/trades": {"get"},
    "/api/v1/ledger/seals": {"post"},
    "/api/v1/trades/executions": {"get"},
    "/api/v1/trades/stats": {"get"},
    "/api/v1/ledger/verify": {"get", "post"},
    "/api/v1/runs": {"get", "post"},
    "/api/v1/runs/{run}": {"get"},
    "/api/v1/runs/{run}/stop": {"post"},
    "/api/v1/runs/{run}/pause": {"post"},
    "/api/v1/runs/{run}/resume": {"post"},
    "/api/v1/runs/{run}/arm": {"post"},
    "/api/v1/runs/{run}/parity": {"get"},
    "/api/v1/runs/{run}/logs": {"get"},
    "/api/v1/risk/kills": {"get", "post"},
    "/api/v1/risk/kills/release": {"post"},
    "/api/v1/risk/quarantines": {"get"},
    "/api/v1/risk/quarantines/release": {"post"},
    "/api/v1/risk/drills/{account}": {"post"},
    "/api/v1/risk/limits/{account}": {"get", "patch", "put"},
    "/api/v1/risk/limits/{account}/runs/{run}": {"get", "patch", "put"},
    "/api/v1/jobs": {"get"},
    "/api/v1/jobs/{job}": {"get", "delete"},
}


@pytest.fixture
def described(http):
    return http.get("/openapi.json").json()


def test_every_route_is_described_and_no_other(described):
    assert {path: set(verbs) for path, verbs in described["paths"].items()} == ROUTES


def test_every_operation_says_what_an_error_looks_like(described):
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            content = operation["responses"]["default"]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, path
            assert "422" not in operation["responses"], (path, verb)
            assert operation["description"], (path, verb)


def test_every_reference_leads_somewhere(described):
    schemas = described["components"]["schemas"]
    wanted = set(re.findall(r"#/components/schemas/([^\"']+)", str(described)))
    assert wanted <= set(schemas)
    assert set(schemas["Problem"]["properties"]) == {"type", "title", "status", "detail", "code", "hint", "findings"}


def test_operation_ids_are_distinct(described):
    ids = [operation["operationId"] for verbs in described["paths"].values() for operation in verbs.values()]
    assert len(ids) == len(set(ids))


def test_the_page_lists_every_operation_and_fetches_nothing(http):
    page = http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for path in ROUTES:
        assert path in page.text
    assert not re.search(r"<script|<link|<img|https?://|@import|url\(", page.text)
