"""The second step of a scan: drafts a task for each file that is complete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.file_record import JudgedFile, ScannedFile
from ffmate_desktop.node.watchfolders.scan_context import (
    ScanContext,
    ScanState,
    wait_for_storage,
)
from ffmate_desktop.services.output_names import TaskDraft
from ffmate_desktop.services.presets import PresetNotFoundError
from ffmate_desktop.services.watch_drafts import draft_files
from ffmate_desktop.storage.watched_thread import WatchedThread

PRESET_GONE = "Its preset was deleted, so it queues no new files. Choose another preset for it."


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts of a batch, and by path why other complete files can't be queued now."""

    drafts: Sequence[tuple[ScannedFile, TaskDraft]] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


async def draft_tasks(
    context: ScanContext, state: ScanState, judged: Sequence[JudgedFile]
) -> tuple[Drafted, ScanState]:
    """Draft the tasks; the new state has the preset, or why there is none."""
    ready = [file.found for file in judged if file.decision.ready]
    if not ready:
        return Drafted(), state
    state = await _with_preset(context, state)
    preset = state.preset
    if preset is None:
        return Drafted(refused={found.path: state.trouble for found in ready}), state
    claim = context.claim
    drafts, refused = await wait_for_storage(
        WatchedThread(
            lambda: draft_files(claim.settings, claim.uuid, preset, ready, claim.node),
            "drafts of a watchfolder",
        ),
        "The folder for the outputs",
    )
    return Drafted(drafts, {found.path: sentence for found, sentence in refused}), state


async def _with_preset(context: ScanContext, state: ScanState) -> ScanState:
    """Look the preset up once in a scan."""
    if state.preset is not None or state.trouble:
        return state
    try:
        preset = await context.presets.get(context.claim.settings.preset)
    except PresetNotFoundError:
        return replace(state, trouble=PRESET_GONE)
    try:
        preset.check_readable()
    except UserError as error:
        return replace(state, trouble=str(error))
    return replace(state, preset=preset)
