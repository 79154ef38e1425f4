"""Serving a data home on this machine until someone says stop."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from midas.core.errors import InvalidInput

if TYPE_CHECKING:
    from midas.app.settings import Settings

GRACE_S = 3
"""How long requests in flight may still take once the server is told to stop."""


def serve_until_stopped(settings: Settings, reserved: socket.socket, ready: Callable[[], None], *, log: bool) -> None:
    """Serve on a bound socket, call `ready` once requests are answered, and return after Ctrl-C or SIGTERM.

    Raises
    ------
    StorageCorrupt, Busy, StorageFull, Unavailable: the data home cannot be opened.
    """
    import uvicorn

    from midas.api.create import create_app
    from midas.api.nouns import load
    from midas.app.workspace import Workspace

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    with _until_stopped(), Workspace.open(settings) as workspace:
        app = create_app(workspace)
        load(app.routes)
        config = uvicorn.Config(
            app,
            log_level="info" if log else "warning",
            access_log=log,
            timeout_graceful_shutdown=GRACE_S,
            server_header=False,
        )
        Announcing(config).run(sockets=[reserved])


def settings_for(home: Path | None, *, served: bool) -> Settings:
    """Return the settings of this process: a server does jobs in processes of their own unless told otherwise.

    Raises
    ------
    InvalidInput: a `MIDAS_*` variable cannot be read.
    """
    from pydantic import ValidationError

    from midas.app.settings import Settings

    try:
        settings = Settings() if home is None else Settings(home=home)
    except ValidationError as error:
        where = "MIDAS_" + "__".join(str(part).upper() for part in error.errors()[0]["loc"])
        raise InvalidInput(
            f"{where} cannot be read: {error.errors()[0]['msg']}.", hint="Correct or unset it.", code="bad_setting"
        ) from None
    if served and "runner" not in settings.jobs.model_fields_set:
        jobs = settings.jobs.model_copy(update={"runner": "processes"})
        settings = settings.model_copy(update={"jobs": jobs})
    return settings


@contextmanager
def _until_stopped() -> Iterator[None]:
    # uvicorn stops on SIGINT and SIGTERM and then raises them again. Being told to stop is how a server ends well, also
    # before it listens; so both become the one exception that is swallowed here.
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
