"""The nouns of the API, each loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send

_HERE = "/api/v1"


class Noun(BaseRoute):
    """The routes of some modules of this package, which are all at these addresses or below them.

    A command asks for one noun or two, and to load them all takes longer than to answer.
    """

    def __init__(self, modules: Sequence[str], *addresses: str) -> None:
        self._modules, self._addresses = modules, addresses

    @cached_property
    def routes(self) -> list[BaseRoute]:
        """The routes, made once for all applications of this process."""
        loaded = [import_module(f"midas.api.{module}") for module in self._modules]
        return [route for module in loaded for route in module.router.routes]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path = scope["path"]
        mine = any(path == address or path.startswith(f"{address}/") for address in self._addresses)
        return (Match.FULL if mine else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)

    @cached_property
    def _router(self) -> Router:
        return Router(self.routes)


def every_noun() -> list[BaseRoute]:
    """Return what there is, in the order it is described."""
    plain = (
        "instruments", "datasets", "strategies", "factors", "backtests", "sweeps", "evaluations", "jobs", "accounts",
        "orders", "positions", "trades", "ledger", "runs", "risk",
    )  # fmt: skip
    more = {"datasets": (f"{_HERE}/sources",)}
    beside = {"backtests": ("montecarlo",)}
    nouns = [Noun((name, *beside.get(name, ())), f"{_HERE}/{name}", *more.get(name, ())) for name in plain]
    return [Noun(("health",), "/healthz"), *nouns, Noun(("home",), "/"), Noun(("openapi",), "/docs")]


def load(routes: Sequence[BaseRoute]) -> None:
    """Load every noun among them now: nobody who asks a server waits for that."""
    for route in routes:
        if isinstance(route, Noun):
            _ = route.routes
