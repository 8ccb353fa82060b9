"""Tests the tests: injects known defects into the SQL, one at a time, and checks that the protocol model finds them.

By hand: python -m tests.db.mutations [a word of the name ...]
Each defect is valid SQL that a careless edit could make. The model runs with the examples of the suite, and when it
finds nothing the direct tests of these statements run: what is found here would make the suite fail.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import LiteralString

import asyncpg
import pytest

from ffmate_desktop.db import queries
from ffmate_desktop.db.migrate import migrate
from ffmate_desktop.db.queries import Sql
from tests.benchmarks.server import open_server
from tests.db.connection.test_protocol import play, protocol, tell

_ACTIVE = "('PRE_PROCESSING', 'RUNNING', 'POST_PROCESSING')"


@dataclass(frozen=True)
class Defect:
    """Replacements of text in one statement; each text must be there."""

    name: str
    topic: LiteralString
    statement: str
    changes: tuple[tuple[str, str], ...]


def _claims(name: str, statement: str, *changes: tuple[str, str]) -> Defect:
    return Defect(name, "claims", statement, changes)


def _scripts(name: str, *changes: tuple[str, str]) -> Defect:
    return Defect(name, "scripts", "enter_stage", changes)


def _leases(name: str, statement: str, *changes: tuple[str, str]) -> Defect:
    return Defect(name, "leases", statement, changes)


def _tasks(name: str, statement: str, *changes: tuple[str, str]) -> Defect:
    return Defect(name, "tasks", statement, changes)


def _retention(name: str, statement: str, *changes: tuple[str, str]) -> Defect:
    return Defect(f"retention {name}", "retention", statement, changes)


DEFECTS = (
    _claims("claim without a new epoch", "finish_and_claim", ("least(t.epoch, 2147483646) + 1", "t.epoch")),
    _claims("claim without the lease check", "finish_and_claim",
            ("p.state = 'online' AND p.lease_until > clock_timestamp()", "p.state = 'online'")),
    _claims("claim by a node that drains", "finish_and_claim",
            ("p.id = $1 AND p.state = 'online'", "p.id = $1 AND p.state IN ('online', 'draining')")),
    _claims("claim by a dead node", "finish_and_claim", ("p.id = $1 AND p.state = 'online' AND", "p.id = $1 AND")),
    _claims("claim ignoring labels", "finish_and_claim", ("r.labels <@ p.labels", "true")),
    _claims("claim ignoring desired", "finish_and_claim", ("AND q.desired = 'run'", "")),
    _claims("claim ignoring not_before", "finish_and_claim",
            ("AND (q.not_before IS NULL OR q.not_before <= clock_timestamp())", "")),
    _claims("claim ignoring priority", "finish_and_claim",
            ("q.priority DESC, q.id", "q.id"),
            ("w.priority DESC, w.id", "w.id")),
    _claims("claim without counting the attempt", "finish_and_claim",
            ("attempts = least(t.attempts + 1, 32767)", "attempts = t.attempts")),
    _claims("claim with the result of the last attempt", "finish_and_claim",
            ("error = NULL, result = NULL", "error = NULL")),
    _claims("claim that forgets what is being published", "finish_and_claim",
            ("result = NULL,", "result = NULL, publishing = NULL,")),
    _claims("claim of what this node refused", "finish_and_claim",
            ("NOT q.refused ? $1::bigint::text OR", "true OR")),
    _claims("claim that never takes what all nodes refused", "finish_and_claim", ("OR q.refused ?& able.nodes", "")),
    _claims("refusal without epoch", "refuse_task", ("AND t.epoch = $2 AND", "AND")),
    _claims("refusal by another node", "refuse_task", ("AND t.node_id = $3\n", "\n")),
    _claims("refusal without a new epoch", "refuse_task", ("least(t.epoch, 2147483646) + 1", "t.epoch")),
    _claims("refusal that is not written down", "refuse_task",
            ("refused = ffmate.object_of(t.refused) ||", "refused = '{}'::jsonb ||")),
    _claims("refusal of a cancelled task", "refuse_task", ("AND t.desired NOT IN ('cancel', 'delete')", "")),
    _claims("refusal though no node is left", "refuse_task", ("AND NOT t.refused ? o.id::text", "")),
    _claims("refusal for nodes without the labels", "refuse_task", ("r.labels <@ o.labels", "true")),
    _claims("refusal for ever", "refuse_task", ("+ 1 < $5::integer", "+ 1 < $5::integer + 9")),
    _claims("refusal that is answered once", "refuse_task", ("OR (t.epoch > $2 AND", "OR (false AND")),
    _claims("refusal by a node that has it again", "refuse_task", ("t.epoch > $2 AND", "")),
    _claims("publish without the lease check", "set_phase", ("AND n.lease_until > clock_timestamp()", "")),
    _claims("publish by a dead node", "set_phase", ("n.state IN ('online', 'draining') AND", "")),
    _claims("publish without the cancel check", "set_phase", ("t.desired NOT IN ('cancel', 'delete') AND", "")),
    _claims("set_phase without epoch", "set_phase", ("t.epoch = $2 AND", "$2::integer IS NOT NULL AND")),
    _claims("set_phase without node", "set_phase", ("AND t.node_id = $3", "")),
    _claims("set_phase without status", "set_phase", (f"AND t.status IN {_ACTIVE}", "")),
    _claims("set_phase that forgets what is published", "set_phase",
            ("publishing = coalesce($6::jsonb, t.publishing)", "publishing = $6::jsonb")),
    _claims("set_phase that replaces the facts", "set_phase",
            ("ffmate.object_of(t.result) || $5::jsonb", "$5::jsonb")),
    _scripts("script without the lease check", ("AND n.lease_until > clock_timestamp()", "")),
    _scripts("script by a dead node", ("AND n.state IN ('online', 'draining')", "")),
    _scripts("script of a cancelled task", (" AND t.desired NOT IN ('cancel', 'delete')", "")),
    _scripts("script without epoch", ("t.epoch = $2 AND", "$2::integer IS NOT NULL AND")),
    _scripts("script by another node", ("AND t.node_id = $3\n", "\n")),
    _scripts("script of what has ended", (f"AND t.status IN {_ACTIVE} AND", "AND")),
    _scripts("script that replaces the facts", ("ffmate.object_of(t.result) || $6::jsonb", "$6::jsonb")),
    _scripts("script that forgets what is published", ("ffmate.object_of(t.publishing) || $7", "$7")),
    _scripts("script that leaves no word of it",
            ("CASE WHEN $7::jsonb IS NULL", "CASE WHEN true OR $7::jsonb IS NULL")),
    _claims("set_output without epoch", "set_output", ("epoch = $2 AND", "$2::integer IS NOT NULL AND")),
    _claims("set_output without node", "set_output", ("AND node_id = $3", "AND $3::bigint IS NOT NULL")),
    _claims("set_output after the end", "set_output", (f"AND status IN {_ACTIVE}", "")),
    _claims("finish without epoch", "finish_and_claim",
            ("t.id = f.id AND t.epoch = f.epoch AND t.node_id", "t.id = f.id AND t.node_id")),
    _claims("finish without node", "finish_and_claim", ("AND t.node_id = $1\n", "\n")),
    _claims("finish without status", "finish_and_claim",
            ("AND t.status NOT IN ('QUEUED', 'DONE_SUCCESSFUL', 'DONE_ERROR', 'DONE_CANCELED')", "")),
    _claims("finish as cancelled without a cancel", "finish_and_claim",
            ("f.status <> 'DONE_CANCELED' OR", "true OR")),
    _claims("finish as cancelled of a deleted task refused", "finish_and_claim",
            ("OR t.desired IN ('cancel', 'delete')\n", "OR t.desired = 'cancel'\n")),
    _claims("finish that forgets a deletion", "finish_and_claim",
            ("CASE t.desired WHEN 'delete' THEN t.desired ELSE 'run' END", "'run'")),
    _claims("finish that leaves the publication", "finish_and_claim", ("publishing = NULL,", "")),
    _claims("finish repeated with another end", "finish_and_claim", ("AND t.status = f.status", "")),
    _claims("finish that is never repeated", "finish_and_claim",
            (" WHERE t.node_id = $1 AND (SELECT", " WHERE false AND (SELECT")),
    _claims("adopt ignoring the epoch bound", "adopt_tasks", ("AND t.epoch <= h.epoch + 1", "")),
    _claims("adopt with the bound one too high", "adopt_tasks", ("t.epoch <= h.epoch + 1", "t.epoch <= h.epoch + 2")),
    _claims("adopt of what another live node holds", "adopt_tasks",
            ("AND o.state IN ('online', 'draining')", "AND false")),
    _claims("adopt of an active task ignoring the epoch", "adopt_tasks", ("AND t.epoch = h.epoch\n", "\n")),
    _claims("adopt of an active task ignoring its holder", "adopt_tasks",
            ("AND t.node_id = h.node_id AND NOT EXISTS", "AND NOT EXISTS")),
    _claims("adopt of a cancelled task", "adopt_tasks", ("AND t.desired NOT IN ('cancel', 'delete')", "")),
    _claims("adopt of another task with this id", "adopt_tasks", ("AND t.uuid = h.uuid ", "")),
    _claims("adopt without a new epoch", "adopt_tasks",
            ("greatest(t.epoch, h.epoch) + 1", "greatest(t.epoch, h.epoch)")),
    _claims("adopt with an epoch that a failover forgot", "adopt_tasks",
            ("greatest(t.epoch, h.epoch) + 1", "t.epoch + 1")),
    _claims("adopt without the lease check", "adopt_tasks", ("AND n.lease_until > clock_timestamp()", "")),
    _claims("adopt that keeps the loss", "adopt_tasks", ("t.losses - (t.status = 'QUEUED')::integer", "t.losses")),
    _claims("adopt that keeps the leftovers", "adopt_tasks", ("WHERE l.task = a.uuid", "WHERE false")),
    _claims("give_back without a new epoch", "give_back", ("least(t.epoch, 2147483646) + 1", "t.epoch")),
    _claims("give_back of a cancelled task", "give_back",
            ("CASE WHEN t.desired IN ('cancel', 'delete') THEN 'DONE_CANCELED' ELSE 'QUEUED' END", "'QUEUED'")),
    _claims("give_back of others' tasks", "give_back", ("t.node_id = $1\n", "$1::bigint IS NOT NULL\n")),
    _claims("give_back without epoch", "give_back",
            ("(t.id, t.epoch) IN (SELECT * FROM unnest($2::bigint[], $3::integer[]))",
             "$3::integer[] IS NOT NULL AND t.id = ANY ($2)")),
    _claims("give_back of what has ended", "give_back", (f"AND t.status IN {_ACTIVE}", "")),
    _claims("give_back for now instead of later", "give_back",
            ("not_before = $4::timestamptz", "not_before = NULLIF($4::timestamptz, $4)")),
    _claims("delete of a claimed task without epoch", "delete_claimed",
            ("AND epoch = $2", "AND $2::integer IS NOT NULL")),
    _claims("delete of a claimed task by another node", "delete_claimed",
            ("AND node_id = $3", "AND $3::bigint IS NOT NULL")),
    _claims("delete of a task without a delete", "delete_claimed", ("AND desired = 'delete'", "")),
    _claims("delete of a claimed task that keeps its log", "delete_claimed",
            ("USING gone WHERE l.task_id = gone.id", "USING gone WHERE false")),
    _claims("append_log of a lost claim", "append_log", ("AND t.epoch = $2", "AND $2::integer IS NOT NULL")),
    _claims("append_log of another node", "append_log", ("AND t.node_id = $3", "AND $3::bigint IS NOT NULL")),
    _leases("sweep that requeues without a new epoch", "requeue_strays",
            ("least(t.epoch, 2147483646) + 1", "t.epoch")),
    _leases("sweep without counting losses", "requeue_strays", ("losses = least(t.losses + 1, 32767),", "")),
    _leases("sweep of what live nodes run", "requeue_strays",
            ("WHERE n.id = t.node_id AND n.state IN ('online', 'draining')",
             "WHERE n.id = t.node_id AND n.state = 'online'")),
    _leases("sweep without the test for a live owner", "requeue_strays",
            ("WHERE n.id = t.node_id AND n.state IN ('online', 'draining')", "WHERE false")),
    _leases("sweep that overlooks owners that were pruned", "requeue_strays",
            ("AND NOT EXISTS (", "AND EXISTS ("), ("AND n.state IN ('online',", "AND n.state NOT IN ('online',")),
    _leases("sweep that queues a cancelled task", "requeue_strays",
            ("CASE WHEN t.desired IN ('cancel', 'delete') THEN 'DONE_CANCELED'\n", "CASE WHEN false THEN ''\n")),
    _leases("sweep that never gives up", "requeue_strays", ("WHEN t.losses + 1 >= $1 THEN 'DONE_ERROR'", "")),
    _leases("sweep that moves what has ended", "requeue_strays",
            (f"AND t.status IN {_ACTIVE}\nRETURNING", "\nRETURNING"),
            (f"WHERE t.status IN {_ACTIVE}\n", "WHERE true\n")),
    _leases("sweep without a pause after two losses", "requeue_strays",
            ("not_before = clock_timestamp() + t.losses * interval '5 seconds'", "not_before = NULL")),
    _leases("sweep that forgets where files are", "requeue_strays",
            ("WHERE m.result ? 'folders' OR m.spec ->> 'output' IS NOT NULL", "WHERE false")),
    _leases("leftovers of a task that is still queued", "leftovers_of_ended", ("'QUEUED', ", "")),
    _leases("declaring dead every node that missed a beat", "declare_late_nodes_dead",
            ("OR pg_try_advisory_xact_lock(late.id)", "OR true")),
    _leases("declaring dead only by the lease", "declare_late_nodes_dead",
            ("OR n.beat_at + n.heartbeat * 1.2 < me.now", "")),
    _leases("declaring dead by a node that missed a beat itself", "declare_late_nodes_dead",
            ("AND me.beat_at + n.heartbeat * 1.2 > me.now", "")),
    _leases("declaring dead because of an old beat", "declare_late_nodes_dead",
            ("AND beat_at = $2", "AND $2::timestamptz IS NOT NULL")),
    _leases("declaring dead by a dead node", "declare_late_nodes_dead",
            ("id = $1 AND state IN ('online', 'draining') AND beat_at", "id = $1 AND beat_at")),
    _leases("beat that hides how long it slept", "beat", ("me.beat_at - n.beat_at", "me.beat_at - me.beat_at")),
    _leases("declaring no draining node dead", "declare_late_nodes_dead",
            ("n.state IN ('online', 'draining')", "n.state = 'online'")),
    _leases("beat that raises the dead", "beat",
            ("WHERE id = $1 AND state IN ('online', 'draining')", "WHERE id = $1")),
    _leases("beat that renews no lease", "beat",
            ("lease_until = clock_timestamp() + $2::interval,",
             "lease_until = CASE WHEN $2::interval IS NULL THEN lease_until ELSE lease_until END,")),
    _leases("beat that reports work for others", "beat", ("r.labels <@ me.labels", "true")),
    _leases("beat that overlooks strays", "beat",
            ("WHERE n.id = t.node_id AND n.state IN ('online', 'draining'))) AS stray",
             "WHERE n.id = t.node_id)) AS stray")),
    _leases("leave of a dead node", "leave", (" AND state IN ('online', 'draining')", "")),
    _leases("pruning of live nodes", "forget_nodes", ("state IN ('left', 'dead') AND ended_at <", "beat_at <")),
    _leases("join that leaves its predecessor", "declare_node_dead", ("state = 'dead'", "state = 'left'")),
    _tasks("cancel of a queued task without effect", "cancel_tasks",
            ("THEN 'DONE_CANCELED' ELSE t.status", "THEN t.status ELSE t.status")),
    _tasks("cancel of a queued task without a new epoch", "cancel_tasks",
            ("THEN t.epoch + 1 ELSE", "THEN t.epoch ELSE")),
    _tasks("cancel that weakens a deletion", "cancel_tasks",
            ("WHEN t.desired = 'delete' THEN t.desired ELSE", "ELSE")),
    _tasks("cancel of a running task that ends it at once", "cancel_tasks",
            ("THEN 'DONE_CANCELED' ELSE t.status END", "THEN 'DONE_CANCELED' ELSE 'DONE_CANCELED' END")),
    _tasks("resume that takes back a cancel", "hold_tasks", ("AND desired NOT IN ('cancel', 'delete')", "")),
    _tasks("restart that keeps the old result", "restart_tasks", ("error = NULL, result = NULL,", "error = NULL,")),
    _tasks("restart that keeps the old publication", "restart_tasks", ("publishing = NULL,", "")),
    _tasks("restart from RUNNING", "restart_tasks",
            ("status LIKE 'DONE%'", "(status LIKE 'DONE%' OR status = 'RUNNING')")),
    _tasks("restart without a new epoch", "restart_tasks", ("epoch = epoch + 2, ", "")),
    _tasks("restart that a lost node may take back", "restart_tasks", ("epoch + 2", "epoch + 1")),
    _tasks("restart that keeps the losses", "restart_tasks", ("losses = 0,", "")),
    _tasks("restart that keeps the refusals", "restart_tasks", ("refused = '{}',", "")),
    _tasks("restart that keeps its node", "restart_tasks", ("node_id = NULL, node_name = NULL,", "")),
    _retention("of a batch at work", "remove_finished",
               ("b.uuid = t.batch AND b.finished_at IS NULL", "false")),
    _retention("that waits for a restart", "remove_finished", ("FOR UPDATE OF t SKIP LOCKED", "")),
    _retention("that keeps the log", "remove_finished", ("USING gone WHERE", "USING gone WHERE false AND")),
    _retention("without an age", "oldest_kept", ("- $1::interval", "- $1::interval * 0")),
    _retention("without a number", "oldest_kept", ("OFFSET $2 LIMIT", "OFFSET 0 * $2 LIMIT")),
    _retention("whose cursor passes slow deletions", "deleted_since", ("pg_snapshot_xmin", "pg_snapshot_xmax")),
    _retention("that misses the deletion at the cursor", "deleted_since", ("d.xact >=", "d.xact >")),
    _retention("that returns restored deletions for ever", "deleted_since",
               ("AND d.xact < pg_snapshot_xmax(pg_current_snapshot())", "")),
    _retention("that forgets deletions at once", "forget_deleted", ("- $1::interval", "- $1::interval * 0")),
    _retention("of batches with tasks", "remove_empty_batches",
               ("WHERE NOT EXISTS (SELECT 1 FROM ffmate.tasks t WHERE t.batch = b.uuid)", "")),
    _tasks("delete of a running task at once", "delete_tasks", ("AND (t.status LIKE 'DONE%' OR", "AND (true OR")),
    _tasks("delete that keeps the log", "delete_tasks",
            ("USING gone WHERE l.task_id = gone.id", "USING gone WHERE false")),
)  # fmt: skip


@contextmanager
def injected(defect: Defect) -> Iterator[None]:
    """The program sends the statement with the defect instead of the one in its file."""
    statements = queries._load(defect.topic)
    right = statements[defect.statement]
    wrong: str = right
    for old, new in defect.changes:
        if old not in wrong:
            raise ValueError(f"{defect.name}: {defect.statement} has no text {old!r}")
        wrong = wrong.replace(old, new)
    statements[defect.statement] = Sql(wrong)
    try:
        yield
    finally:
        statements[defect.statement] = right


def find(uri: str, defect: Defect) -> tuple[int, str | None]:
    """How many steps the model took, and what it said; None when it found nothing."""
    with injected(defect), protocol(uri) as machine:
        try:
            tell(machine)
            play(machine, shrink=False)
        except asyncpg.PostgresSyntaxError:
            raise
        except (AssertionError, asyncpg.PostgresError) as error:
            return machine.steps, str(error).strip().partition("\n")[0] or "an answer was wrong"
        return machine.steps, None


DIRECT = tuple(
    f"tests/db/test_{name}.py" for name in ("claims", "leases", "tasks", "attempts", "scripts", "retention")
)
_VARIABLE = "FFMATE_TESTS_DEFECT"


def find_directly(defect: Defect) -> str | None:
    """The first direct test of a statement that fails."""
    plugins = ("-p", __spec__.name if __name__ == "__main__" else __name__, "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", *plugins, *DIRECT],
        check=False,
        env=os.environ | {_VARIABLE: defect.name},
        capture_output=True,
        text=True,
        timeout=600,
    )
    failed = re.search(r"^(?:FAILED|ERROR) \S*::(\S+)", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stdout + done.stderr)
    return failed[1] if failed else None


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    """As a pytest plugin of the direct tests: the defect stays until the process ends."""
    defect = next(defect for defect in DEFECTS if defect.name == os.environ[_VARIABLE])
    harm = ExitStack()
    harm.enter_context(injected(defect))
    config.add_cleanup(harm.close)


async def main(words: Sequence[str]) -> int:
    """Print a line per defect; the exit code is 1 if one was missed."""
    chosen = [defect for defect in DEFECTS if not words or any(word in defect.name for word in words)]
    missed = []
    async with open_server() as server, server.database() as uri:
        await migrate(uri)
        for setting in ("fsync", "synchronous_commit"):
            await server.admin.execute(f"ALTER SYSTEM SET {setting} = off")
        await server.admin.execute("SELECT pg_reload_conf()")
        for defect in chosen:
            start = time.perf_counter()
            steps, failure = await asyncio.to_thread(find, uri, defect)
            failure = failure or await asyncio.to_thread(find_directly, defect)
            seconds = time.perf_counter() - start
            verdict = "found " if failure else "MISSED"
            print(
                f"{verdict} {steps:6d} steps {seconds:6.1f} s  {defect.name}: {failure or ''}"[:160],
                flush=True,
            )
            missed += [] if failure else [defect.name]
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} found",
        *(f"missed: {name}" for name in missed),
        sep="\n",
    )
    return bool(missed)


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
