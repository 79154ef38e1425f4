"""A port on this machine, taken before any work is done for it."""

from __future__ import annotations

import errno
import socket

from midas.core.errors import InvalidInput, Unavailable

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
PORT_VARIABLES = ["MIDAS_PORT", "PORT"]


def reserve(port: int) -> socket.socket:
    """Bind `port` (0: any free one) on the loopback address; connections are refused until someone listens.

    Raises
    ------
    InvalidInput: not a port.
    Unavailable: another program has it, code `port_taken`.
    """
    if not 0 <= port <= 65535:
        raise InvalidInput(f"{port} is not a port.", hint="Give one from 1 to 65535.", code="bad_port")
    # the protocol said outright: asyncio sends small answers at once (TCP_NODELAY) only where it sees that it is TCP
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A server that has just stopped leaves connections that are dying; they must not keep the port from the next one.
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((HOST, port))
    except OSError as error:
        reserved.close()
        raise _not_ours(port, error) from error
    return reserved


def is_free(port: int) -> bool:
    """Return whether `reserve` would succeed now."""
    try:
        reserve(port).close()
    except Unavailable:
        return False
    return True


def _not_ours(port: int, error: OSError) -> Unavailable:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65535 else DEFAULT_PORT + 1
        return Unavailable(
            f"Port {port} on {HOST} is taken by another program, perhaps by Midas itself.",
            hint=f"Choose another one: `PORT={other} make start`, or `midas serve --port {other}`.",
            code="port_taken",
        )
    return Unavailable(
        f"Port {port} on {HOST} cannot be used: {error.strerror}.",
        hint="Choose one above 1023, as in `midas serve --port 8000`.",
        code="port_refused",
    )
