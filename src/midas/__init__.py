"""Midas: market data to a checked backtest, in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from midas.client.client import Client


def open(home: str | None = None, *, url: str | None = None) -> Client:  # `midas.open()` is the public name
    """Open a client on the embedded platform under `home`, or on the server at `url`."""
    from midas.client.client import Client

    return Client.open(home=home, url=url)
