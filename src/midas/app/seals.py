"""Sealing the audit trails, and comparing them with what was sealed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

from anyio import to_thread

from midas.app.seal_file import SealFile
from midas.app.workspace import Workspace
from midas.core.errors import Busy, MidasError, StorageFull, Unavailable
from midas.db import audit, book_chain, journal_writes
from midas.identity.seals import Flaw, Seal, compared, flaws_of, seal_from_line
from midas.trading.journal import NOBODY, Audit
from midas.trading.wishes import Told

_LOOK_EVERY_S = 2.0


_WHO, _ACT = "seal", "ledger.sealed"


async def seal(workspace: Workspace) -> list[Seal]:
    """Seal every trail that grew since its last seal, and with it what was booked.

    Raises
    ------
    Busy, StorageFull: nothing was sealed.
    """
    for account in await workspace.database.read(book_chain.unspoken):
        # a line says how far the ledger went when it was written: one more where something was booked since
        line = Audit(account, _WHO, _ACT, account, {}, workspace.clock.now_utc())
        await workspace.database.write(journal_writes.write, account, NOBODY, [line])
    ends = await workspace.database.read(audit.ends)
    grown = [(account, n, chain_hash) for account, (n, chain_hash) in ends.items()]
    return await to_thread.run_sync(_file(workspace).append, grown, workspace.clock.now_utc().isoformat())


async def compare(workspace: Workspace, copy: Sequence[str] | None = None) -> tuple[list[Flaw], dict[str, int]]:
    """Return where trails part from what was sealed, and the last line sealed of each; `copy` are seals from elsewhere.

    Raises
    ------
    StorageCorrupt: the key cannot be read.
    """
    file = _file(workspace)
    own, key = await to_thread.run_sync(lambda: (file.lines(), file.key()))
    lines = own if copy is None else list(copy)
    if not lines:
        return [], {}
    if key is None:
        flaws = [Flaw("", f"there are seals, but {file.key_path} is gone")]
    else:
        flaws = flaws_of(lines, key, whole=copy is None)
    if not set(lines) <= set(own):
        flaws.append(Flaw("", "seals of the copy are not among those of this home: some were changed or are gone"))
    seals = [known for line in lines if (known := seal_from_line(line)) is not None]
    ends = {account: n for account, (n, _) in (await workspace.database.read(audit.ends)).items()}
    asked: defaultdict[str, list[int]] = defaultdict(list)
    for each in seals:
        asked[each.account].append(each.n)
    stored: dict[tuple[str, int], str] = {}
    for account, numbers in asked.items():
        found = await workspace.database.read(audit.hashes, account, numbers)
        stored |= {(account, n): chain_hash for n, chain_hash in found.items()}
    return flaws + compared(seals, ends, stored), {account: max(numbers) for account, numbers in asked.items()}


class Sealing:
    """Seals while a trader works: every so often, after many lines, and at its end."""

    def __init__(self, workspace: Workspace, told: Told) -> None:
        self._workspace, self._told = workspace, told
        self._last_s = workspace.clock.monotonic_s()
        self._lines = 0

    async def keep(self) -> None:
        """Seal for ever; what goes wrong is told and tried again, for trading must not wait for it."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                if await self._due():
                    await self.once()
            except (Unavailable, Busy) as error:
                self._told(f"audit trail: {error.message}")

    async def once(self) -> None:
        """Seal now."""
        try:
            await seal(self._workspace)
        except (Busy, StorageFull, Unavailable) as error:
            self._told(f"The audit trail was not sealed: {error.message}")
            return
        except MidasError as error:
            # a key that was damaged must not end trading; whoever verifies is told as well
            self._told(f"The audit trail was not sealed: {error.message} {error.hint}")
        self._last_s = self._workspace.clock.monotonic_s()
        self._lines = await self._written()

    async def _due(self) -> bool:
        settings = self._workspace.settings.audit
        waited_s = self._workspace.clock.monotonic_s() - self._last_s
        return waited_s >= settings.every_s or await self._written() - self._lines >= settings.every_lines

    async def _written(self) -> int:
        return sum(n for n, _ in (await self._workspace.database.read(audit.ends)).values())


def _file(workspace: Workspace) -> SealFile:
    # each database of a home has a file of its own: accounts of two may have one name
    place, file = workspace.database.place, workspace.home.seals
    if place.serves:
        file = file.with_name(f"{file.stem}-{sha256(place.name.encode()).hexdigest()[:12]}{file.suffix}")
    return SealFile(file, workspace.home.seal_key, workspace.settings.audit.copy_to)
