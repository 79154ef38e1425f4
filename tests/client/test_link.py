from __future__ import annotations

import socket
import threading
import time

import pytest

from midas.client.client import Client
from midas.core.errors import InvalidInput, Unavailable


def answering(reply: bytes):
    listening = socket.create_server(("127.0.0.1", 0))

    def answer():
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            if reply:
                connection.sendall(reply)

    threading.Thread(target=answer, daemon=True).start()
    return listening


class TestRefusals:
    @pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "file:///etc/passwd"])
    def test_what_is_not_an_address(self, url):
        with pytest.raises(InvalidInput) as refusal:
            Client.open(url=url)
        assert refusal.value.code == "bad_url"

    def test_a_home_and_an_address(self, tmp_path):
        with pytest.raises(InvalidInput):
            Client.open(home=tmp_path, url="http://127.0.0.1:1")


class TestUnreachable:
    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with Client.open(url=f"http://127.0.0.1:{port}") as client, pytest.raises(Unavailable) as refusal:
            client.health()
        assert refusal.value.code == "unreachable"
        assert "midas serve" in refusal.value.hint
        assert f"127.0.0.1:{port}" in refusal.value.message

    @pytest.mark.parametrize(
        ("reply", "code"),
        [
            (b"", "unreachable"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{", "unreachable"),
            (b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 5\r\n\r\n<html", "not_midas"),
            (b"HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n", "not_midas"),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n<html></html", "answer_unknown"),
            (
                b"HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: 2\r\n\r\n{}",
                "answer_unknown",
            ),
            (b"nonsense\r\n\r\n", "unreachable"),
        ],
    )
    def test_something_else_listens(self, reply, code):
        with answering(reply) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with Client.open(url=url) as client, pytest.raises(Unavailable) as refusal:
                client.health()
        assert refusal.value.code == code

    def test_a_server_that_never_answers(self, monkeypatch):
        monkeypatch.setattr("midas.client.opening.READ_TIMEOUT_S", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            begun = time.monotonic()
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with Client.open(url=url) as client, pytest.raises(Unavailable) as refusal:
                client.health()
        assert refusal.value.code == "timeout"
        assert time.monotonic() - begun < 5

    def test_a_password_in_the_address_is_not_repeated(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with Client.open(url=f"http://me:hunter2@127.0.0.1:{port}") as client, pytest.raises(Unavailable) as refusal:
            client.health()
        assert "hunter2" not in str(refusal.value)


class TestClosed:
    def test_a_closed_client_says_so(self, tmp_path):
        client = Client.open(home=tmp_path / "home")
        client.close()
        client.close()
        with pytest.raises(Unavailable, match="closed"):
            client.health()
