"""`doctor`: tests everything that a node needs, and explains how to fix what fails."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ffmate_desktop import __version__
from ffmate_desktop.bootstrap.cluster import open_cluster, permissions_of
from ffmate_desktop.cli.context import Context, context_of
from ffmate_desktop.cli.text import format_size
from ffmate_desktop.db.connection.connect_errors import lacks_rights
from ffmate_desktop.db.connection.connection import without_password
from ffmate_desktop.db.health import CLOCK, SLOW, Health, check_health
from ffmate_desktop.db.repair import missing_parts_error
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.media.binaries import find_ffmpeg
from ffmate_desktop.media.processes.sandbox import KernelSupport, kernel_support
from ffmate_desktop.media.publish import check_writable
from ffmate_desktop.services.retention import StorageUsage
from ffmate_desktop.settings.file import SettingsFile
from ffmate_desktop.settings.setting import Setting
from ffmate_desktop.settings.table import DATABASE, SETTINGS, Settings

LOW_SPACE = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check; `state` is ok, warning or error."""

    name: str
    state: str
    message: str


def doctor(
    typer_context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check ffmpeg, database, notifications, rights, latency and storage."""
    context = context_of(typer_context)
    checks = context.run(_check_all(context.settings))
    healthy = all(check.state != "error" for check in checks)
    if as_json:
        context.print_json(
            {"version": __version__, "healthy": healthy, "checks": [asdict(check) for check in checks]}
        )
    else:
        _print(context, checks, healthy)
    if not healthy:
        raise typer.Exit(1)


def _print(context: Context, checks: list[Check], healthy: bool) -> None:
    marks = {"ok": "[green]ok[/]     ", "warning": "[yellow]warning[/]", "error": "[red]error[/]  "}
    width = max(len(check.name) for check in checks)
    for check in checks:
        context.console.print(f"{marks[check.state]}  {check.name:<{width}}  ", end="", markup=True)
        first, *more = check.message.splitlines()
        context.console.print(first, markup=False, soft_wrap=True)
        for line in more:
            context.console.print(" " * (width + 11) + line, markup=False, soft_wrap=True)
    context.console.print(
        "All is well." if healthy else "Something is wrong: see the lines marked error.", style="bold"
    )


async def _check_all(settings: Settings) -> list[Check]:
    checks = settings_checks(settings)
    checks += await _guard("ffmpeg", lambda: _ffmpeg(settings))
    checks += await _guard("storage", lambda: check_storage(settings.data_dir))
    checks += await _guard("permissions", lambda: check_permissions(settings))
    checks += await _guard("sandbox", lambda: _check_sandbox(settings))
    checks += await _guard("database", lambda: _database(settings))
    return checks


async def _guard(name: str, check: Callable[[], Awaitable[list[Check]]]) -> list[Check]:
    try:
        return await check()
    except UserError as error:
        return [Check(name, "error", str(error))]


def settings_checks(settings: Settings) -> list[Check]:
    """Each setting with the source of its value, and what is wrong with settings.json."""
    trouble = SettingsFile(settings.data_dir).load().trouble
    lines = [
        f"{setting.field}: {_text(settings, setting)} ({settings.source(setting)})" for setting in SETTINGS
    ]
    checks = [Check("settings", "ok", "\n".join(lines))]
    return [*checks, Check("settings file", "warning", str(trouble))] if trouble else checks


def _text(settings: Settings, setting: Setting[Any]) -> str:
    value = getattr(settings, setting.field)
    return setting.text(without_password(value) if setting is DATABASE and value else value)


async def _ffmpeg(settings: Settings) -> list[Check]:
    found = await find_ffmpeg(settings.ffmpeg)
    found_text = f"version {found.version}, {found.path}"
    if found.confinable:
        return [Check("ffmpeg", "ok", found_text)]
    return [
        Check(
            "ffmpeg",
            "warning",
            f"{found_text}; it can't be sandboxed because it comes from a snap or a flatpak",
        )
    ]


async def check_permissions(settings: Settings) -> list[Check]:
    """What tasks may do here. Raises UserError if the file can't be read; no node starts then."""
    allowed = permissions_of(settings).current()
    folders_by_use = {"scripts": allowed.scripts, "read": allowed.read, "write": allowed.write}
    words = {
        name: "anywhere" if folders is None else " ".join(map(str, folders)) or "none"
        for name, folders in folders_by_use.items()
    }
    return [Check("permissions", "ok", "; ".join(f"{name}: {limit}" for name, limit in words.items()))]


async def _check_sandbox(settings: Settings) -> list[Check]:
    allowed = permissions_of(settings).current()
    return check_sandbox(kernel_support(), limited=allowed.read is not None or allowed.write is not None)


def check_sandbox(kernel_support: KernelSupport, *, limited: bool) -> list[Check]:
    """What the kernel prevents ffmpeg from doing. Without it, only the words of a command are checked."""
    missing = "warning" if limited else "ok"
    if kernel_support.landlock:
        landlock = Check(
            "landlock", "ok", f"version {kernel_support.landlock}: ffmpeg can only write its outputs"
        )
    else:
        landlock = Check(
            "landlock", missing, "not available: only the words of a command are checked against file limits"
        )
    if kernel_support.seccomp:
        return [landlock, Check("seccomp", "ok", "with file limits, ffmpeg can't open a socket")]
    words = "not available: with file limits, only the words of a command are checked for network access"
    return [landlock, Check("seccomp", missing, words)]


async def check_storage(folder: Path) -> list[Check]:
    """Whether the data folder can be written or created, and has space. Raises UserError."""

    def free_space() -> int:  # a missing folder will be created
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        check_writable(existing)
        return shutil.disk_usage(existing).free

    free = await asyncio.to_thread(free_space)
    state = "ok" if free >= LOW_SPACE else "warning"
    return [Check("storage", state, f"{format_size(free)} free in {folder}")]


async def _database(settings: Settings) -> list[Check]:
    async with open_cluster(settings) as cluster:
        health = await check_health(cluster.uri)
        if health.missing_parts:
            raise missing_parts_error(health.missing_parts)
        nodes = [node for node in await cluster.nodes.all() if node.status in ("online", "late", "draining")]
        usage = await cluster.retention.usage()
    where = cluster.address or "embedded"
    names = ", ".join(f"{node.identifier} ({node.status})" for node in nodes)
    return [
        Check("database", "ok", f"PostgreSQL {health.version}, {where}, user {health.role}"),
        *(Check("address", "warning", note) for note in health.notes),
        _encryption(health),
        _latency(health),
        _sessions(health),
        _rights(health),
        *([] if cluster.is_embedded else [check_access(health), *_encoding(health)]),
        _clock(health),
        Check("nodes", "ok", f"{len(nodes)} at work: {names}" if nodes else "none at work"),
        *_usage(settings, usage),
    ]


def _usage(settings: Settings, usage: StorageUsage) -> list[Check]:
    keep = settings.retention
    files = f"{usage.log_files} task logs, {format_size(usage.log_bytes)}, in {settings.task_logs}"
    tasks = (
        f"{usage.finished_tasks} finished in the queue; the database uses {format_size(usage.database_bytes)}"
    )
    return [
        Check("log files", "error", usage.trouble)
        if usage.trouble
        else Check("log files", "ok", f"{files}; kept {_kept(keep.log_days, keep.log_count)}"),
        Check("tasks", "ok", f"{tasks}; kept {_kept(keep.task_days, keep.task_count)}"),
    ]


def _kept(days: int, count: int) -> str:
    limits = [f"for {days} days" if days else "", f"{count} at most" if count else ""]
    return ", ".join(limit for limit in limits if limit) or "without a limit"


def _encryption(health: Health) -> Check:
    if health.encryption:
        trust = "checked" if health.checked else "not checked (sslmode=verify-full would)"
        return Check("encryption", "ok", f"{health.encryption}, the server's certificate is {trust}")
    if health.local:
        return Check("encryption", "ok", "none needed: the connection stays on this computer")
    return Check(
        "encryption", "warning", "none: others on the network can read the traffic. Use sslmode=require."
    )


def _latency(health: Health) -> Check:
    text = f"a query takes {health.latency * 1000:.1f} ms"
    return Check("latency", "ok" if health.latency < SLOW else "warning", text)


def _sessions(health: Health) -> Check:
    through = "; through a pooler in session mode" if health.pooled else ""
    arrive = f"notifications arrive after {health.delivery * 1000:.1f} ms"
    return Check("sessions", "ok", f"{arrive}, session locks work{through}")


def _rights(health: Health) -> Check:
    if health.missing_rights:
        return Check("rights", "error", str(lacks_rights(health.role, health.missing_rights)))
    may = (
        "it can also upgrade them for a new release"
        if health.may_migrate
        else f"only their owner {health.owner} can upgrade them for a new release"
    )
    return Check("rights", "ok", f"this user can read and write all tables; {may}")


def check_access(health: Health) -> Check:
    """Whether every role of the server may connect, and so listen and send notifications."""
    if health.closing:
        return Check(
            "access",
            "warning",
            "every user of the server can connect, and so read notifications. Grant CONNECT to your own users, then"
            f" run as the owner of the database: {health.closing}",
        )
    return Check("access", "ok", "only named users of the server can connect")


def _encoding(health: Health) -> list[Check]:
    """With SQL_ASCII nothing checks what is sent, and the driver closes a connection on text other than UTF-8."""
    if health.encoding == "UTF8":
        return []
    text = f"{health.encoding}: a notification of any user can break the nodes' connections. Use UTF8."
    return [Check("encoding", "warning", text)]


def _clock(health: Health) -> Check:
    off = f"{abs(health.clock_offset):.1f} s {'ahead' if health.clock_offset > 0 else 'behind'}"
    harmless = "; only times in logs are wrong, since nodes use the database's clock"
    is_close = abs(health.clock_offset) < CLOCK
    return Check(
        "clock", "ok" if is_close else "warning", f"the database is {off}{'' if is_close else harmless}"
    )
