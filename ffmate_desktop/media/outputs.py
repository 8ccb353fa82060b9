"""Plan where ffmpeg writes the outputs of a command. See `output_plan`."""

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.media import arguments
from ffmate_desktop.media.arguments import Invocation, OutputArgument
from ffmate_desktop.media.command import without_program
from ffmate_desktop.media.inputs import files_read, local_path, reads_file
from ffmate_desktop.media.output_kinds import (
    LITERAL_SETS,
    NOT_FILES,
    NUMBER,
    fixed_folder,
    is_device,
    is_set,
    mode_of,
)
from ffmate_desktop.media.output_plan import (
    MAX_NAME,
    OutputKind,
    OutputPlan,
    PlannedOutput,
    prefix_of,
    shortened,
    tag_of,
)
from ffmate_desktop.media.side_inputs import side_inputs
from ffmate_desktop.media.side_outputs import side_outputs

# Options that name further files of a muxer.
_WRITTEN_OPTIONS = (
    "header", "hls_enc_key_url", "hls_segment_filename", "hls_subtitle_path", "segment_header_filename",
    "segment_list",
)  # fmt: skip
# The same, but the muxer resolves these names in the folder of its output.
_RELATIVE_OPTIONS = (
    "hls_fmp4_init_filename", "init_seg_name", "master_pl_name", "media_seg_name", "single_file_name",
)  # fmt: skip
# Protocols that wrap a file name: `md5:/sums.txt`, `crypto:/film.mp4`.
_WRAPPER = re.compile(r"(?:md5:|crypto[:+]|file:)+")
_TEE_SLAVE = re.compile(r"(?P<head>\s*(?:\[(?P<options>[^]]*)\])?)(?P<url>.*)", re.DOTALL)


def plan_outputs(
    steps: Sequence[Sequence[str]],
    *,
    task: str,
    epoch: int,
    incarnation: int,
    main_output: str,
    main_input: str = "",
    program: Path | None = None,
) -> OutputPlan:
    """Give every local output of a task's steps a temporary name.

    `steps` are expanded tokens; a leading program name is dropped. `task` is the task's UUID, claimed by this
    `incarnation` of a node under this `epoch`. `main_output` and `main_input` are the files that the task itself
    names, wherever the command uses them. Raises UsageError for an output without a folder and for two outputs of one
    step with the same path, UserError for an output that is also an input (under any name or link) or that is a
    folder.
    """
    planner = _Planner(prefix_of(task), f"{epoch}-{tag_of(incarnation)}")
    stripped = [without_program(step, program) for step in steps]
    for number, tokens in enumerate(stripped):
        planner.plan_step(number, tokens, stripped[number + 1 :])
    if main_input:
        planner.inputs.append(Path(main_input))
    planner.protect_inputs()
    main_path = local_path(main_output)
    main = planner.outputs.get(_key(main_path)) if main_path is not None else None
    outputs = (*planner.outputs.values(), *planner.sides.values())
    return OutputPlan(
        steps=planner.steps,
        outputs=outputs,
        main=main or next(iter(outputs), None),
        inputs=tuple(dict.fromkeys(planner.inputs)),
        folders=tuple(dict.fromkeys(planner.folders)),
        prefix=planner.prefix,
        epoch=epoch,
        tag=tag_of(incarnation),
    )


def _reads_working_directory(later: Sequence[Sequence[str]]) -> bool:
    """Return whether a later step reads a relative path, so that relative outputs must stay for it."""
    inputs = [read for tokens in later for read in arguments.parse_arguments(tokens).inputs]
    paths = [local_path(read.url) for read in inputs if read.option("f") != "lavfi"]
    return any(path is not None and not path.is_absolute() for path in paths)


@dataclass
class _Planner:
    prefix: str
    claim: str
    steps: list[list[str]] = field(default_factory=list)
    outputs: dict[Path, PlannedOutput] = field(default_factory=dict)  # by the path in the command
    inputs: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    sides: dict[Path, PlannedOutput] = field(default_factory=dict)  # by folder
    side_files: list[Path] = field(default_factory=list)
    side_texts: dict[str, str] = field(default_factory=dict)  # paths that later steps read → replacements
    texts: dict[str, str] = field(default_factory=dict)  # the command's text → ffmpeg's argument

    def plan_step(self, number: int, tokens: Sequence[str], later: Sequence[Sequence[str]]) -> None:
        keeps_relative = _reads_working_directory(later)
        for original, replacement in self.side_texts.items():
            tokens = [token.replace(original, replacement) for token in tokens]
        invocation, tokens = arguments.parse_arguments(tokens), list(tokens)
        self._read(invocation, tokens)
        self._move_side_outputs(number, invocation, tokens, later)
        for output in invocation.outputs:
            muxer = output.option("f") or ""
            if muxer == "fifo":
                muxer = output.option("fifo_format") or ""
            if muxer == "tee":
                url = self._tee(number, output, keeps_relative)
            else:
                url = self._destination(number, output, output.url, muxer, keeps_relative)
                self._move_written_options(output, tokens)
            if url != output.url:
                tokens[output.index] = self.texts[output.url] = url
        self.steps.append([self.texts.get(token, token) for token in tokens])

    def _read(self, invocation: Invocation, tokens: list[str]) -> None:
        for read in invocation.inputs:
            if read.url.startswith("cache:") and local_path(read.url[6:]) is not None:
                tokens[read.index] = read.url[6:]  # its cache is a file in /tmp, which local files don't need
            path = None if read.option("f") == "lavfi" else local_path(read.url)
            if path is not None and (written := self.outputs.get(_key(path))) is not None:
                tokens[read.index] = written.url
            else:
                self.inputs += [file for file in files_read(read) if file.is_absolute()]
        self.inputs += [path for path in side_inputs(invocation) if _key(path) not in self.outputs]

    def _move_side_outputs(
        self, number: int, invocation: Invocation, tokens: list[str], later: Sequence[Sequence[str]]
    ) -> None:
        """Write side outputs to a hidden folder next to their target, or to the working folder for later steps."""
        for side in sorted(side_outputs(invocation, tokens), key=lambda side: (side.index, -side.start)):
            if is_device(side.path) or ".." in side.path.parts:
                continue
            text = tokens[side.index]
            original = text[side.start : side.end]
            self.side_files.append(side.path)
            if any(original in token for step in later for token in step):
                replacement = text[side.name : side.end]
                self.side_texts[original] = replacement
            else:
                folder = side.path.parent
                hidden = folder / f"{self.prefix}{self.claim}-side"
                replacement = f"{text[side.start : side.name]}{hidden.name}/{text[side.name : side.end]}"
                self.folders += [folder, hidden]
                self.sides.setdefault(
                    folder,
                    PlannedOutput(
                        OutputKind.FOLDER, number, folder, hidden, side.path.name, "", "", side=True
                    ),
                )
            tokens[side.index] = text[: side.start] + replacement + text[side.end :]

    def _destination(
        self, number: int, output: OutputArgument, url: str, muxer: str, keeps_relative: bool
    ) -> str:
        """Return ffmpeg's argument for `url`, and record the output if it is a file to publish."""
        if url.startswith("tee:"):
            raise UsageError(
                "The command writes to tee:, which hides where its files go.",
                'Use -f tee and list the files, such as -f tee "[f=mp4]${OUTPUT_FILE}|[f=mpegts]/other.ts"',
            )
        wrapper = wrapped[0] if (wrapped := _WRAPPER.match(url)) else ""
        path = local_path(url[len(wrapper) :])
        if path is None or muxer in NOT_FILES or is_device(path):
            return url
        if not path.is_absolute():
            if keeps_relative and ".." not in path.parts and not path.anchor:
                return url
            raise UsageError(
                f"The command writes “{url}” without a folder.",
                "Use ${OUTPUT_FILE}, or a full path such as ${INPUT_FILE_DIR}/name.mp4",
            )
        is_wrapped = wrapper not in ("", "file:")
        form = "wrapped" if is_wrapped else muxer or path.suffix.lower().removeprefix(".")
        if (earlier := self.outputs.get(_key(path))) is not None:
            if earlier.step == number:
                raise UsageError(
                    f"The command writes “{path}” twice at the same time.",
                    "Give each output its own name.",
                )
            self.outputs[_key(path)] = replace(earlier, step=number, format=form)  # the last step counts
            return earlier.url
        _check_name(path)
        if is_set(output, path, muxer):
            planned = self._plan_set(number, path, form)
        else:
            planned = self._plan_file(number, path, form)
        self.outputs[_key(path)] = replace(planned, url=wrapper + planned.url)
        return wrapper + planned.url

    def _plan_file(self, number: int, target: Path, form: str) -> PlannedOutput:
        temporary = target.with_name(shortened(f"{self.prefix}{self.claim}-", target.name))
        self.folders.append(target.parent)
        return PlannedOutput(OutputKind.FILE, number, target, temporary, target.name, str(temporary), form)

    def _plan_set(self, number: int, path: Path, form: str) -> PlannedOutput:
        fixed = target = fixed_folder(path)
        is_format = form not in LITERAL_SETS and NUMBER.search(path.name)
        # As ffmpeg reads it: `|pct` has doubled the percent signs of the folders.
        if is_format and not os.path.isdir(fixed):  # noqa: PTH112 - returns False where Path.is_dir may raise
            target = Path(str(fixed).replace("%%", "%"))
        temporary = target / f"{self.prefix}{self.claim}"
        written = temporary / path.relative_to(fixed)
        self.folders += [target, temporary, written.parent]
        url = str(written)
        if is_format:
            url = url.replace(str(temporary), str(temporary).replace("%", "%%"), 1)
        name = path.relative_to(fixed).as_posix()
        return PlannedOutput(OutputKind.FOLDER, number, target, temporary, name, url, form)

    def _move_written_options(self, output: OutputArgument, tokens: list[str]) -> None:
        """Write the further files of a set (its segments, its list) to the same place as the set."""
        path = local_path(output.url)
        planned = self.outputs.get(_key(path)) if path is not None else None
        if planned is None:
            return
        for option in output.options:
            if option.name in _RELATIVE_OPTIONS and _leaves_folder(option.value or ""):
                raise UsageError(
                    f"-{option.name} names “{option.value}”, which isn't in the output's folder.",
                    "Use a name without “..” that isn't a full path.",
                )
            file = local_path(option.value or "") if option.name in _WRITTEN_OPTIONS else None
            if file is None:
                continue
            base = planned.target if file.is_absolute() else Path()
            if not file.is_relative_to(base) or ".." in file.parts:
                raise UsageError(
                    f"-{option.name} names “{file}”, which isn't in the output's folder.",
                    f"Put it in {planned.target}, where all files go when the task is done.",
                )
            written = planned.temporary / file.relative_to(base)
            self.folders.append(written.parent)
            tokens[option.index + 1] = str(written)

    def _tee(self, number: int, output: OutputArgument, keeps_relative: bool) -> str:
        slaves = []
        for slave in re.split(r"(?<!\\)\|", output.url):
            parts = _TEE_SLAVE.fullmatch(slave)
            head, options, url = (parts["head"], parts["options"], parts["url"]) if parts else ("", "", slave)
            muxer = (re.findall(r"(?:^|:)f=([^:]*)", options or "") or [""])[-1]
            for option in _WRITTEN_OPTIONS:
                if f"{option}=" in (options or ""):
                    raise UsageError(
                        f"{option} can't be used inside a tee.",
                        "Write that output separately, without the tee.",
                    )
            for name, value in re.findall(r"(\w+)=((?:[^:\\]|\\.)*)", options or ""):
                if name in _RELATIVE_OPTIONS and _leaves_folder(re.sub(r"[\\']", "", value)):
                    raise UsageError(f"{name} names “{value}”, which isn't in the output's folder.")
            plain = re.sub(r"\\(.)", r"\1", url)
            new_url = self._destination(number, output, plain, muxer, keeps_relative)
            slaves.append(slave if new_url == plain else head + re.sub(r"([\\'|])", r"\\\1", new_url))
        return "|".join(slaves)

    def protect_inputs(self) -> None:
        """Raise UserError if an input would be overwritten, under any name."""
        for path, output in self.outputs.items():
            for read in self.inputs:
                if _key(read) == path or (output.kind is OutputKind.FILE and reads_file(read, path)):
                    raise overwrites_input(read, path)
        for path in self.side_files:
            for read in self.inputs:
                if reads_file(read, path):
                    raise overwrites_input(read, path)


def _leaves_folder(name: str) -> bool:
    path = PureWindowsPath(name)  # handles both kinds of slashes
    return ".." in path.parts or bool(path.anchor)


def check_names(read: Path, target: Path) -> None:
    """Check one input and one output by their names alone, as `plan_outputs` does. Raises UserError."""
    _check_name(target)
    if _key(read) == _key(target) or reads_file(read, target):
        raise overwrites_input(read, target)


def overwrites_input(read: Path, target: Path) -> UserError:
    """Return the error for an output `target` that would replace the input file `read`."""
    other = "" if read.name == target.name else f" (another name of “{target.name}”)"
    return UserError(
        f"The output would overwrite its own input, “{read.name}”{other}.",
        "Choose another name or folder for the output. Input files are never changed.",
    )


def _key(path: Path) -> Path:
    """Return a key that is equal for all spellings of a path, also through linked folders, but not linked files."""
    return Path(os.path.normcase(Path(os.path.realpath(path.parent), path.name)))


def _check_name(path: Path) -> None:
    if stat.S_ISDIR(mode_of(path)) or path.name in ("", ".."):
        raise UserError(f"The output “{path}” is a folder.", "Add a file name.")
    if len(os.fsencode(path.name)) > MAX_NAME:
        raise UserError(
            f"The output's name is too long: “{path.name[:60]}…”.",
            f"File systems allow {MAX_NAME} bytes.",
        )
