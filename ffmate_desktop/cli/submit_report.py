"""Reports a submission: its tasks as lines or JSON, why they wait, and their progress."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from ffmate_desktop import logs
from ffmate_desktop.cli.board import show_until_done
from ffmate_desktop.cli.context import Context
from ffmate_desktop.cli.selectors import tasks_in_words
from ffmate_desktop.cli.terminal import say
from ffmate_desktop.cli.text import printable
from ffmate_desktop.db.connection.connection import CONNECTION_LOST, reason
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.node import Node
from ffmate_desktop.domain.task import Task, TaskStatus
from ffmate_desktop.services.cluster_services import ClusterServices
from ffmate_desktop.services.tasks import SubmissionResult


async def report(
    context: Context, cluster: ClusterServices, submitted: SubmissionResult, wait: bool, as_json: bool
) -> bool:
    """Show what was queued, and with `wait` its progress; returns whether all succeeded.

    The tasks are queued, so a later error must not make the user queue them again.
    """
    uuids = submitted.uuids
    if uuids and not await _warn_of_waiting_nodes(cluster, submitted):
        uuids = ()  # the nodes couldn't be read, so neither can the tasks
    if wait and submitted.uuids:
        return await _wait(context, cluster, submitted, as_json)
    pages = _read_back(cluster, submitted, uuids)
    if as_json:
        context.print_json(_as_json(submitted, [task async for page in pages for task in page]))
    else:
        await _print_tasks(context, submitted, pages)
    return True


async def _warn_of_waiting_nodes(cluster: ClusterServices, submitted: SubmissionResult) -> bool:
    """Whether the nodes could be read; reports it on stderr if not."""
    try:
        warn_of_waiting(submitted.labels, await cluster.nodes.all())
    except Exception as error:  # noqa: BLE001 - the command has done its work, so no error may end it
        _report_unread(submitted, error)
        return False
    return True


async def _read_back(
    cluster: ClusterServices, submitted: SubmissionResult, uuids: Sequence[UUID]
) -> AsyncIterator[list[Task]]:
    """The submitted tasks, a page at a time; reports on stderr if they can't be read."""
    try:
        async for page in cluster.tasks.get_pages(uuids):
            yield page
    except Exception as error:  # noqa: BLE001 - as above
        _report_unread(submitted, error)


def _report_unread(submitted: SubmissionResult, error: BaseException) -> None:
    logs.cluster.debug("Failed after the tasks were queued", exc_info=True)
    many = "The task is" if submitted.batch is None else f"All {len(submitted.uuids)} tasks are"
    say(f"{many} queued, but reading the cluster failed: {_why(error)}", err=True)


def _why(error: BaseException) -> str:
    return error.message if isinstance(error, UserError) else reason(error)


def _as_json(submitted: SubmissionResult, tasks: Sequence[Task]) -> dict[str, Any]:
    """One object: the task, or the batch in FFmate's format."""
    shown = [task.to_json() for task in tasks] or [{"uuid": str(uuid)} for uuid in submitted.uuids]
    if len(shown) == 1 and submitted.batch is None and not submitted.skipped:
        return shown[0]
    data: dict[str, Any] = {"tasks": shown}
    if submitted.batch is not None:
        data = {"uuid": str(submitted.batch)} | data
    if submitted.skipped:
        data["skipped"] = [asdict(skipped) for skipped in submitted.skipped]
    return data


async def _print_tasks(
    context: Context, submitted: SubmissionResult, pages: AsyncIterator[list[Task]]
) -> None:
    found = False
    async for page in pages:
        lines = (
            f"{task.uuid}  {printable(task.name)} → {printable(task.output_file.resolved or '(no file)')}"
            for task in page
        )
        if page:
            say("\n".join(lines))
            found = True
    if not found and submitted.uuids:
        say("\n".join(map(str, submitted.uuids)))
    _print_skipped(context, submitted)
    if submitted.batch is not None:
        context.console.print(f"{len(submitted.uuids)} tasks queued as batch {submitted.batch}")
    elif submitted.skipped:
        context.console.print(f"{tasks_in_words(len(submitted.uuids))} queued")


def _print_skipped(context: Context, submitted: SubmissionResult) -> None:
    for skipped in submitted.skipped:
        context.console.print(
            f"{printable(skipped.input)} skipped: {printable(skipped.reason)}", markup=False, soft_wrap=True
        )


def warn_of_waiting(labels: Iterable[tuple[str, ...]], nodes: Sequence[Node]) -> None:
    """Say on stderr why tasks will wait: no node runs, or none that provides their labels."""
    provided = [set(node.labels) for node in nodes if node.status in ("online", "late")]
    if not provided:
        say("No node is running. The tasks wait until one joins (ffmate-desktop --no-gui).", err=True)
        return
    for needed in sorted(labels):
        if not any(offered.issuperset(needed) for offered in provided):
            options = " ".join(f"--label {label}" for label in needed)
            say(
                f"No running node provides {' and '.join(needed)}. The tasks wait until one joins"
                f" (ffmate-desktop --no-gui {options}).",
                err=True,
            )


_NOT_WATCHED: tuple[type[BaseException], ...] = (UserError, *CONNECTION_LOST)


async def _wait(
    context: Context, cluster: ClusterServices, submitted: SubmissionResult, as_json: bool
) -> bool:
    if not as_json:
        _print_skipped(context, submitted)
    try:
        tasks = await show_until_done(context.console, cluster.tasks.follow(submitted.uuids), quiet=as_json)
    except asyncio.CancelledError:  # Ctrl+C
        see = f"list --batch {submitted.batch}" if submitted.batch else f"show {submitted.uuids[0]}"
        say(f"Stopped watching; the tasks continue. To see them: ffmate-desktop tasks {see}", err=True)
        raise
    except _NOT_WATCHED as error:
        raise UserError(
            f"The tasks are queued and continue, but watching them failed: {_why(error)}"
        ) from error
    if as_json:
        context.print_json(_as_json(submitted, tasks) if tasks else {})
    missing = len(submitted.uuids) - len(tasks)
    if missing:
        raise UserError(f"{missing} of the tasks were deleted in the meantime.")
    return all(task.status is TaskStatus.DONE_SUCCESSFUL or task.skipped for task in tasks)
