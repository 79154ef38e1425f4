"""Run by Alembic, on the connection `midas.db.migrating` hands it."""

from __future__ import annotations

from alembic import context

import midas.db.tables  # noqa: F401  # METADATA knows them then
from midas.db.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
