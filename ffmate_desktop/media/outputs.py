"""Where ffmpeg writes before anything may be published: hidden temporary names beside the targets.

A temporary name carries the task and its claim, `.ffd-<12 hex digits>-<epoch>-<6 hex digits>-<name>`, so that a
node that lost its claim can neither be taken for the new owner nor leave something behind that nobody knows. The last
digits are of the node's incarnation: after failover to an asynchronous standby two nodes can hold one epoch.
"""

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.media import arguments
from ffmate_desktop.media.arguments import Invocation, OutputArgument
from ffmate_desktop.media.command import without_program
from ffmate_desktop.media.inputs import files_read, local_path, reads_file

_LONGEST_NAME = 255  # bytes; the limit of every file system in common use
_LONGEST_SUFFIX = 32
_SET_MUXERS = frozenset(
    {"dash", "hls", "segment", "smoothstreaming", "ssegment", "stream_segment", "webm_chunk"}
)
_SET_SUFFIXES = frozenset({"m3u8", "mpd"})
_LITERAL_SETS = frozenset({"dash", "hls", "m3u8", "mpd", "smoothstreaming"})  # a % in their path is only a %
_NUMBER = re.compile(r"(?<!%)(?:%%)*%\d*d")
# Where a number in the name makes several files. Source: `ff_guess_image2_codec()`, tried with ffmpeg 9.
_IMAGE_SUFFIXES = frozenset({
    "bmp", "dpx", "exr", "hdr", "im1", "im24", "im8", "j2c", "j2k", "jls", "jp2", "jpeg", "jpg", "jps", "jxl",
    "jxs", "ljpg", "mng", "mpo", "pam", "pbm", "pcx", "pfm", "pgm", "pgmyuv", "phm", "pix", "png", "pnm", "ppm",
    "qoi", "ras", "raw", "rs", "sgi", "sun", "sunras", "tga", "tif", "tiff", "vbn", "wbmp", "webp", "xbm", "xface",
    "xwd", "y",
})  # fmt: skip
_NOT_FILES = frozenset({
    "alsa", "audiotoolbox", "caca", "decklink", "fbdev", "null", "opengl", "oss", "pulse", "sdl", "sdl2", "v4l2",
    "xv",
})  # fmt: skip
_WRITTEN_OPTIONS = ("hls_segment_filename", "hls_subtitle_path", "segment_list")  # further files of a muxer
# Options that write a file of their own, straight to its name.
_SIDE_FILES = frozenset({
    "dump_attachment", "print_graphs_file", "sdp_file", "stats_enc_post", "stats_enc_pre", "stats_mux_pre",
    "vstats_file",
})  # fmt: skip
_TEE_SLAVE = re.compile(r"(?P<head>\s*(?:\[(?P<options>[^]]*)\])?)(?P<url>.*)", re.DOTALL)


class OutputKind(StrEnum):
    """A single file, or a set of files whose names ffmpeg makes up (segments, numbered pictures)."""

    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True)
class PlannedOutput:
    """One output that will be published.

    `target` is the final file, or the folder that the final files go to; `temporary` is the file, or the folder,
    that ffmpeg writes. `name` is the target's name, or what the command calls the set inside its folder (a playlist,
    a pattern). `url` is what ffmpeg is told in step `step` (from 0), `format` the muxer or else the extension.
    """

    kind: OutputKind
    step: int
    target: Path
    temporary: Path
    name: str
    url: str
    format: str


@dataclass(frozen=True)
class OutputPlan:
    """The steps with temporary names put in, and what becomes of these names.

    `outputs` leaves out what is no file of ours: `-f null`, devices, addresses on the network, files that stay in
    the private working directory. `main` is the one that the task names, or the first. `inputs` are the local files
    that are read and must never be replaced. `folders` must exist before ffmpeg starts. Temporary names begin with
    `prefix`, the epoch and the tag of the incarnation.
    """

    steps: list[list[str]]
    outputs: tuple[PlannedOutput, ...]
    main: PlannedOutput | None
    inputs: tuple[Path, ...]
    folders: tuple[Path, ...]
    prefix: str
    epoch: int
    tag: str

    @property
    def parents(self) -> tuple[Path, ...]:
        """The folders in which this task's temporary files and folders lie."""
        return tuple(dict.fromkeys(output.temporary.parent for output in self.outputs))


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
        planner.plan_step(number, tokens, kept=_reads_working_directory(stripped[number + 1 :]))
    if main_input:
        planner.inputs.append(Path(main_input))
    planner.protect_inputs()
    main_path = local_path(main_output)
    main = planner.found.get(_key(main_path)) if main_path is not None else None
    return OutputPlan(
        steps=planner.steps,
        outputs=tuple(planner.found.values()),
        main=main or next(iter(planner.found.values()), None),
        inputs=tuple(dict.fromkeys(planner.inputs)),
        folders=tuple(dict.fromkeys(planner.folders)),
        prefix=planner.prefix,
        epoch=epoch,
        tag=tag_of(incarnation),
    )


def prefix_of(task: str) -> str:
    """How the temporary names of a task (UUID) begin; its epoch follows."""
    return f".ffd-{task.replace('-', '')[:12]}-"


def tag_of(incarnation: int) -> str:
    """What temporary names carry of a node's incarnation, whose 53 bits are random."""
    return f"{incarnation & 0xFFFFFF:06x}"


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
    side_files: list[Path] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # as the command says it → what ffmpeg is told

    def plan_step(self, number: int, tokens: Sequence[str], *, kept: bool) -> None:
        invocation, tokens = arguments.parse(tokens), list(tokens)
        self._read(invocation, tokens)
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
            path = None if read.option("f") == "lavfi" else local_path(read.url)
            if path is not None and (written := self.found.get(_key(path))) is not None:
                tokens[read.index] = written.url
            else:
                self.inputs += [file for file in files_read(read) if file.is_absolute()]
        options = [*invocation.global_options, *invocation.ignored]
        for file in (*invocation.inputs, *invocation.outputs):
            options += file.options
        named = [local_path(option.value or "") for option in options if option.base in _SIDE_FILES]
        self.side_files += [path for path in named if path is not None and path.is_absolute()]

    def _destination(self, number: int, output: OutputArgument, url: str, muxer: str, kept: bool) -> str:
        """What ffmpeg is told instead of `url`, which is noted when it is a file to publish."""
        path = local_path(url)
        if path is None or muxer in _NOT_FILES or _is_device(path):
            return url
        if not path.is_absolute():
            if kept and ".." not in path.parts and not path.anchor:
                return url
            raise UsageError(
                f"The command writes “{url}” without saying in which folder.",
                "Write ${OUTPUT_FILE}, or a full path such as ${INPUT_FILE_DIR}/name.mp4",
            )
        form = muxer or path.suffix.lower().removeprefix(".")
        if (known := self.found.get(_key(path))) is not None:
            if known.step == number:
                raise UsageError(
                    f"The command writes “{path}” twice at the same time.",
                    "Give each output a name of its own.",
                )
            self.found[_key(path)] = replace(
                known, step=number, format=form
            )  # the last step's is what counts
            return known.url
        _check_name(path)
        kind = OutputKind.FOLDER if _is_set(output, path, muxer) else OutputKind.FILE
        fixed = target = path if kind is OutputKind.FILE else _fixed_folder(path)
        is_format = kind is OutputKind.FOLDER and form not in _LITERAL_SETS and _NUMBER.search(path.name)
        if (
            is_format and not fixed.is_dir()
        ):  # as ffmpeg reads it: `|pct` has doubled the signs of the folders
            target = Path(str(fixed).replace("%%", "%"))
        temporary = self._temporary(kind, target)
        written = temporary if kind is OutputKind.FILE else temporary / path.relative_to(fixed)
        self.folders += [target.parent] if kind is OutputKind.FILE else [target, temporary, written.parent]
        told = str(written)
        if is_format:
            told = told.replace(str(temporary), str(temporary).replace("%", "%%"), 1)
        told = ("file:" if url.startswith("file:") else "") + told
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
        return target.with_name(_shortened(f"{self.prefix}{self.claim}-", target.name))

    def _move_written_options(self, output: OutputArgument, tokens: list[str]) -> None:
        """Sends the further files of a set (its segments, its list) where the set itself goes."""
        path = local_path(output.url)
        planned = self.found.get(_key(path)) if path is not None else None
        if planned is None:
            return
        for option in output.options:
            named = local_path(option.value or "") if option.name in _WRITTEN_OPTIONS else None
            if named is None:
                continue
            beside = planned.target if named.is_absolute() else Path()
            if not named.is_relative_to(beside):
                raise UsageError(
                    f"-{option.name} names “{named}”, which is not in the folder of the output.",
                    f"Let it be in {planned.target}, where everything is moved when the task is done.",
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
                        f"{option} cannot be used inside a tee.",
                        "Write that output of its own, without the tee.",
                    )
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
        "Let the output have another name or another folder; input files are never changed.",
    )


def _key(path: Path) -> Path:
    """Equal for two spellings of one path, also through links to folders; a link to a file is a name of its own."""
    return Path(os.path.normcase(os.path.join(os.path.realpath(path.parent), path.name)))  # noqa: PTH118


def _mode(path: Path) -> int:
    """Type bits of what is there; 0 for nothing, and for what cannot be reached."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_device(path: Path) -> bool:
    """Whether writing there leaves no file: /dev/null, a pipe with a name, NUL."""
    mode = _mode(path)
    return path.name.upper() == "NUL" or not (mode == 0 or stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _is_set(output: OutputArgument, path: Path, muxer: str) -> bool:
    """Whether ffmpeg makes up the names of several files from this one."""
    suffix = path.suffix.lower().removeprefix(".")
    if muxer in _SET_MUXERS or (not muxer and suffix in _SET_SUFFIXES):
        return True
    makes_images = muxer == "image2" or (not muxer and suffix in _IMAGE_SUFFIXES)
    return makes_images and "%" in path.name and output.option("update") != "1"


def _fixed_folder(path: Path) -> Path:
    """The folder of a set: the innermost one whose name ffmpeg does not make up (`/out` for `/out/v%v/x.m3u8`)."""
    formats = [folder for folder in path.parents if "%" in folder.name.replace("%%", "")]
    made_up = [folder for folder in formats if not stat.S_ISDIR(_mode(folder))]
    return made_up[-1].parent if made_up else path.parent


def _check_name(path: Path) -> None:
    if stat.S_ISDIR(_mode(path)) or path.name in ("", ".."):
        raise UserError(f"The output “{path}” is a folder.", "Add the name of a file.")
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise UserError(
            f"The name of the output is too long: “{path.name[:60]}…”.",
            f"File systems allow {_LONGEST_NAME} bytes.",
        )


def _shortened(start: str, name: str) -> str:
    """`start` and `name` within the length limit; the extension, which tells ffmpeg the format, stays."""
    if len(os.fsencode(start + name)) <= _LONGEST_NAME:
        return start + name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    stem, suffix = Path(name).stem, Path(name).suffix
    if len(suffix) > _LONGEST_SUFFIX:  # a point in a long title
        stem, suffix = name, ""
    while len(os.fsencode(f"{start}{stem}-{digest}{suffix}")) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{start}{stem}-{digest}{suffix}"
