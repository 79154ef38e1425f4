from __future__ import annotations

import pytest


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/openapi.json", "/api/v1/jobs", "/nowhere"])
def test_every_answer_says_what_a_browser_must_not_do(http, path):
    headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_refusals_have_them_too(http):
    for answer in (http.get("/", headers={"host": "evil.example"}), http.post("/api/v1/jobs", content=b" " * 9000)):
        assert answer.status_code in (403, 413)
        assert answer.headers["x-content-type-options"] == "nosniff"
