"""The scripts and webhooks of a new task: what can be found out before a node has it."""

from dataclasses import replace

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.paths import is_absolute
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import DirectWebhook, ProcessingSpec
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.wildcards import WildcardValues, expand, expand_path


def check_script(script: ProcessingSpec | None, values: WildcardValues) -> None:
    """Put in what is known, to find now a file that the task lacks. Whether a script may run is its node's to say."""
    if script is None:
        return
    if script.sidecar is not None:
        path = expand_path(script.sidecar, values)
        if not is_absolute(path):
            raise UsageError(
                f"The sidecar “{script.sidecar}” does not say in which folder.",
                "Write a full path, such as ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.json",
            )
    for token in script.tokens:
        expand(token, replace(values, sidecar_file="sidecar"))
    if script.tokens and not is_absolute(expand(script.tokens[0], replace(values, sidecar_file="sidecar"))):
        raise UsageError(
            f"The script “{script.tokens[0]}” does not say in which folder.",
            "Write its full path, as it is on the nodes.",
        )


def webhooks_of(new: NewTask, preset: Preset | None) -> tuple[DirectWebhook, ...] | None:
    """Those of the task and of the preset; only events of tasks can be meant."""
    joined = (*(new.webhooks or ()), *((preset.webhooks if preset else None) or ()))
    return tuple(hook for hook in dict.fromkeys(joined) if hook.event.startswith("task.")) or None
