"""Checks the scripts and webhooks of a new task, as far as possible without a node."""

from dataclasses import replace

from ffmate_desktop.domain.errors import UsageError
from ffmate_desktop.domain.paths import is_absolute
from ffmate_desktop.domain.preset import Preset
from ffmate_desktop.domain.processing import DirectWebhook, ProcessingSpec
from ffmate_desktop.domain.task import NewTask
from ffmate_desktop.domain.wildcards import WildcardValues, expand, expand_path


def check_new_script(script: ProcessingSpec | None, values: WildcardValues) -> None:
    """Raise UsageError for a script that could never run. Whether it is allowed is up to the node."""
    if script is None:
        return
    if script.sidecar is not None:
        path = expand_path(script.sidecar, values)
        if not is_absolute(path):
            raise UsageError(
                f"The sidecar path “{script.sidecar}” doesn't include a folder.",
                "Use a full path, such as ${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}.json",
            )
    for token in script.tokens:
        expand(token, replace(values, sidecar_file="sidecar"))
    if script.tokens and not is_absolute(expand(script.tokens[0], replace(values, sidecar_file="sidecar"))):
        raise UsageError(
            f"The script path “{script.tokens[0]}” doesn't include a folder.",
            "Use the full path, as it is on the nodes.",
        )


def webhooks_of(new: NewTask, preset: Preset | None) -> tuple[DirectWebhook, ...] | None:
    """The webhooks of the task and of its preset, without those for other than task events."""
    joined = (*(new.webhooks or ()), *((preset.webhooks if preset else None) or ()))
    return tuple(hook for hook in dict.fromkeys(joined) if hook.event.startswith("task.")) or None
