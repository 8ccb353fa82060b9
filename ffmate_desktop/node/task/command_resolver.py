"""Fills in the wildcards of a task's spec with the values of this node."""

from ffmate_desktop.domain.grammar import format_command
from ffmate_desktop.domain.task import Claim, Task, TaskSpec
from ffmate_desktop.domain.task_facts import JsonObject
from ffmate_desktop.domain.wildcards import ClockReading, WildcardValues, expand_path, expand_steps
from ffmate_desktop.node.task.resources import EncodeResources


class CommandResolver:
    """The spec of one claim, and the command and paths that it means on this node."""

    def __init__(self, claim: Claim, resources: EncodeResources) -> None:
        self._claim = claim
        self._resources = resources
        self.spec: TaskSpec = claim.spec
        """With the changes of an imported sidecar."""
        self.is_complete = claim.spec.pre_processing is None or not claim.spec.pre_processing.import_sidecar
        """No script can add metadata anymore: a wildcard without a value is an error."""

    def change_spec(self, fields: JsonObject | None) -> None:
        """Replace fields of the submitted spec by those of an imported sidecar; None restores it."""
        self.spec = self._claim.spec.changed(fields)

    def output(self) -> str:
        """The path of the output."""
        spec = self.spec
        return spec.output if spec.output is not None else expand_path(spec.output_pattern, self.values(""))

    def steps(self, output: str) -> list[list[str]]:
        """The arguments of each ffmpeg of the command."""
        return expand_steps(self.spec.tokens, self.values(output))

    def values(self, output: str) -> WildcardValues:
        """The values of all wildcards but that of the sidecar."""
        resources, spec = self._resources, self.spec
        return WildcardValues(
            input_file=spec.input,
            output_file=output,
            clock=ClockReading(spec.clock_ns, spec.utc_offset),
            uuid=str(self._claim.uuid),
            source=spec.source,
            os_name=resources.os,
            os_arch=resources.arch,
            ffmpeg=str(resources.ffmpeg),
            metadata=spec.metadata,
            is_complete=self.is_complete,
        )

    def add_resolved(self, task: Task) -> Task:
        """The task as people see it, with the command and the output where they aren't known yet."""
        output = self.output()
        resolved = {
            "command": format_command(self.steps(output)),
            "output_file": task.output_file.resolved or output,
        }
        return task.model_copy(
            update={
                name: getattr(task, name).model_copy(
                    update={"resolved": getattr(task, name).resolved or value}
                )
                for name, value in resolved.items()
            }
        )
