"""Claims on watchfolders: which node may scan one, and how its scan ends. scans.sql explains the rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import query
from ffmate_desktop.domain.stored_values import Unreadable, as_list, as_object, as_text
from ffmate_desktop.domain.watchfolder import ScanResult, WatchfolderSettings, read_watchfolder_settings


class NewerSettingsError(Exception):
    """A newer release set something that this one doesn't know; the watchfolder was left to other nodes."""

    def __init__(self, folder: int, sentence: str, *, others: bool) -> None:
        super().__init__(sentence)
        self.folder = folder
        self.others = others


class ScanLostError(Exception):
    """Another node scans it now, or the watchfolder was changed: nothing was written."""


@dataclass(frozen=True, slots=True)
class ScanClaim:
    """A node's claim to scan a folder.

    `roots` maps machines to the (device, inode) of the folder that they saw; "*" among them accepts any.
    `MOUNTS` plus a machine: the folders below it where that machine saw other file systems mounted.
    `last_step` is the newest step; steps before `first_step` can't be read as a difference: rows were removed.
    """

    id: int
    uuid: UUID
    epoch: int
    node_id: int
    node: str
    machine: str
    version: int
    settings: WatchfolderSettings
    roots: dict[str, Any]
    last_step: int
    first_step: int
    settled_at: datetime
    started_at: datetime
    unreachable: tuple[str, ...]
    """Nodes that couldn't reach it since the last scan."""

    @property
    def mounts(self) -> frozenset[str]:
        """Folders below the root where any machine saw another file system mounted."""
        seen = [paths for key, paths in self.roots.items() if key.startswith(MOUNTS)]
        return frozenset(path for paths in seen for path in map(as_text, as_list(paths)) if path is not None)

    @property
    def lease(self) -> timedelta:
        """How long it lasts without renewal: about an interval."""
        return timedelta(seconds=min(max(self.settings.interval, LEAST_LEASE), MOST_LEASE))


LEAST_LEASE, MOST_LEASE = 5.0, 30.0

MOUNTS = "mounts of "
MOST_MOUNTS = 200
"""The most folders that are stored; trees of snapshots have thousands."""


async def next_scan(database: Database, node_id: int) -> float | None:
    """Seconds until this node may scan a folder, negative if one is overdue; None if there is none."""
    row = await database.fetch_one(query("scans", "next_scan"), node_id)
    return None if row is None else row["seconds"]


async def claim_scan(
    database: Database, node_id: int, changed: Sequence[int] = (), avoid: Sequence[int] = ()
) -> ScanClaim | None:
    """Claim a folder that is due or among `changed`; those to `avoid` only if no other node claims them.

    Raises NewerSettingsError.
    """
    row = await database.fetch_one(
        query("scans", "claim_scan"),
        node_id,
        list(changed),
        list(avoid),
        timedelta(seconds=LEAST_LEASE),
    )
    if row is None:
        return None
    settings = read_watchfolder_settings(row["spec"])
    if isinstance(settings, Unreadable):
        node = row["identifier"]
        sentence = f"The settings of “{row['name']}” can't be used on {node}. {settings}"
        left = await database.fetch_one(
            query("scans", "report_unreachable"), row["id"], row["epoch"], node_id, sentence, node
        )
        others = left is not None and bool(left["left_over"])
        raise NewerSettingsError(row["id"], sentence, others=others)
    return ScanClaim(
        id=row["id"],
        uuid=row["uuid"],
        epoch=row["epoch"],
        node_id=node_id,
        node=row["identifier"],
        machine=row["machine"],
        version=row["version"],
        settings=settings,
        roots=as_object(row["roots"]),
        last_step=row["ledger"],
        first_step=row["ledger_from"],
        settled_at=row["settled_at"],
        started_at=row["started_at"],
        unreachable=tuple(row["unreachable"]),
    )


async def renew_scan(database: Database, claim: ScanClaim) -> None:
    """Renew the claim; raises ScanLostError."""
    row = await database.fetch_one(
        query("scans", "renew_scan"), claim.id, claim.epoch, claim.node_id, claim.lease
    )
    if row is None:
        raise ScanLostError


async def end_scan(
    database: Database,
    claim: ScanClaim,
    result: ScanResult,
    error: str | None,
    *,
    root: tuple[int, int] | None,
    wait: float | None,
    ends_recorded: bool,
    mounts: Sequence[str] = (),
) -> None:
    """Store the result of the scan and end the claim. Raises ScanLostError.

    `root` is set if files were seen in the folder, or none were expected. `wait` is the seconds until a file is worth
    another look. `ends_recorded`: the file records include all tasks that ended before the scan began.
    """
    interval = claim.settings.interval
    row = await database.fetch_one(
        query("scans", "end_scan"),
        claim.id,
        claim.epoch,
        claim.node_id,
        claim.node,
        result.to_json(),
        error,
        None if root is None else {claim.machine: list(root)} | _mounts(claim, mounts),
        timedelta(seconds=interval if wait is None else min(wait, interval)),
        timedelta(seconds=min(result.seconds, interval)),
        claim.started_at if ends_recorded else None,
    )
    if row is None:
        raise ScanLostError


def _mounts(claim: ScanClaim, mounts: Sequence[str]) -> dict[str, list[str]]:
    key = f"{MOUNTS}{claim.machine}"
    return {key: sorted(mounts)[:MOST_MOUNTS]} if mounts or key in claim.roots else {}


async def report_unreachable(database: Database, claim: ScanClaim, sentence: str) -> bool:
    """Report that this node can't reach the folder. Returns whether others will try; raises ScanLostError."""
    row = await database.fetch_one(
        query("scans", "report_unreachable"), claim.id, claim.epoch, claim.node_id, sentence, claim.node
    )
    if row is None:
        raise ScanLostError
    return bool(row["left_over"])


async def observed_folders(database: Database, node_id: int) -> list[tuple[int, str]]:
    """The folders that this node may scan: id and path."""
    rows = await database.fetch(query("scans", "observed_folders"), node_id)
    return [(row["id"], row["path"]) for row in rows if row["path"]]
