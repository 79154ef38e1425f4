from __future__ import annotations

import pytest

from midas.cli.invocation import Invocation
from midas.core.errors import InvalidInput


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MIDAS_URL", raising=False)


class TestServer:
    def test_cloud_needs_an_address(self) -> None:
        with pytest.raises(InvalidInput, match="needs a server") as refused:
            Invocation(mode="cloud").server()
        assert "--url" in refused.value.hint

    def test_local_and_an_address_contradict_each_other(self) -> None:
        with pytest.raises(InvalidInput, match="on this machine"):
            Invocation(mode="local", url="http://h:1").server()

    def test_an_address_alone_is_enough(self) -> None:
        assert Invocation(url="http://h:1").server() == "http://h:1"

    def test_nothing_said_is_this_machine(self) -> None:
        assert Invocation().server() is None

    def test_the_variable_is_heard(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MIDAS_URL", "http://v:1")
        assert Invocation().server() == "http://v:1"

    def test_mode_local_wins_over_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MIDAS_URL", "http://v:1")
        assert Invocation(mode="local").server() is None
