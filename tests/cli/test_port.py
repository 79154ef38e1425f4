from __future__ import annotations

import socket

import pytest

from midas.cli.process.port import is_free, reserve
from midas.core.errors import InvalidInput, Unavailable


class TestReserve:
    @pytest.mark.parametrize("port", [-1, 65536])
    def test_what_is_no_port(self, port: int) -> None:
        with pytest.raises(InvalidInput, match="is not a port"):
            reserve(port)

    def test_a_taken_one_says_which_to_try(self) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            with pytest.raises(Unavailable, match=f"Port {port} on 127.0.0.1 is taken") as refused:
                reserve(port)
            assert refused.value.code == "port_taken"
            assert f"PORT={port + 1} make start" in refused.value.hint
            assert not is_free(port)

    def test_it_is_held_until_it_is_closed(self) -> None:
        with reserve(0) as held:
            port = held.getsockname()[1]
            with socket.socket() as visitor:
                assert visitor.connect_ex(("127.0.0.1", port)) != 0
        assert is_free(port)
