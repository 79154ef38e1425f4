"""Lists: how long they may be."""

from __future__ import annotations

from typing import Annotated

import typer

Limit = Annotated[int, typer.Option("--limit", min=1, help="At most this many.")]
