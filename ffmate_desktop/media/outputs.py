"""Where ffmpeg writes before anything may be published: hidden temporary names beside the targets.

A temporary name carries the task and the epoch of its claim, `.ffd-<12 hex digits>-<epoch>-<name>`, so that a node
that lost its claim can neither be taken for the new owner nor leave something behind that nobody knows.
"""

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ffmate_desktop.domain.errors import UsageError, UserError
from ffmate_desktop.media import arguments
from ffmate_desktop.media.arguments import Invocation, OutputArgument
from ffmate_desktop.media.command import without_program

_LONGEST_NAME = 255  # bytes; the limit of every file system in common use
# ffmpeg's rule for a protocol; one letter and a colon is a drive of Windows.
_PROTOCOL = re.compile(r"[A-Za-z][A-Za-z0-9+.,-]+:")
_SET_MUXERS = frozenset(
    {"dash", "hls", "segment", "smoothstreaming", "ssegment", "stream_segment", "webm_chunk"}
)
_SET_SUFFIXES = frozenset({"m3u8", "mpd"})
_IMAGE_SUFFIXES = frozenset({
    "bmp", "dpx", "exr", "hdr", "jls", "jp2", "jpeg", "jpg", "jxl", "pam", "pbm", "pcx", "pfm", "pgm", "png", "ppm",
    "qoi", "sgi", "tga", "tif", "tiff", "xbm", "xwd",
})  # fmt: skip
_NOT_FILES = frozenset({
    "alsa", "audiotoolbox", "caca", "decklink", "fbdev", "null", "opengl", "oss", "pulse", "sdl", "sdl2", "v4l2",
    "xv",
})  # fmt: skip
_WRITTEN_OPTIONS = ("hls_segment_filename", "hls_subtitle_path", "segment_list")  # further files of a muxer
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
    `prefix` and the epoch.
    """

    steps: list[list[str]]
    outputs: tuple[PlannedOutput, ...]
    main: PlannedOutput | None
    inputs: tuple[Path, ...]
    folders: tuple[Path, ...]
    prefix: str
    epoch: int

    @property
    def parents(self) -> tuple[Path, ...]:
        """The folders in which this task's temporary files and folders lie."""
        return tuple(dict.fromkeys(output.temporary.parent for output in self.outputs))


def plan(
    steps: Sequence[Sequence[str]], *, task: str, epoch: int, main_output: str, program: Path | None = None
) -> OutputPlan:
    """Give every local output of a task's steps its temporary name.

    `steps` are expanded tokens (the program's name in front is dropped), `task` is the task's UUID, `main_output` the
    file that the task is said to make. Raises UsageError for an output without a folder, UserError for an output that
    is also an input (under any name or link) or that is a folder.
    """
    planner = _Planner(f".ffd-{task.replace('-', '')[:12]}-", epoch)
    stripped = [without_program(step, program) for step in steps]
    for number, tokens in enumerate(stripped):
        planner.plan_step(number, tokens, kept=_reads_working_directory(stripped[number + 1 :]))
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
    )


def local_path(url: str) -> Path | None:
    """The file that ffmpeg means by `url`; None for an address, a protocol and standard input or output."""
    if url.startswith("file:"):
        return Path(url.removeprefix("file:"))
    if url in ("", "-") or _PROTOCOL.match(url):
        return None
    return Path(url)


def _reads_working_directory(later: Sequence[Sequence[str]]) -> bool:
    """Whether a later step reads a relative path, so that relative outputs are there for it."""
    inputs = [read for tokens in later for read in arguments.parse(tokens).inputs]
    paths = [local_path(read.url) for read in inputs if read.option("f") != "lavfi"]
    return any(path is not None and not path.is_absolute() for path in paths)


@dataclass
class _Planner:
    prefix: str
    epoch: int
    steps: list[list[str]] = field(default_factory=list)
    found: dict[Path, PlannedOutput] = field(default_factory=dict)  # by the path that the command says
    inputs: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # as the command says it → what ffmpeg is told

    def plan_step(self, number: int, tokens: Sequence[str], *, kept: bool) -> None:
        tokens = [self.texts.get(token, token) for token in tokens]
        invocation = arguments.parse(tokens)
        self._read(invocation, tokens)
        for output in invocation.outputs:
            muxer = output.option("f") or ""
            if muxer == "tee":
                url = self._tee(number, output, kept)
            else:
                url = self._destination(number, output, output.url, muxer, kept)
                self._move_written_options(output, tokens)
            if url != output.url:
                self.texts[output.url] = url
        self.steps.append([self.texts.get(token, token) for token in tokens])

    def _read(self, invocation: Invocation, tokens: list[str]) -> None:
        ours = {output.url for output in self.found.values()}
        for read in invocation.inputs:
            path = None if read.option("f") == "lavfi" else local_path(read.url)
            if path is None or read.url in ours:
                continue
            if (written := self.found.get(_key(path))) is not None:  # the same path in another spelling
                tokens[read.index] = written.url
            elif path.is_absolute():
                self.inputs.append(path)

    def _destination(self, number: int, output: OutputArgument, url: str, muxer: str, kept: bool) -> str:
        """What ffmpeg is told instead of `url`, which is noted when it is a file to publish."""
        path = local_path(url)
        if path is None or muxer in _NOT_FILES or _is_device(path):
            return url
        if not path.is_absolute():
            if kept:
                return url
            raise UsageError(
                f"The command writes “{url}” without saying in which folder.",
                "Write ${OUTPUT_FILE}, or a full path such as ${OUTPUT_DIR}/name.mp4",
            )
        if (known := self.found.get(_key(path))) is not None:
            return known.url
        _check_name(path)
        kind = OutputKind.FOLDER if _is_set(output, path, muxer) else OutputKind.FILE
        target = path if kind is OutputKind.FILE else _fixed_folder(path)
        temporary = self._temporary(kind, target)
        written = temporary if kind is OutputKind.FILE else temporary / path.relative_to(target)
        self.folders += [target.parent] if kind is OutputKind.FILE else [target, temporary, written.parent]
        told = ("file:" if url.startswith("file:") else "") + str(written)
        self.found[_key(path)] = PlannedOutput(
            kind=kind,
            step=number,
            target=target,
            temporary=temporary,
            name=path.relative_to(target.parent if kind is OutputKind.FILE else target).as_posix(),
            url=told,
            format=muxer or path.suffix.lower().removeprefix("."),
        )
        return told

    def _temporary(self, kind: OutputKind, target: Path) -> Path:
        if kind is OutputKind.FOLDER:
            return target / f"{self.prefix}{self.epoch}"
        return target.with_name(_shortened(f"{self.prefix}{self.epoch}-", target.name))

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
            plain = re.sub(r"\\(.)", r"\1", url)
            told = self._destination(number, output, plain, muxer, kept)
            slaves.append(slave if told == plain else head + re.sub(r"([\\'|])", r"\\\1", told))
        return "|".join(slaves)

    def protect_inputs(self) -> None:
        """Raises UserError when a file that is read would be written, whatever the command calls it."""
        for path, output in self.found.items():
            for read in self.inputs:
                if _key(read) == path or (output.kind is OutputKind.FILE and is_same_file(read, path)):
                    raise overwrites_input(read, path)


def is_same_file(first: Path, second: Path) -> bool:
    """Whether both exist and are one file, also through links and in another spelling."""
    try:
        return first.samefile(second)
    except OSError:  # one of them does not exist, or cannot be reached
        return False


def overwrites_input(read: Path, target: Path) -> UserError:
    """The refusal to replace the input file `read` by publishing `target`."""
    other = "" if read.name == target.name else f" (another name of “{target.name}”)"
    return UserError(
        f"The output would overwrite its own input, “{read.name}”{other}.",
        "Let the output have another name or another folder; input files are never changed.",
    )


def _key(path: Path) -> Path:
    """Equal for two spellings of one path; says nothing about links."""
    return Path(os.path.normcase(os.path.abspath(path)))  # noqa: PTH100  resolve() would follow links


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
    made_up = [folder for folder in path.parents if "%" in folder.name and not stat.S_ISDIR(_mode(folder))]
    return made_up[-1].parent if made_up else path.parent


def _check_name(path: Path) -> None:
    if stat.S_ISDIR(_mode(path)):
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
    while len(os.fsencode(f"{start}{stem}-{digest}{suffix}")) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{start}{stem}-{digest}{suffix}"
