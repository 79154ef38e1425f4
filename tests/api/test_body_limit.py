from __future__ import annotations

import pytest

JSON = {"content-type": "application/json"}


def test_a_body_that_says_it_is_too_long(http):
    answer = http.post("/api/v1/backtests", content=b" " * 5000, headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


@pytest.mark.parametrize("path", ["/api/v1/backtests", "/api/v1/strategies/check"])
def test_a_body_in_chunks_that_grows_too_long(http, path):
    answer = http.post(path, content=(b" " * 1000 for _ in range(100)), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_a_file_may_be_longer_but_not_endless(http, workspace):
    query = {"venue": "XNAS", "filename": "a.csv"}
    answer = http.post("/api/v1/datasets/import", params=query, content=(b"x" * 1000 for _ in range(100)))
    assert answer.status_code == 413
    assert [*workspace.jobs.owner.staging.iterdir()] == [], "half a file must not stay"


def test_a_length_that_is_a_lie_does_not_help(http):
    answer = http.post(
        "/api/v1/backtests", content=(b" " * 1000 for _ in range(100)), headers={**JSON, "content-length": "10"}
    )
    assert answer.status_code == 413
