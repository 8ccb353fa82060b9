"""From the outputs of a command to the plan where ffmpeg writes them; see `output_plan`."""

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

# Further files of a muxer.
_WRITTEN_OPTIONS = (
    "header", "hls_enc_key_url", "hls_segment_filename", "hls_subtitle_path", "segment_header_filename",
    "segment_list",
)  # fmt: skip
# The same, but the muxer puts these names behind the folder of its output.
_NAMED_BESIDE = (
    "hls_fmp4_init_filename", "init_seg_name", "master_pl_name", "media_seg_name", "single_file_name",
)  # fmt: skip
# Protocols that write a file through another name: `md5:/sums.txt`, `crypto:/film.mp4`.
_WRAPPER = re.compile(r"(?:md5:|crypto[:+]|file:)+")
_TEE_SLAVE = re.compile(r"(?P<head>\s*(?:\[(?P<options>[^]]*)\])?)(?P<url>.*)", re.DOTALL)


def plan(
    steps: Sequence[Sequence[str]],
    *,
    task: str,
    epoch: int,
    incarnation: int,
    main_output: str,
    main_input: str = "",
    program: Path | None = None,
) -> OutputPlan:
    """Give every local output of a task's steps its temporary name.

    `steps` are expanded tokens (the program's name in front is dropped), `task` is the task's UUID, claimed by this
    `incarnation` of a node under this `epoch`. `main_output` and `main_input` are the files that the task is said to
    make and to read, wherever the command has them. Raises UsageError for an output without a folder and for two
    outputs of one step in one file, UserError for an output that is also an input (under any name or link) or that is
    a folder.
    """
    planner = _Planner(prefix_of(task), f"{epoch}-{tag_of(incarnation)}")
    stripped = [without_program(step, program) for step in steps]
    for number, tokens in enumerate(stripped):
        planner.plan_step(number, tokens, stripped[number + 1 :])
    if main_input:
        planner.inputs.append(Path(main_input))
    planner.protect_inputs()
    main_path = local_path(main_output)
    main = planner.found.get(_key(main_path)) if main_path is not None else None
    outputs = (*planner.found.values(), *planner.sides.values())
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
    """Whether a later step reads a relative path, so that relative outputs are there for it."""
    inputs = [read for tokens in later for read in arguments.parse(tokens).inputs]
    paths = [local_path(read.url) for read in inputs if read.option("f") != "lavfi"]
    return any(path is not None and not path.is_absolute() for path in paths)


@dataclass
class _Planner:
    prefix: str
    claim: str
    steps: list[list[str]] = field(default_factory=list)
    found: dict[Path, PlannedOutput] = field(default_factory=dict)  # by the path that the command says
    inputs: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    sides: dict[Path, PlannedOutput] = field(default_factory=dict)  # by folder
    side_files: list[Path] = field(default_factory=list)
    side_texts: dict[str, str] = field(default_factory=dict)  # paths that later steps read
    texts: dict[str, str] = field(default_factory=dict)  # as the command says it → what ffmpeg is told

    def plan_step(self, number: int, tokens: Sequence[str], later: Sequence[Sequence[str]]) -> None:
        kept = _reads_working_directory(later)
        for said, told in self.side_texts.items():
            tokens = [token.replace(said, told) for token in tokens]
        invocation, tokens = arguments.parse(tokens), list(tokens)
        self._read(invocation, tokens)
        self._move_side_outputs(number, invocation, tokens, later)
        for output in invocation.outputs:
            muxer = output.option("f") or ""
            if muxer == "fifo":
                muxer = output.option("fifo_format") or ""
            if muxer == "tee":
                url = self._tee(number, output, kept)
            else:
                url = self._destination(number, output, output.url, muxer, kept)
                self._move_written_options(output, tokens)
            if url != output.url:
                tokens[output.index] = self.texts[output.url] = url
        self.steps.append([self.texts.get(token, token) for token in tokens])

    def _read(self, invocation: Invocation, tokens: list[str]) -> None:
        for read in invocation.inputs:
            if read.url.startswith("cache:") and local_path(read.url[6:]) is not None:
                tokens[read.index] = read.url[6:]  # its cache is a file in /tmp, and the disk needs none
            path = None if read.option("f") == "lavfi" else local_path(read.url)
            if path is not None and (written := self.found.get(_key(path))) is not None:
                tokens[read.index] = written.url
            else:
                self.inputs += [file for file in files_read(read) if file.is_absolute()]
        self.inputs += [path for path in side_inputs(invocation) if _key(path) not in self.found]

    def _move_side_outputs(
        self, number: int, invocation: Invocation, tokens: list[str], later: Sequence[Sequence[str]]
    ) -> None:
        """Gives files beside the outputs a hidden folder beside their place; what only a later step reads, the
        working folder.
        """
        for side in sorted(side_outputs(invocation, tokens), key=lambda one: (one.index, -one.start)):
            if is_device(side.path) or ".." in side.path.parts:
                continue
            text = tokens[side.index]
            said = text[side.start : side.end]
            self.side_files.append(side.path)
            if any(said in token for step in later for token in step):
                told = text[side.name : side.end]
                self.side_texts[said] = told
            else:
                folder = side.path.parent
                hidden = folder / f"{self.prefix}{self.claim}-side"
                told = f"{text[side.start : side.name]}{hidden.name}/{text[side.name : side.end]}"
                self.folders += [folder, hidden]
                self.sides.setdefault(
                    folder,
                    PlannedOutput(
                        OutputKind.FOLDER, number, folder, hidden, side.path.name, "", "", side=True
                    ),
                )
            tokens[side.index] = text[: side.start] + told + text[side.end :]

    def _destination(self, number: int, output: OutputArgument, url: str, muxer: str, kept: bool) -> str:
        """What ffmpeg is told instead of `url`, which is noted when it is a file to publish."""
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
            if kept and ".." not in path.parts and not path.anchor:
                return url
            raise UsageError(
                f"The command writes “{url}” without a folder.",
                "Use ${OUTPUT_FILE}, or a full path such as ${INPUT_FILE_DIR}/name.mp4",
            )
        is_wrapped = wrapper not in ("", "file:")
        form = "wrapped" if is_wrapped else muxer or path.suffix.lower().removeprefix(".")
        if (known := self.found.get(_key(path))) is not None:
            if known.step == number:
                raise UsageError(
                    f"The command writes “{path}” twice at the same time.",
                    "Give each output its own name.",
                )
            self.found[_key(path)] = replace(
                known, step=number, format=form
            )  # the last step's is what counts
            return known.url
        _check_name(path)
        kind = OutputKind.FOLDER if is_set(output, path, muxer) else OutputKind.FILE
        fixed = target = path if kind is OutputKind.FILE else fixed_folder(path)
        is_format = kind is OutputKind.FOLDER and form not in LITERAL_SETS and NUMBER.search(path.name)
        # As ffmpeg reads it: `|pct` has doubled the signs of the folders.
        if is_format and not os.path.isdir(fixed):  # noqa: PTH112 - says no where Path.is_dir may raise
            target = Path(str(fixed).replace("%%", "%"))
        temporary = self._temporary(kind, target)
        written = temporary if kind is OutputKind.FILE else temporary / path.relative_to(fixed)
        self.folders += [target.parent] if kind is OutputKind.FILE else [target, temporary, written.parent]
        told = str(written)
        if is_format:
            told = told.replace(str(temporary), str(temporary).replace("%", "%%"), 1)
        told = wrapper + told
        self.found[_key(path)] = PlannedOutput(
            kind=kind,
            step=number,
            target=target,
            temporary=temporary,
            name=path.relative_to(path.parent if kind is OutputKind.FILE else fixed).as_posix(),
            url=told,
            format=form,
        )
        return told

    def _temporary(self, kind: OutputKind, target: Path) -> Path:
        if kind is OutputKind.FOLDER:
            return target / f"{self.prefix}{self.claim}"
        return target.with_name(shortened(f"{self.prefix}{self.claim}-", target.name))

    def _move_written_options(self, output: OutputArgument, tokens: list[str]) -> None:
        """Sends the further files of a set (its segments, its list) where the set itself goes."""
        path = local_path(output.url)
        planned = self.found.get(_key(path)) if path is not None else None
        if planned is None:
            return
        for option in output.options:
            if option.name in _NAMED_BESIDE and _leads_away(option.value or ""):
                raise UsageError(
                    f"-{option.name} names “{option.value}”, which isn't in the output's folder.",
                    "Use a name without “..” that isn't a full path.",
                )
            named = local_path(option.value or "") if option.name in _WRITTEN_OPTIONS else None
            if named is None:
                continue
            beside = planned.target if named.is_absolute() else Path()
            if not named.is_relative_to(beside) or ".." in named.parts:
                raise UsageError(
                    f"-{option.name} names “{named}”, which isn't in the output's folder.",
                    f"Put it in {planned.target}, where all files go when the task is done.",
                )
            written = planned.temporary / named.relative_to(beside)
            self.folders.append(written.parent)
            tokens[option.index + 1] = str(written)

    def _tee(self, number: int, output: OutputArgument, kept: bool) -> str:
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
                if name in _NAMED_BESIDE and _leads_away(re.sub(r"[\\']", "", value)):
                    raise UsageError(f"{name} names “{value}”, which isn't in the output's folder.")
            plain = re.sub(r"\\(.)", r"\1", url)
            told = self._destination(number, output, plain, muxer, kept)
            slaves.append(slave if told == plain else head + re.sub(r"([\\'|])", r"\\\1", told))
        return "|".join(slaves)

    def protect_inputs(self) -> None:
        """Raises UserError when a file that is read would be written, whatever the command calls it."""
        for path, output in self.found.items():
            for read in self.inputs:
                if _key(read) == path or (output.kind is OutputKind.FILE and reads_file(read, path)):
                    raise overwrites_input(read, path)
        for path in self.side_files:
            for read in self.inputs:
                if reads_file(read, path):
                    raise overwrites_input(read, path)


def _leads_away(name: str) -> bool:
    path = PureWindowsPath(name)  # both kinds of slashes divide
    return ".." in path.parts or bool(path.anchor)


def check_names(read: Path, target: Path) -> None:
    """What `plan` says of one input and one output by their names alone; raises UserError."""
    _check_name(target)
    if _key(read) == _key(target) or reads_file(read, target):
        raise overwrites_input(read, target)


def overwrites_input(read: Path, target: Path) -> UserError:
    """The refusal to replace the input file `read` by publishing `target`."""
    other = "" if read.name == target.name else f" (another name of “{target.name}”)"
    return UserError(
        f"The output would overwrite its own input, “{read.name}”{other}.",
        "Choose another name or folder for the output. Input files are never changed.",
    )


def _key(path: Path) -> Path:
    """Equal for two spellings of one path, also through links to folders; a link to a file is a name of its own."""
    return Path(os.path.normcase(Path(os.path.realpath(path.parent), path.name)))


def _check_name(path: Path) -> None:
    if stat.S_ISDIR(mode_of(path)) or path.name in ("", ".."):
        raise UserError(f"The output “{path}” is a folder.", "Add a file name.")
    if len(os.fsencode(path.name)) > MAX_NAME:
        raise UserError(
            f"The output's name is too long: “{path.name[:60]}…”.",
            f"File systems allow {MAX_NAME} bytes.",
        )
