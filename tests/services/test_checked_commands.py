"""Many files with one command are checked quickly, and names are still checked."""

from pathlib import Path
from typing import Any

import pytest

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.media.output_plan import OutputPlan
from ffmate_desktop.media.outputs import plan_outputs
from ffmate_desktop.services import submission
from ffmate_desktop.services.checked_commands import CheckedCommands

COPY = "-i ${INPUT_FILE} -c copy ${OUTPUT_FILE}"


def look(
    folder: Path, name: str, checked: CheckedCommands, command: str = COPY, pattern: str = "${INPUT_FILE}.mp4"
) -> None:
    (folder / name).touch()
    new = NewTask(input_file=str(folder / name), command=command, output_file=pattern)
    submission.prepare_task(new, None, source=TaskSource.CLI, client="", base=str(folder), checked=checked)


def test_the_second_file_of_a_command_is_not_planned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = []

    def counted(*steps: Any, **more: Any) -> OutputPlan:
        planned.append(steps)
        return plan_outputs(*steps, **more)

    monkeypatch.setattr(submission, "plan_outputs", counted)
    checked = CheckedCommands()
    for name in ("a.mov", "b.mov", "c.mov"):
        look(tmp_path, name, checked)
    assert len(planned) == 1
    look(tmp_path, "d.mkv", checked)
    assert len(planned) == 2, "another kind of file is another question"


def test_an_output_that_is_its_input_is_still_refused(tmp_path: Path) -> None:
    checked = CheckedCommands()
    look(tmp_path, "a.mp4", checked, pattern="${INPUT_FILE_DIR}/x.mp4")
    with pytest.raises(UserError, match="overwrite its own input"):
        look(tmp_path, "x.mp4", checked, pattern="${INPUT_FILE_DIR}/x.mp4")


def test_commands_that_read_lists_are_planned_for_every_file(tmp_path: Path) -> None:
    checked = CheckedCommands()
    look(tmp_path, "a.txt", checked, command=f"-f concat {COPY}")
    assert not checked._passed
