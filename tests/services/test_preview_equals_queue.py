"""For any submission, the preview names the outputs that are then queued."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.db.queries import Sql
from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import IfExists, NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.services.edits import TaskEdit
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.preview import PreviewIssue, PreviewRow, PreviewService
from ffmate_desktop.services.tasks import TaskService

pytestmark = pytest.mark.db

COMMAND = "-i ${INPUT_FILE} -metadata title=${METADATA_title} -c copy ${OUTPUT_FILE}"
NAMES = ("clip.mov", "Clip.mov", "two words.mxf", "no_ending", "clip.mp4")
PARTS = (
    "${SOURCE}",
    "${INPUT_FILE_BASENAME}",
    "${INPUT_FILE_BASE}",
    "${INPUT_FILE_EXTENSION}",
    "${METADATA_title}",
    "${OS_NAME}",
    "clip",
    "_",
)
"""Of the name of an output. Wildcards of the clock and of the task's id differ from one look to the next."""


@dataclass(frozen=True)
class Submission:
    source: TaskSource
    inputs: list[str]
    pattern: str
    if_exists: IfExists
    on_disk: list[str]
    queued: list[str]


file_names = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map(
    lambda parts: "".join(parts) + ".mp4"
)
patterns = st.builds(
    "{}{}".format, st.sampled_from(("${INPUT_FILE_DIR}/", "out/", "${SOURCE}/", "", "in/../out/")), file_names
)
outputs = st.lists(
    st.sampled_from(("out/clip.mp4", "out/clip_2.mp4", "in/clip.mp4", "in/window_clip.mp4", "clip.mp4")),
    max_size=3,
    unique=True,
)
submissions = st.builds(
    Submission,
    source=st.sampled_from(TaskSource),
    inputs=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5),
    pattern=patterns,
    if_exists=st.sampled_from(IfExists),
    on_disk=outputs,
    queued=outputs,
)


@given(submission=submissions)
@example(
    Submission(
        source=TaskSource.WINDOW,
        inputs=["clip.mov"],
        pattern="${INPUT_FILE_DIR}/${SOURCE}_${INPUT_FILE_BASENAME}.mp4",
        if_exists=IfExists.RENAME,
        on_disk=["in/window_clip.mp4"],
        queued=[],
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_preview_equals_what_is_queued(
    database: Database, presets: PresetService, tmp_path: Path, submission: Submission
) -> None:
    preview, tasks = PreviewService(database, presets), TaskService(database, presets)
    folder = tmp_path / uuid.uuid4().hex  # no output of another example is in the way
    for name in (*(f"in/{name}" for name in NAMES), *submission.on_disk):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for output in submission.queued:
        other = NewTask(
            input_file="in/no_ending", command="-i ${INPUT_FILE} ${OUTPUT_FILE}", output_file=output
        )
        await tasks.add([other], source=TaskSource.CLI, base=str(folder))
    new = [
        NewTask(
            input_file=f"in/{name}",
            command=COMMAND,
            output_file=submission.pattern,
            if_exists=submission.if_exists,
            metadata={"title": "Clip"},
        )
        for name in submission.inputs
    ]

    rows = await preview.preview(new, source=submission.source, base=str(folder))
    try:
        submitted = await tasks.add(new, source=submission.source, base=str(folder))
    except UserError as error:
        assert error.message in {row.message for row in rows if row.issue.is_error}
        return

    assert [row.output for row in rows if not is_skipped(row, submission)] == [
        task.output_file.resolved for task in await tasks.get(submitted.uuids)
    ]
    assert len(submitted.skipped) == sum(is_skipped(row, submission) for row in rows)
    assert not [row for row in rows if row.issue.is_error and not is_skipped(row, submission)]


def is_skipped(row: PreviewRow, submission: Submission) -> bool:
    return submission.if_exists is IfExists.SKIP and row.issue in (
        PreviewIssue.EXISTS,
        PreviewIssue.TAKEN,
        PreviewIssue.SHARED,
    )


async def test_the_source_of_another_version_survives(
    database: Database, tasks: TaskService, tmp_path: Path
) -> None:
    (tmp_path / "clip.mov").touch()
    new = NewTask(
        input_file="clip.mov", command=COMMAND, output_file="${SOURCE}.mp4", metadata={"title": "x"}
    )
    [task] = (await tasks.add([new], source=TaskSource.CLI, base=str(tmp_path))).uuids
    await database.fetch(
        Sql('UPDATE ffmate.tasks SET spec = spec || \'{"source": "api"}\' WHERE uuid = $1'), task
    )
    await tasks.edit(task, TaskEdit(priority=5))
    [edited] = await tasks.get([task])
    assert (edited.source, edited.priority) == ("api", 5)
    assert edited.output_file.resolved == str(tmp_path / "api.mp4")
