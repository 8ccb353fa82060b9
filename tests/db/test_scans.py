"""Claims on watchfolders, and what a scan may write, on a real server."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from ffmate_desktop.db import claims, file_records, scans, tasks
from ffmate_desktop.db import watchfolders as stored
from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.file_records import FileUpdate, FileWrite
from ffmate_desktop.db.listener import changes
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.db.scans import NewerSettingsError, ScanClaim, ScanLostError
from ffmate_desktop.db.tasks import OutputsTakenError
from ffmate_desktop.domain.change import WatchfolderChanged
from ffmate_desktop.domain.disposition import Disposition
from ffmate_desktop.domain.file_record import RecordState, ScannedFile
from ffmate_desktop.domain.publishing import MOST_FILES, PublishingRecord, RecordedFile, RecordedOutput
from ffmate_desktop.domain.task import Outcome, TaskStatus
from ffmate_desktop.domain.task_facts import TaskFacts
from ffmate_desktop.domain.watchfolder import FileState, OriginalAction, ScanResult, WatchfolderSettings
from tests.db.cluster import Joined, age, joined, row

pytestmark = pytest.mark.db

ONE = ScannedFile("a/one.mov", 100, 5_000_000, 7)
RESULT = ScanResult(files=1)


async def insert_folder(database: Database, **settings: object) -> UUID:
    uuid = uuid4()
    fields = {"name": "in", "path": "/in", "preset": uuid4(), "interval": 10} | settings
    await stored.insert(database, uuid, WatchfolderSettings.model_validate(fields))
    return uuid


async def claimed(database: Database, node: Joined, *changed: int) -> ScanClaim:
    claim = await scans.claim_scan(database, node.id, changed)
    assert claim is not None
    return claim


async def ended(database: Database, claim: ScanClaim, error: str | None = None) -> None:
    await scans.end_scan(database, claim, RESULT, error, root=(1, 2), wait=None, ends_recorded=True)


async def due(database: Database, *, overdue: float = 0) -> None:
    """Make all folders due, overdue by this many seconds."""
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.watchfolders SET due_at = clock_timestamp() - $1 * interval '1 second'", overdue
        )


def writes(
    *found: ScannedFile, state: RecordState = "queued", task: UUID | None = None
) -> Sequence[FileWrite]:
    return [FileWrite(file, 3, state, "why", 1, task=task, attempts=1) for file in found]


async def test_of_eight_nodes_one_scans(database: Database, database_uri: str) -> None:
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(joined(database_uri, identifier=str(n))) for n in range(8)]
        await insert_folder(database)
        for _ in range(5):
            got = await asyncio.gather(*(scans.claim_scan(database, node.id) for node in nodes))
            assert sum(claim is not None for claim in got) == 1
            waits = [await scans.next_scan(database, node.id) for node in nodes]
            assert all(seconds is not None and seconds > 0 for seconds in waits)
            await due(database)
            assert await scans.claim_scan(database, nodes[0].id) is None  # still being scanned
            await ended(database, next(claim for claim in got if claim is not None))
            await due(database)


async def test_claims_of_dead_or_silent_nodes_expire(database: Database, database_uri: str) -> None:
    await insert_folder(database, interval=1)
    async with joined(database_uri, identifier="b") as other:
        async with joined(database_uri) as node:
            lost = await claimed(database, node)
            await due(database)
            assert await scans.claim_scan(database, other.id) is None
            await scans.renew_scan(database, lost)
            # its claim has expired, and it isn't declared dead yet
            async with database.transaction() as connection:
                await connection.execute(
                    "UPDATE ffmate.watchfolders SET scan_until = clock_timestamp() - interval '1 s'"
                )
            second = await claimed(database, other)
            await due(database)
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.nodes SET state = 'dead' WHERE id = $1", other.id)
        async with joined(database_uri, identifier="c") as third:
            await claimed(database, third)
        for claim in (lost, second):
            with pytest.raises(ScanLostError):
                await scans.renew_scan(database, claim)
            with pytest.raises(ScanLostError):
                await file_records.write(database, claim, writes(ONE))
            with pytest.raises(ScanLostError):
                await ended(database, claim)
            with pytest.raises(ScanLostError):
                await scans.report_unreachable(database, claim, "gone")
        assert await file_records.records_by_path(database, lost.id, [ONE.path]) == {}


async def test_who_may_scan(database: Database, database_uri: str) -> None:
    await insert_folder(database, labels=["storage:a"])
    async with (
        joined(database_uri, labels=("gpu",)) as without,
        joined(database_uri, identifier="b", labels=("gpu", "storage:a")) as fits,
    ):
        assert await scans.next_scan(database, without.id) is None
        assert await scans.claim_scan(database, without.id) is None
        assert await scans.observed_folders(database, without.id) == []
        assert [path for _, path in await scans.observed_folders(database, fits.id)] == ["/in"]
        await age(database, fits.id, 60)
        assert await scans.claim_scan(database, fits.id) is None  # no lease, nothing to do
        await age(database, fits.id, -60)
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.nodes SET paused = true")
        assert await scans.claim_scan(database, fits.id) is None
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.nodes SET paused = false")
        await claimed(database, fits)


async def test_events_make_folders_due_and_nodes_that_failed_wait(
    database: Database, database_uri: str
) -> None:
    await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        assert await scans.claim_scan(database, node.id, [claim.id]) is None
        await ended(database, claim)
        await ended_again(database, await claimed(database, node, claim.id))
        await due(database)
        assert await scans.claim_scan(database, node.id, (), [claim.id]) is None
        async with database.transaction() as connection:
            await connection.execute(
                "UPDATE ffmate.watchfolders SET due_at = clock_timestamp() - interval '2 s'"
            )
        assert await scans.claim_scan(database, node.id, (), [claim.id]) is not None


async def ended_again(database: Database, claim: ScanClaim) -> None:
    """A scan that was asked for ends like any other; asking twice finds no claim."""
    await ended(database, claim)
    with pytest.raises(ScanLostError):
        await ended(database, claim)


async def test_a_folder_that_one_node_cannot_reach_goes_to_the_others(
    database: Database, database_uri: str
) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node_a, joined(database_uri, identifier="b") as two:
        first = await claimed(database, node_a)
        assert await scans.report_unreachable(database, first, "It is not there.")
        assert await scans.claim_scan(database, node_a.id) is None
        second = await claimed(database, two)
        assert second.unreachable == ("a",)
        assert not await scans.report_unreachable(database, second, "Not mounted.")
        folder = await stored.get(database, uuid)
        assert folder is not None
        assert (folder.error, folder.last_node, folder.last_scan) == ("Not mounted.", "b", None)
        await due(database)
        third = await claimed(database, node_a)  # at the next interval all nodes try again
        await ended(database, third)
        folder = await stored.get(database, uuid)
        assert folder is not None and folder.error is None
        await due(database)
        assert (await claimed(database, node_a)).roots == {"machine-1": [1, 2]}


async def test_a_folder_that_no_other_node_claims_is_tried_again(
    database: Database, database_uri: str
) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node:
        async with joined(database_uri, identifier="b"):
            first = await claimed(database, node)
            assert await scans.report_unreachable(database, first, "It is not there.")
        # The other node has left, and only `node` has the folder on its list.
        assert await scans.claim_scan(database, node.id) is None
        seconds = await scans.next_scan(database, node.id)
        assert seconds is not None and 0 < seconds <= first.settings.interval
        await due(database, overdue=first.settings.interval)
        second = await claimed(database, node)
        # it claims nothing, like a node whose threads all hang
        async with joined(database_uri, identifier="c"):
            assert not await scans.report_unreachable(database, second, "Not mounted.")
            folder = await stored.get(database, uuid)
            assert folder is not None and folder.error == "Not mounted."


async def test_editing_ends_the_claim(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node:
        for change in ("edit", "suspend"):
            claim = await claimed(database, node)
            folder = await stored.get(database, uuid)
            assert folder is not None
            if change == "edit":
                assert await stored.update(database, uuid, folder.settings(), folder.version)
                assert not await stored.update(database, uuid, folder.settings(), folder.version)
            else:
                assert await stored.set_suspended(database, uuid, True)
                assert await scans.claim_scan(database, node.id) is None
                assert not await stored.ask_for_scan(database, uuid)
                assert await stored.set_suspended(database, uuid, False)
            with pytest.raises(ScanLostError):
                await file_records.write(database, claim, writes(ONE))
        claim = await claimed(database, node)
        assert claim.roots == {"*": True} and claim.first_step > 0
        assert await stored.delete(database, uuid) and not await stored.delete(database, uuid)
        with pytest.raises(ScanLostError):
            await file_records.write(database, claim, writes(ONE))
        assert not await stored.set_suspended(database, uuid, True)


async def test_changes_are_notified(database: Database, database_uri: str) -> None:
    async with changes(database_uri) as news, joined(database_uri) as node:
        uuid = await insert_folder(database)
        claim = await claimed(database, node)
        await file_records.write(database, claim, writes(ONE))
        await ended(database, claim)
        await stored.ask_for_scan(database, uuid)
        await stored.set_suspended(database, uuid, True)
        await stored.delete(database, uuid)
        notifications = 0
        async with asyncio.timeout(10):
            while notifications < 6:
                notifications += await news.get() == WatchfolderChanged(uuid)


async def test_task_and_file_are_written_together_or_not_at_all(
    database: Database, database_uri: str
) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        first = row("one", output_key="/out")
        written = await file_records.write(database, claim, writes(ONE, task=first.uuid), tasks=[first])
        assert written.step == claim.last_step + 1 and written.ids.keys() == {ONE.path}
        second = row("two", output_key="/out")
        other = ScannedFile("two.mov", 1, 1, 1)
        with pytest.raises(OutputsTakenError):
            await file_records.write(database, claim, writes(other, task=second.uuid), tasks=[second])
        assert [task.uuid for task in await tasks.list_tasks(database)] == [first.uuid]
        [file] = await stored.list_files(database, uuid)
        assert (file.path, file.state, file.task) == (ONE.path, FileState.QUEUED, first.uuid)


async def test_file_records_are_read_in_steps(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        files = [ScannedFile(f"{n}.mov", n, n, n) for n in range(2500)]
        first = await file_records.write(database, claim, writes(*files, state="done"))
        second = await file_records.write(
            database, claim, writes(ONE, state="waiting"), gone=[first.ids["7.mov"]]
        )
        pieces = [piece async for piece in file_records.read_since(database, claim.id, -1)]
        assert [len(piece) for piece in pieces] == [1000, 1000, 501]
        changed = [
            record
            async for piece in file_records.read_since(database, claim.id, first.step)
            for record in piece
        ]
        assert {(record.path, record.gone) for record in changed} == {(ONE.path, False), ("7.mov", True)}
        assert [
            record
            async for piece in file_records.read_since(database, claim.id, second.step)
            for record in piece
        ] == []
        await file_records.write(database, claim, (), reappeared=[first.ids["7.mov"]])
        [record] = await file_records.records_by_id(database, claim.id, [first.ids["7.mov"], 0])
        assert not record.gone
        assert len(await file_records.all_records(database, uuid)) == 2501
        counts = await stored.count_files(database, uuid)
        assert counts == {uuid: {FileState.DONE: 2500, FileState.WAITING: 1}}


async def test_versions_and_checks_have_their_own_clocks(database: Database, database_uri: str) -> None:
    await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)

        async def wrote(found: ScannedFile, checks: int) -> tuple[bool, bool]:
            """Whether the clocks of the version and of its checks started again."""
            async with database.transaction() as connection:
                await connection.execute(
                    "UPDATE ffmate.watched_files SET since = since - interval '9 s',"
                    " checked_at = checked_at - interval '9 s'"
                )
            await file_records.write(database, claim, [FileWrite(found, 3, "waiting", "x", checks)])
            record = (await file_records.records_by_path(database, claim.id, [found.path]))[found.path]
            return record.unchanged < 5, record.unchecked < 5

        assert await wrote(ONE, 0) == (True, True)
        assert await wrote(ONE, 0) == (False, False)
        assert await wrote(ONE, 1) == (False, True)
        assert await wrote(ScannedFile(ONE.path, 101, ONE.mtime, ONE.inode), 1) == (True, True)


async def test_ended_tasks_are_found_recorded_and_retried(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    rows = [row(name) for name in ("good", "bad", "cancelled", "waiting")]
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        files = [ScannedFile(f"{task_row.name}.mov", 1, 1, n) for n, task_row in enumerate(rows)]
        marks = [
            FileWrite(f, 3, "queued", "", task=task_row.uuid, attempts=1)
            for f, task_row in zip(files, rows, strict=True)
        ]
        await file_records.write(database, claim, marks, tasks=rows)
        await tasks.cancel(database, [rows[2].uuid])
        claimed_tasks = await claims.claim(database, node.id, 2)
        await claims.finish_tasks(
            database,
            node.id,
            [
                (
                    claimed_tasks[0],
                    Outcome(TaskStatus.DONE_SUCCESSFUL, 100, facts=TaskFacts(output="/o.mp4", size=5)),
                ),
                (claimed_tasks[1], Outcome(TaskStatus.DONE_ERROR, 1, "No luck.\nmore")),
            ],
        )
        found = {file.found.path: file for file in await file_records.ended_files(database, claim, 10)}
        assert found.keys() == {"good.mov", "bad.mov", "cancelled.mov"}
        good, bad = found["good.mov"], found["bad.mov"]
        assert (good.output, good.output_size, bad.error) == ("/o.mp4", 5, "No luck.")
        settled = [
            FileUpdate(good.id, "done", "", 1, Disposition(OriginalAction.TRASH, True, "/o.mp4", 5)),
            FileUpdate(bad.id, "queued", "again", 2),
            FileUpdate(found["cancelled.mov"].id, "skipped", "", 1),
        ]
        await file_records.update_files(database, claim, settled, [bad.task])
        assert await file_records.ended_files(database, claim, 10) == []
        assert [original.id for original in await file_records.pending_originals(database, claim, 10)] == [
            good.id
        ]
        await file_records.update_files(
            database, claim, [FileUpdate(good.id, "done", "Moved.", 1, None, gone=True)]
        )
        assert await file_records.pending_originals(database, claim, 10) == []
        states = {file.path: file.state for file in await stored.list_files(database, uuid, gone=True)}
        assert states == {
            "good.mov": FileState.DONE,
            "bad.mov": FileState.QUEUED,
            "cancelled.mov": FileState.SKIPPED,
            "waiting.mov": FileState.QUEUED,
        }
        assert await file_records.inputs_in_use(database, ["/in.mov", "/other.mov"]) == {"/in.mov"}


async def test_the_result_of_a_task_outlives_it(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    rows = [row("good"), row("never ran")]
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        marks = [
            FileWrite(ScannedFile(task_row.name, 1, 1, 1), 3, "queued", "", task=task_row.uuid)
            for task_row in rows
        ]
        await file_records.write(database, claim, marks, tasks=rows)
        [claimed_task] = await claims.claim(database, node.id, 1)
        await claims.finish_tasks(
            database, node.id, [(claimed_task, Outcome(TaskStatus.DONE_SUCCESSFUL, 100))]
        )
        await tasks.delete(database, [task_row.uuid for task_row in rows])
        files = {file.path: file for file in await stored.list_files(database, uuid)}
        assert (files["good"].state, files["never ran"].state) == (FileState.DONE, FileState.SKIPPED)
        assert files["never ran"].reason == "Its task was deleted."


@pytest.mark.parametrize(
    ("folder", "complete"), [("done", "/in/done"), ("/else/done", "/else/done"), ("C:\\done", "C:\\done")]
)
async def test_a_pending_original_outlives_its_task(
    database: Database, database_uri: str, folder: str, complete: str
) -> None:
    move = {"action": "move", "folder": folder}
    uuid = await insert_folder(database, onSuccess=move, onFailure=move)
    rows = [row("good"), row("bad"), row("never ran"), row("gone")]
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        marks = [FileWrite(ScannedFile(item.name, 1, 1, 1), 3, "queued", "", task=item.uuid) for item in rows]
        written = await file_records.write(database, claim, marks, tasks=rows)
        await file_records.write(database, claim, (), gone=[written.ids["gone"]])
        await tasks.cancel(database, [rows[2].uuid])
        claimed_tasks = {item.uuid: item for item in await claims.claim(database, node.id, 4)}
        result = {"output": "/o.mp4", "size": 5}
        done = Outcome(TaskStatus.DONE_SUCCESSFUL, 100, facts=TaskFacts.from_json(result))
        outcomes = [done, Outcome(TaskStatus.DONE_ERROR, 1, "No luck."), done]
        ends = [(claimed_tasks[rows[n].uuid], item) for n, item in zip((0, 1, 3), outcomes, strict=True)]
        await claims.finish_tasks(database, node.id, ends)
        await tasks.delete(database, [item.uuid for item in rows])
        pending = await file_records.pending_originals(database, claim, 9)
        assert {original.found.path: original.disposition for original in pending} == {
            "good": Disposition(OriginalAction.MOVE, True, "/o.mp4", 5, complete),
            "bad": Disposition(OriginalAction.MOVE, False, None, None, complete),
        }
        files = {file.path: file.state for file in await stored.list_files(database, uuid)}
        assert files["good"] is FileState.DONE and files["never ran"] is FileState.SKIPPED


async def test_files_whose_tasks_were_deleted_are_queued_again_once(
    database: Database, database_uri: str
) -> None:
    uuid = await insert_folder(database)
    rows = [row(name) for name in ("bad", "good", "kept", "gone")]
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        states = {"bad": "failed", "good": "done", "kept": "failed", "gone": "failed"}
        marks = [
            FileWrite(
                ScannedFile(task_row.name, 1, 1, 1),
                3,
                states[task_row.name],  # type: ignore[arg-type] # a word of the table above
                "why",
                2,
                task=task_row.uuid,
                attempts=2,
            )
            for task_row in rows
        ]
        written = await file_records.write(database, claim, marks, tasks=rows)
        await file_records.write(database, claim, (), gone=[written.ids["gone"]])
        await tasks.delete(database, [task_row.uuid for task_row in rows if task_row.name != "kept"])
        ids = list(written.ids.values())
        assert await stored.queue_again(database, uuid, ids) == {written.ids["bad"]}
        assert await stored.queue_again(database, uuid, ids) == set()
        record = (await file_records.records_by_path(database, claim.id, ["bad"]))["bad"]
        assert (record.state, record.task, record.attempts, record.checks) == ("waiting", None, 2, 2)
        [read] = [
            record
            async for piece in file_records.read_since(database, claim.id, written.step + 1)
            for record in piece
        ]
        assert read.path == "bad"  # every node reads it


async def test_gone_files_are_listed_if_they_had_a_task(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    task = row("one")
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        moved, text = ScannedFile("one.mov", 1, 1, 1), ScannedFile("notes.txt", 1, 1, 1)
        marks = [FileWrite(moved, 3, "queued", "", task=task.uuid), FileWrite(text, 3, "skipped", "no")]
        written = await file_records.write(database, claim, marks, tasks=[task])
        end = FileUpdate(
            written.ids["one.mov"], "done", "Moved.", 1, None, gone=True, moved_to="done/one.mov"
        )
        await file_records.update_files(database, claim, [end])
        await file_records.write(database, claim, (), gone=[written.ids["notes.txt"]])
        shown = await stored.list_files(database, uuid)
        assert [(file.path, file.gone) for file in shown] == [("one.mov", True)]
        assert await stored.file_anchors(database, uuid, every=1) == [shown[0].id]
        assert await stored.count_files(database, uuid) == {uuid: {FileState.QUEUED: 1}}
        everything = await stored.list_files(database, uuid, gone=True)
        assert sorted(file.path for file in everything) == ["done/one.mov", "notes.txt", "one.mov"]


_END = Sql(
    "UPDATE ffmate.tasks SET status = $2::text,"
    " finished_at = CASE WHEN $2::text LIKE 'DONE%' THEN clock_timestamp() END WHERE uuid = $1 RETURNING id"
)
_GONE = Sql(
    "UPDATE ffmate.watched_files f SET gone_at = clock_timestamp() FROM ffmate.watchfolders w"
    " WHERE w.uuid = $1 AND f.folder = w.id AND path IN ('gone.mov', 'notes.txt') RETURNING f.id"
)


async def test_files_are_counted_as_they_are_listed(database: Database, database_uri: str) -> None:
    """Even if a task has changed since its file record was written."""
    first_uuid, other = await insert_folder(database), await insert_folder(database, path="/other")
    words = ("waits", "runs", "done", "settled", "restarted", "ended again", "cancelled", "deleted", "gone")
    async with joined(database_uri) as node:
        for uuid in (first_uuid, other):
            claim = await claimed(database, node)
            rows = {word: row(word) for word in words}
            marks = [
                FileWrite(ScannedFile(f"{word}.mov", 1, 1, 1), 3, "queued", "", task=task.uuid, attempts=1)
                for word, task in rows.items()
            ]
            marks += writes(ScannedFile("notes.txt", 1, 1, 1), state="skipped")
            written = await file_records.write(database, claim, marks, tasks=list(rows.values()))
            uuids = {word: task.uuid for word, task in rows.items()}

            async def end(word: str, status: TaskStatus, uuids: dict[str, UUID] = uuids) -> None:
                await database.fetch(_END, uuids[word], status.value)

            for word in words[2:]:
                await end(word, TaskStatus.DONE_ERROR)
            ids = [written.ids[f"{word}.mov"] for word in words[3:6]]
            await file_records.update_files(database, claim, [FileUpdate(n, "failed", "", 1) for n in ids])
            await ended(database, claim)
            await tasks.restart(database, [uuids["restarted"], uuids["ended again"]])
            await end("ended again", TaskStatus.DONE_SUCCESSFUL)
            await end("runs", TaskStatus.RUNNING)
            await tasks.delete(database, [uuids["deleted"]])
            await database.fetch(_GONE, uuid)
        for uuid in (first_uuid, other):
            for pattern in (None, "%e%"):
                listed = await stored.list_files(database, uuid, pattern=pattern)
                counts = Counter(file.state for file in listed)
                assert await stored.count_files(database, uuid, pattern) == {uuid: counts}
                assert (await stored.count_files(database, None, pattern))[uuid] == counts
        assert Counter(file.path for file in listed)["gone.mov"] == 1


async def test_settings_of_a_newer_release_are_left_to_newer_nodes(
    database: Database, database_uri: str
) -> None:
    uuid, other = await insert_folder(database), await insert_folder(database, name="other")
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE ffmate.watchfolders SET due_at = due_at - interval '1 s', spec = spec ||"
            """ '{"onSuccess": {"action": "upload"}, "colour": "red"}' WHERE uuid = $1""",
            uuid,
        )
    async with joined(database_uri) as old, joined(database_uri, identifier="new") as new:
        with pytest.raises(NewerSettingsError, match="settings of “in” can't be used") as refusal:
            await scans.claim_scan(database, old.id)
        assert refusal.value.others
        assert (await claimed(database, old)).uuid == other  # the next one
        with pytest.raises(NewerSettingsError) as refusal:
            await scans.claim_scan(database, new.id)  # it is not new enough either
        assert not refusal.value.others
        assert await scans.claim_scan(database, old.id) is None
        [first, second] = await stored.list_watchfolders(database)
        assert (first.uuid, first.unreadable is None, second.unreadable) == (uuid, False, None)
        assert first.error is not None and "newer release" in first.error
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.watchfolders SET spec = spec - 'onSuccess'")
        settings = first.settings().model_copy(update={"priority": 3})
        assert await stored.update(database, uuid, settings)
        assert await stored.update(database, uuid, settings.model_copy(update={"priority": None}))
        async with database.transaction() as connection:
            spec = await connection.fetchval("SELECT spec FROM ffmate.watchfolders WHERE uuid = $1", uuid)
        assert spec["colour"] == "red" and "priority" not in spec  # what an old one does not know stays


async def test_a_failed_task_that_is_deleted_before_it_is_tried_again_leaves_no_queued_file(
    database: Database, database_uri: str
) -> None:
    uuid = await insert_folder(database)
    task = row("bad")
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        marks = [FileWrite(ScannedFile("bad.mov", 1, 1, 1), 3, "queued", "", task=task.uuid, attempts=1)]
        await file_records.write(database, claim, marks, tasks=[task])
        [claimed_task] = await claims.claim(database, node.id, 1)
        await claims.finish_tasks(
            database, node.id, [(claimed_task, Outcome(TaskStatus.DONE_ERROR, 1, "No luck."))]
        )
        [bad] = await file_records.ended_files(database, claim, 10)
        await tasks.delete(database, [task.uuid])
        await file_records.update_files(
            database, claim, [FileUpdate(bad.id, "queued", "again", 2)], [bad.task]
        )
        [file] = await stored.list_files(database, uuid)
        assert (file.state, file.reason) == (FileState.FAILED, "No luck.")


async def test_outputs_are_recorded_before_they_get_their_names(
    database: Database, database_uri: str
) -> None:
    await tasks.insert(database, [row("one")], batch=None, source="cli")
    async with joined(database_uri) as node:
        [task] = await claims.claim(database, node.id, 1)
        frames = tuple(RecordedFile(f"{n}.png", n, n * 1000) for n in range(1, MOST_FILES + 2))
        film = RecordedOutput("/t", "/out/a.mp4", (RecordedFile("", 77, 5_000_123_456),))
        record = PublishingRecord((film, RecordedOutput("/u", "/out/frames", frames)), TaskFacts())
        assert await claims.set_phase(database, node.id, task, "publish", TaskFacts(), record) == "run"
        outputs = [
            ("/out/a.mp4", 1, 1),  # by name
            ("/elsewhere/b.mp4", 5_000_123, 77),  # by time and size
            ("/elsewhere/b.mp4", 5_000_123, 78),
            ("/out/frames/2.png", 9, 9),
            ("/out/frames/1002.png", 9, 8),
        ]
        assert await file_records.outputs_among(database, outputs) == {
            0: task.uuid,
            1: task.uuid,
            3: task.uuid,
        }
        await tasks.delete(database, [task.uuid])
        assert await claims.set_phase(database, 1, task, "publish", TaskFacts(), record) is None


async def test_old_outputs_are_forgotten(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO ffmate.outputs (key, mtime, size, task, written_at)"
            " SELECT md5(n::text)::uuid, n, n, gen_random_uuid(),"
            "        now() - CASE WHEN n > 3 THEN interval '2 days' ELSE interval '1 hour' END"
            "   FROM generate_series(1, $1::integer) AS n",
            file_records.PIECE + 5,
        )
    assert await file_records.forget_outputs(database, timedelta(days=1)) == file_records.PIECE + 2
    outputs = [(str(n), 0, 0) for n in (1, 2, 3, 4)]
    assert (await file_records.outputs_among(database, outputs)).keys() == {0, 1, 2}
    assert await file_records.forget_outputs(database, timedelta(days=1)) == 0


async def test_an_output_that_is_written_again_counts_from_then_on(
    database: Database, database_uri: str
) -> None:
    await tasks.insert(database, [row("one")], batch=None, source="cli")
    async with joined(database_uri) as node:
        [task] = await claims.claim(database, node.id, 1)
        output = RecordedOutput("/t", "/out/a.mp4", (RecordedFile("", 1, 1),))
        record = PublishingRecord((output,), TaskFacts())
        for _ in range(2):
            await claims.set_phase(database, node.id, task, "publish", TaskFacts(), record)
            assert await file_records.forget_outputs(database, timedelta(days=1)) == 0
            async with database.transaction() as connection:
                await connection.execute("UPDATE ffmate.outputs SET written_at = now() - interval '2 days'")
        assert await file_records.forget_outputs(database, timedelta(days=1)) == 1


async def test_records_of_files_gone_for_long_are_deleted(database: Database, database_uri: str) -> None:
    await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        files = [ScannedFile(f"{n}.mov", n, n, n) for n in range(file_records.LEAST_GONE)]
        written = await file_records.write(database, claim, writes(*files, state="skipped"))
        ids = list(written.ids.values())
        await file_records.write(database, claim, (), gone=ids)
        assert not await file_records.delete_gone(database, claim)
        async with database.transaction() as connection:
            await connection.execute("UPDATE ffmate.watched_files SET gone_at = gone_at - interval '2 hours'")
        assert await file_records.delete_gone(database, claim)
        assert await file_records.records_by_id(database, claim.id, ids) == []
        await ended(database, claim)
        await due(database)
        claim = await claimed(database, node)
        assert claim.first_step == claim.last_step


async def test_lists_of_files(database: Database, database_uri: str) -> None:
    uuid = await insert_folder(database)
    async with joined(database_uri) as node:
        claim = await claimed(database, node)
        files = [ScannedFile(name, 1, 1, 1) for name in ("a/50%.mov", "a/x.mov", "b\udcff.mov")]
        await file_records.write(database, claim, writes(*files, state="skipped"))
        await file_records.write(database, claim, writes(ONE, state="waiting"))
        listed = await stored.list_files(database, uuid, limit=2)
        assert [file.path for file in listed] == [ONE.path, "b\udcff.mov"]
        older = await stored.list_files(database, uuid, before=listed[-1].id)
        assert [file.path for file in older] == ["a/x.mov", "a/50%.mov"]
        assert [f.path for f in await stored.list_files(database, uuid, pattern=r"%50\%%")] == ["a/50%.mov"]
        waiting = await stored.list_files(database, uuid, states=[FileState.WAITING])
        assert [file.path for file in waiting] == [ONE.path]
