"""The platform from Python, embedded or at a URL."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from midas.client.accounts import Accounts
from midas.client.backtests import Backtests
from midas.client.datasets import Datasets
from midas.client.evaluations import Evaluations
from midas.client.factors import Factors
from midas.client.instruments import Instruments
from midas.client.jobs import Jobs
from midas.client.ledger import Ledger
from midas.client.link import Link
from midas.client.orders import Orders
from midas.client.positions import Positions
from midas.client.risk import Risk
from midas.client.runs import Runs
from midas.client.strategies import Strategies
from midas.client.sweeps import Sweeps
from midas.client.trades import Trades
from midas.core.errors import InvalidInput
from midas.wire.health import Health


class Client:
    """Every noun's verbs. Close it, or use it in a `with` statement."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.jobs = Jobs(link)
        self.instruments = Instruments(link)
        self.datasets = Datasets(link, self.jobs)
        self.strategies = Strategies(link)
        self.factors = Factors(link)
        self.backtests = Backtests(link, self.jobs)
        self.sweeps = Sweeps(link, self.jobs)
        self.evaluations = Evaluations(link, self.jobs)
        self.trades = Trades(link)
        self.positions = Positions(link)
        self.orders = Orders(link)
        self.ledger = Ledger(link)
        self.accounts = Accounts(link)
        self.runs = Runs(link)
        self.risk = Risk(link)

    @classmethod
    def open(cls, home: str | Path | None = None, url: str | None = None) -> Client:
        """Open the embedded platform under `home` (default `MIDAS_HOME`), or the server at `url`.

        Raises
        ------
        InvalidInput: both were given, or `url` is not an http address.
        Busy, StorageCorrupt, StorageFull: the data home cannot be opened.
        """
        from midas.client.opening import open_embedded, open_remote

        if home is not None and url is not None:
            raise InvalidInput(
                "Both a data home and a URL were given.",
                hint="A server has its own home: leave one out.",
                code="bad_url",
            )
        return cls(open_remote(url) if url is not None else open_embedded(home))

    def health(self) -> Health:
        return self._link.get(Health, "/healthz")

    def close(self) -> None:
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
