from __future__ import annotations

import asyncio

import pytest

ROUTES = [
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/healthz"),
    ("GET", "/api/v1/jobs"),
    ("POST", "/api/v1/backtests"),
    ("DELETE", "/api/v1/datasets/sample"),
    ("OPTIONS", "/api/v1/backtests"),
    ("HEAD", "/"),
    ("GET", "/no/such/route"),
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "127.0.0.1@evil.example",
    "localhost.",
    "0.0.0.0:8000",
    "192.168.0.10",
    "[::]",
    "[fe80::1]",
    "2130706433",
    "0x7f000001",
    "127.1",
    "127.0.0.1:8000, evil.example",
    "127.0.0.1:port",
    "",
    " 127.0.0.1",
    "127.0.0.1\t",
    "１２７.0.0.1".encode().decode("latin-1"),
]
LOOPBACK_HOSTS = ["127.0.0.1", "127.0.0.1:8000", "localhost", "LOCALHOST:80", "[::1]", "[::1]:8000", "127.9.8.7:1"]
FOREIGN_ORIGINS = [
    "https://evil.example",
    "http://evil.example:8000",
    "null",
    "http://127.0.0.1:9999",
    "http://127.0.0.1",
    "http://localhost:8000",
    "http://127.0.0.1:8000.evil.example",
    "http://127.0.0.1:8000@evil.example",
    "file://",
    "chrome-extension://abcdef",
    "127.0.0.1:8000",
    "",
]


@pytest.fixture(scope="module")
def app(transport):
    return transport._app


class TestRefused:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    def test_a_foreign_host_on_every_route(self, http, method, path):
        answer = http.request(method, path, headers={"host": "evil.example"})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    def test_a_foreign_origin_on_every_route(self, http, method, path):
        assert http.request(method, path, headers={"origin": "https://evil.example"}).status_code == 403

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    @pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "same-origin, cross-site", ""])
    def test_a_request_a_page_of_another_site_made(self, http, method, path, site):
        assert http.request(method, path, headers={"sec-fetch-site": site}).status_code == 403

    @pytest.mark.parametrize("host", FOREIGN_HOSTS)
    def test_every_way_to_write_a_host_that_is_not_this_machine(self, app, host):
        assert ask(app, [(b"host", host.encode("latin-1"))]) == 403

    @pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
    def test_every_way_to_write_an_origin_that_is_not_this_one(self, app, origin):
        headers = [(b"host", b"127.0.0.1:8000"), (b"origin", origin.encode())]
        assert ask(app, headers) == 403

    @pytest.mark.parametrize(
        "headers",
        [
            [],
            [(b"host", b"127.0.0.1"), (b"host", b"evil.example")],
            [(b"host", b"evil.example"), (b"host", b"127.0.0.1")],
            [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000"), (b"origin", b"https://evil.example")],
            [(b"host", b"127.0.0.1"), (b"sec-fetch-site", b"none"), (b"sec-fetch-site", b"cross-site")],
            [(b"x-forwarded-host", b"127.0.0.1")],
        ],
    )
    def test_no_host_or_several(self, app, headers):
        assert ask(app, headers) == 403

    def test_the_answer_tells_nothing_of_this_machine(self, http, workspace):
        answer = http.get("/healthz", headers={"host": "evil.example"})
        assert answer.json()["code"] == "refused"
        assert str(workspace.home.root) not in answer.text
        assert "evil" not in answer.text
        assert "access-control-allow-origin" not in answer.headers

    def test_a_websocket(self, app):
        sent = []
        scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"evil.example")], "query_string": b""}

        async def send(message):
            sent.append(message)

        asyncio.run(app(scope, None, send))
        assert [message["type"] for message in sent] == ["websocket.close"]


class TestAllowed:
    @pytest.mark.parametrize("host", LOOPBACK_HOSTS)
    def test_this_machine_by_any_of_its_names(self, http, host):
        assert http.get("/healthz", headers={"host": host}).status_code == 200

    @pytest.mark.parametrize("host", LOOPBACK_HOSTS)
    def test_pages_of_our_own(self, http, host):
        headers = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
        assert http.get("/healthz", headers=headers).status_code == 200

    def test_an_address_typed_by_hand(self, http):
        assert http.get("/", headers={"sec-fetch-site": "none"}).status_code == 200


def ask(app, headers):
    # httpx would add, merge or refuse headers: speak to the application itself
    sent = []
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/healthz",
        "raw_path": b"/healthz",
        "query_string": b"",
        "headers": headers,
    }

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"]
