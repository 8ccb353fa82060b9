"""Which files a task may access on a computer whose owner has set limits.

There are two layers. Paths in the command are checked by their real path before anything is opened, so that people
get a clear error. On Linux, the kernel then denies ffmpeg everything else (`sandbox`), even files named by a filter
or inside a list. On other systems, a command is refused if it names files whose use can't be determined.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.media.arguments import parse_arguments
from ffmate_desktop.media.inputs import local_path
from ffmate_desktop.media.named_paths import raw_and_unquoted, rooted_paths_in
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan
from ffmate_desktop.media.permission_checks import is_entry_within, is_own, is_within
from ffmate_desktop.media.processes.sandbox import Sandbox, is_special, kernel_support
from ffmate_desktop.media.publish import files_below

# Looks like an address inside options and filters, where it may also be a title. The kernel decides.
_NETWORK = re.compile(
    r"(?:^|[=:|'\"\s,;@+()\[\]])(?:amqps?|bluray|dtls|(?<!f=)dvd|ffrtmp\w*|ftp|gophers?|(?<!f=)hls|https?|httpproxy|icecast|ipfs|ipns"
    r"|lib(?:amqp|ssh|srt|rist|zmq|smbclient)|mms[ht]?|prompeg|rist|rtmp\w*|rtp|rtsps?|sap|sctp|sdp|sftp|smb|srt|srtp|tcp"
    r"|tls|udp\w*|unix|webrtc|whip|whep|zmq|device|android_content)\\*:",
    re.IGNORECASE,
)
# The only protocols allowed for inputs and outputs. `md5` and `crypto` use files, too.
_FILE_PROTOCOLS = frozenset(
    {"async", "cache", "concat", "concatf", "crypto", "data", "fd", "file", "md5", "pipe", "subfile"}
)
_PROTOCOL = re.compile(r"(?:^|[:|+\]])\s*([A-Za-z][A-Za-z0-9.-]+)(?=[:+,])")
_SLAVE_OPTIONS = re.compile(r"\[[^]]*\]")  # the options of one output of a tee
_FORMAT = re.compile(r"(?:^|[:=,;\[])(?:f|format_name|fifo_format|segment_format)\s*=\s*([\w,-]+)")
_PARENT_FOLDER = re.compile(r"(?:^|[\\/=:|'\",;\[\s])\.\.(?:[\\/]|$)")
_PROTOCOL_OPTIONS = frozenset(
    {"protocol_whitelist", "protocol_blacklist", "enable_drefs", "use_absolute_path"}
)
_SCRIPT_OPTIONS = frozenset({"filter_script", "filter_complex_script"})


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The folders that one task may use, including its private one. None means no limit."""

    read: tuple[Path, ...] | None
    write: tuple[Path, ...] | None

    @classmethod
    def for_task(cls, permissions: Permissions, private: Path) -> "FileLimits":
        """Return the limits of a task. Writable folders may be read, too. `private` is the folder of the attempt."""
        write = permissions.write
        return cls(
            None if permissions.read is None else (*permissions.read, *(write or ()), private),
            None if write is None else (*write, private),
        )

    @property
    def is_unlimited(self) -> bool:
        """Whether neither reading nor writing is limited."""
        return self.read is None and self.write is None

    def check_read(self, path: Path) -> None:
        """Raise RetryElsewhereError unless the path may be read."""
        if self.read is not None and not is_within(path, self.read):
            raise _refusal("read", path, "--allow-read")

    def check_write(self, path: Path, permissions: Permissions) -> None:
        """Raise RetryElsewhereError unless the path may be written. Scripts and this program's files never may.

        Both the target of a link and the folder of the link must be allowed: publishing replaces the link itself.
        """
        if is_own(path, permissions.own):
            raise RetryElsewhereError(
                f"“{path}” belongs to this program, so tasks aren't allowed to write there.",
                "Choose another output folder.",
            )
        if permissions.scripts and (
            is_within(path, permissions.scripts) or is_entry_within(path, permissions.scripts)
        ):
            raise _scripts_error(path)
        if self.write is not None and not (is_within(path, self.write) and is_entry_within(path, self.write)):
            raise _refusal("write", path, "--allow-write")


def check_plan(
    plan: OutputPlan, limits: FileLimits, permissions: Permissions, *, kernel: bool | None = None
) -> None:
    """Raise RetryElsewhereError for a command that would access files it isn't allowed to.

    `kernel`: whether the kernel enforces the limits, too. Detected by default.
    """
    if permissions.scripts or not limits.is_unlimited:
        for step in plan.steps:
            _refuse_stored_attachment_names(step)
    kernel = has_landlock() if kernel is None else kernel
    for read in plan.inputs:
        limits.check_read(read)
    for output in plan.outputs:
        is_set = output.kind is OutputKind.FOLDER  # check its files, which may have their own folder
        limits.check_write(output.target / output.name if is_set else output.target, permissions)
    for step in plan.steps:
        if not limits.is_unlimited:
            _check_protocols(step)
        for token in _unchecked_arguments(step):
            if permissions.scripts:
                _refuse_scripts(token, permissions.scripts)
            if not limits.is_unlimited:
                _check_token(token, limits, kernel)


def check_published(plan: OutputPlan, limits: FileLimits, permissions: Permissions) -> None:
    """Raise RetryElsewhereError if a link would lead a file of a set to where it may not be written.

    ffmpeg chooses these names. A folder among them may already exist and be a link to anywhere.
    """
    for output in plan.outputs:
        if output.kind is OutputKind.FOLDER:
            targets = [
                output.target / file.relative_to(output.temporary) for file in files_below(output.temporary)
            ]
            for target in {target.parent: target for target in targets}.values():
                limits.check_write(target, permissions)


def check_devices(plan: OutputPlan, devices: Collection[str]) -> None:
    """Raise RetryElsewhereError if a command uses a device, such as the screen, but only files are allowed.

    `devices` are ffmpeg's names of the formats that are devices.
    """
    for step in plan.steps:
        invocation = parse_arguments(step)
        files = (*invocation.inputs, *invocation.outputs)
        formats = [
            option.value or ""
            for file in files
            for option in file.options
            if option.base in ("f", "fifo_format")
        ]
        formats += [
            found[1] for token in step for text in raw_and_unquoted(token) for found in _FORMAT.finditer(text)
        ]
        for name in (part.strip() for names in formats for part in names.split(",")):
            if name.lower() in devices:
                raise RetryElsewhereError(
                    f"“{name}” is a device, but this computer only lets tasks use files in certain folders."
                )


def sandbox_for(plan: OutputPlan, limits: FileLimits, private: Path, program: Path) -> Sandbox | None:
    """Return the sandbox for ffmpeg, with limits or without. None if the kernel doesn't support it."""
    if not has_landlock():
        return None
    files = [output.temporary for output in plan.outputs if output.kind is OutputKind.FILE]
    folders = [output.temporary for output in plan.outputs if output.kind is OutputKind.FOLDER]
    return Sandbox(
        program=program,
        read=limits.read,
        write=(private, *folders, *_specials(plan, limits)),
        outputs=tuple(files),
        isolated=not limits.is_unlimited,
    )


def _specials(plan: OutputPlan, limits: FileLimits) -> Iterator[Path]:
    """Find devices and named pipes in the command. Writing to them damages nothing, and capturing needs it."""
    for step in plan.steps:
        for path in dict.fromkeys(
            path for token in step for text in raw_and_unquoted(token) for path in rooted_paths_in(text)
        ):
            if is_special(path) and (
                limits.is_unlimited or (path.is_fifo() and is_within(path, limits.write or limits.read or ()))
            ):
                yield path


def has_landlock() -> bool:
    """Return whether the kernel can restrict the file access of programs that we start."""
    return kernel_support().landlock > 0


def _unchecked_arguments(step: Sequence[str]) -> Iterator[str]:
    """Find the arguments that may name further files: all but titles and the inputs and outputs already checked."""
    invocation = parse_arguments(step)
    files = (*invocation.inputs, *invocation.outputs)
    plain = {
        file.index
        for file in files
        if file.option("f") not in ("lavfi", "tee", "concat") and local_path(file.url) is not None
    }
    plain |= {
        option.index + 1
        for file in files
        for option in file.options
        if option.name.partition(":")[0] == "metadata"
    }
    return (token for index, token in enumerate(step) if index not in plain)


def _check_protocols(step: Sequence[str]) -> None:
    invocation = parse_arguments(step)
    for file in (*invocation.inputs, *invocation.outputs):
        muxer = file.option("f")
        if muxer == "lavfi" or (muxer != "tee" and local_path(file.url) is not None):
            continue
        url = _SLAVE_OPTIONS.sub("]", file.url) if muxer == "tee" else file.url
        for found in _PROTOCOL.finditer(url):
            if found[1] not in _FILE_PROTOCOLS:
                raise _address_error(file.url)
            if found[1] == "data":
                break


def _refuse_stored_attachment_names(step: Sequence[str]) -> None:
    """Without a file name in the command, an attachment is written to any path that the input stores."""
    for option, value in pairwise(step):
        if option.startswith("-dump_attachment") and not value:
            raise RetryElsewhereError(f"On this computer, {option} needs a file name.")


def _refuse_scripts(token: str, scripts: Sequence[Path]) -> None:
    """Options and filters also write files, such as attachments and logs. None may create or replace a script."""
    for text in raw_and_unquoted(token):
        _refuse_parent_folders(token, text)
        for path in rooted_paths_in(text):
            if is_within(path, scripts) or is_entry_within(path, scripts):
                raise _scripts_error(path)


def _refuse_parent_folders(token: str, text: str) -> None:
    if _PARENT_FOLDER.search(text):
        raise RetryElsewhereError(
            f"“{token}” leaves a folder with “..”, which isn't allowed on this computer.",
            "Use the full path.",
        )


def _check_token(token: str, limits: FileLimits, kernel: bool) -> None:
    if token.startswith("-") and token[1:].split(":", maxsplit=1)[0] in _PROTOCOL_OPTIONS:
        raise RetryElsewhereError(
            f"{token} isn't allowed on this computer, because tasks may only use files in certain folders."
        )
    if not kernel and (token.startswith("-/") or token[1:].split(":", maxsplit=1)[0] in _SCRIPT_OPTIONS):
        raise RetryElsewhereError(
            f"{token} reads part of the command from a file, which this computer can't check.",
            "Put its content into the command.",
        )
    for text in raw_and_unquoted(token):
        if _NETWORK.search(text):
            raise _address_error(token)
        _refuse_parent_folders(token, text)
        for path in rooted_paths_in(text):
            _check_named(path, limits, kernel)


def _check_named(path: Path, limits: FileLimits, kernel: bool) -> None:
    """Check a file that an option or a filter names. Only the kernel can see whether it is read or written."""
    if kernel:
        folders = (*(limits.read or ()), *(limits.write or ()))
        if limits.read is None or is_within(path, folders):
            return
        raise _refusal("read", path, "--allow-read")
    for allowed, option in ((limits.write, "--allow-write"), (limits.read, "--allow-read")):
        if allowed is not None and not is_within(path, allowed):
            raise _refusal("write" if option == "--allow-write" else "read", path, option)


def _address_error(text: str) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"“{text}” is an address, but this computer only lets tasks use files in certain folders."
    )


def _scripts_error(path: Path) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"“{path}” is in a folder that this computer runs scripts from, so tasks aren't allowed to write there.",
        "Choose another output folder.",
    )


def _refusal(action: str, path: Path, option: str) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"Tasks aren't allowed to {action} “{path}” on this computer.",
        f"The computer's owner can allow the folder: {option} DIR.",
        everywhere_message=f"No node can {action} “{path}”: not allowed on {{nodes}}.",
    )
