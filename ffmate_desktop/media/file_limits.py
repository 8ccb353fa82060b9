"""Which files a task may touch on this computer, where its owner has set limits.

Two nets. What the command names is checked by its real path before anything is opened, so that people read a
sentence. On Linux the kernel then keeps everything else from ffmpeg (`sandbox`), whatever a filter or a list
in a file names. Elsewhere a command that names files where we cannot tell what it does with them is refused.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ffmate_desktop.domain.errors import RetryElsewhereError
from ffmate_desktop.domain.permissions import Permissions
from ffmate_desktop.media.arguments import parse
from ffmate_desktop.media.inputs import local_path
from ffmate_desktop.media.named_paths import paths_in, raw_and_unquoted
from ffmate_desktop.media.output_plan import OutputKind, OutputPlan
from ffmate_desktop.media.permission_checks import is_entry_within, is_own, is_within
from ffmate_desktop.media.processes.sandbox import Sandbox, is_special, kernel_support
from ffmate_desktop.media.publish import files_below

# Inside options and filters, where nobody can tell an address from a title: what looks like one. The kernel decides.
_NETWORK = re.compile(
    r"(?:^|[=:|'\"\s,;@+()\[\]])(?:amqps?|bluray|dtls|(?<!f=)dvd|ffrtmp\w*|ftp|gophers?|(?<!f=)hls|https?|httpproxy|icecast|ipfs|ipns"
    r"|lib(?:amqp|ssh|srt|rist|zmq|smbclient)|mms[ht]?|prompeg|rist|rtmp\w*|rtp|rtsps?|sap|sctp|sdp|sftp|smb|srt|srtp|tcp"
    r"|tls|udp\w*|unix|webrtc|whip|whep|zmq|device|android_content)\\*:",
    re.IGNORECASE,
)
# Of an input or an output these are the only protocols. `md5` and `crypto` are of files, too.
_OF_FILES = frozenset(
    {"async", "cache", "concat", "concatf", "crypto", "data", "fd", "file", "md5", "pipe", "subfile"}
)
_PROTOCOL = re.compile(r"(?:^|[:|+\]])\s*([A-Za-z][A-Za-z0-9.-]+)(?=[:+,])")
_OF_SLAVE = re.compile(r"\[[^]]*\]")  # the options of one output of a tee
_FORMAT = re.compile(r"(?:^|[:=,;\[])(?:f|format_name|fifo_format|segment_format)\s*=\s*([\w,-]+)")
_CLIMBS = re.compile(r"(?:^|[\\/=:|'\",;\[\s])\.\.(?:[\\/]|$)")
_DECIDES_PROTOCOLS = frozenset(
    {"protocol_whitelist", "protocol_blacklist", "enable_drefs", "use_absolute_path"}
)
_READS_WORDS = frozenset({"filter_script", "filter_complex_script"})


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The folders for one task, its private one among them; None: no limit."""

    read: tuple[Path, ...] | None
    write: tuple[Path, ...] | None

    @classmethod
    def for_task(cls, permissions: Permissions, private: Path) -> "FileLimits":
        """What may be written may be read too; `private` is the folder of the attempt."""
        write = permissions.write
        return cls(
            None if permissions.read is None else (*permissions.read, *(write or ()), private),
            None if write is None else (*write, private),
        )

    @property
    def is_unlimited(self) -> bool:
        """There is nothing to keep."""
        return self.read is None and self.write is None

    def check_read(self, path: Path) -> None:
        """Raises RetryElsewhereError unless the path may be read."""
        if self.read is not None and not is_within(path, self.read):
            raise _refusal("read", path, "--allow-read")

    def check_write(self, path: Path, permissions: Permissions) -> None:
        """Raises RetryElsewhereError unless the path may be written: never among the allowed scripts, nor what this
        program keeps for itself.

        What a link leads to is asked for, and where the link is: there it would be replaced, or get neighbours.
        """
        if is_own(path, permissions.own):
            raise RetryElsewhereError(
                f"“{path}” belongs to this program, so tasks aren't allowed to write there.",
                "Choose another output folder.",
            )
        if permissions.scripts and (
            is_within(path, permissions.scripts) or is_entry_within(path, permissions.scripts)
        ):
            raise _among_scripts(path)
        if self.write is not None and not (is_within(path, self.write) and is_entry_within(path, self.write)):
            raise _refusal("write", path, "--allow-write")


def check_plan(
    plan: OutputPlan, limits: FileLimits, permissions: Permissions, *, kernel: bool | None = None
) -> None:
    """Raises RetryElsewhereError for a command that would touch what it may not here.

    `kernel` tells whether the kernel keeps the limits too, which is found out by default.
    """
    if permissions.scripts or not limits.is_unlimited:
        for step in plan.steps:
            _refuse_names_of_attachments(step)
    kernel = has_landlock() if kernel is None else kernel
    for read in plan.inputs:
        limits.check_read(read)
    for output in plan.outputs:
        is_set = output.kind is OutputKind.FOLDER  # its files count, perhaps in a folder of its own
        limits.check_write(output.target / output.name if is_set else output.target, permissions)
    for step in plan.steps:
        if not limits.is_unlimited:
            _check_protocols(step)
        for token in _unclear(step):
            if permissions.scripts:
                _keep_from_scripts(token, permissions.scripts)
            if not limits.is_unlimited:
                _check_token(token, limits, kernel)


def check_published(plan: OutputPlan, limits: FileLimits, permissions: Permissions) -> None:
    """Raises RetryElsewhereError for a set with a file that a link would lead to where it may not be written.

    ffmpeg makes up these names. A folder among them may be there already, and be a link to anywhere.
    """
    for output in plan.outputs:
        if output.kind is OutputKind.FOLDER:
            targets = [
                output.target / file.relative_to(output.temporary) for file in files_below(output.temporary)
            ]
            for target in {target.parent: target for target in targets}.values():
                limits.check_write(target, permissions)


def check_devices(plan: OutputPlan, devices: Collection[str]) -> None:
    """Raises RetryElsewhereError for a command that uses a device, such as the screen, where only files are allowed.

    `devices` are the names that ffmpeg gives to formats that are devices.
    """
    for step in plan.steps:
        invocation = parse(step)
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
    """What the kernel lets ffmpeg touch, with limits or without; None where the kernel cannot tell."""
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
    """Devices and pipes that the command names: writing there damages nothing, and capturing needs it."""
    for step in plan.steps:
        for path in dict.fromkeys(
            path for token in step for text in raw_and_unquoted(token) for path in paths_in(text)
        ):
            if is_special(path) and (
                limits.is_unlimited or (path.is_fifo() and is_within(path, limits.write or limits.read or ()))
            ):
                yield path


def has_landlock() -> bool:
    """Whether the kernel keeps files from programs that we start."""
    return kernel_support().landlock > 0


def _unclear(step: Sequence[str]) -> Iterator[str]:
    """The words of a command but titles, which open nothing, and the plain files that it reads and writes, which were
    checked as such.
    """
    invocation = parse(step)
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
    invocation = parse(step)
    for file in (*invocation.inputs, *invocation.outputs):
        muxer = file.option("f")
        if muxer == "lavfi" or (muxer != "tee" and local_path(file.url) is not None):
            continue
        url = _OF_SLAVE.sub("]", file.url) if muxer == "tee" else file.url
        for found in _PROTOCOL.finditer(url):
            if found[1] not in _OF_FILES:
                raise _is_address(file.url)
            if found[1] == "data":
                break


def _refuse_names_of_attachments(step: Sequence[str]) -> None:
    """Without a name of ours an attachment is written to where its own file says, whatever that is."""
    for option, value in pairwise(step):
        if option.startswith("-dump_attachment") and not value:
            raise RetryElsewhereError(f"On this computer, {option} needs a file name.")


def _keep_from_scripts(token: str, scripts: Sequence[Path]) -> None:
    """Options and filters write files too, such as attachments and logs: none may become a script, or replace one."""
    for text in raw_and_unquoted(token):
        _refuse_to_climb(token, text)
        for path in paths_in(text):
            if is_within(path, scripts) or is_entry_within(path, scripts):
                raise _among_scripts(path)


def _refuse_to_climb(token: str, text: str) -> None:
    if _CLIMBS.search(text):
        raise RetryElsewhereError(
            f"“{token}” leaves a folder with “..”, which isn't allowed on this computer.",
            "Use the full path.",
        )


def _check_token(token: str, limits: FileLimits, kernel: bool) -> None:
    if token.startswith("-") and token[1:].split(":", maxsplit=1)[0] in _DECIDES_PROTOCOLS:
        raise RetryElsewhereError(
            f"{token} isn't allowed on this computer, because tasks may only use files in certain folders."
        )
    if not kernel and (token.startswith("-/") or token[1:].split(":", maxsplit=1)[0] in _READS_WORDS):
        raise RetryElsewhereError(
            f"{token} reads part of the command from a file, which this computer can't check.",
            "Put its content into the command.",
        )
    for text in raw_and_unquoted(token):
        if _NETWORK.search(text):
            raise _is_address(token)
        _refuse_to_climb(token, text)
        for path in paths_in(text):
            _check_named(path, limits, kernel)


def _check_named(path: Path, limits: FileLimits, kernel: bool) -> None:
    """A file that an option or a filter names: whether it is read or written is the kernel's to see, or unknown."""
    if kernel:
        folders = (*(limits.read or ()), *(limits.write or ()))
        if limits.read is None or is_within(path, folders):
            return
        raise _refusal("read", path, "--allow-read")
    for allowed, option in ((limits.write, "--allow-write"), (limits.read, "--allow-read")):
        if allowed is not None and not is_within(path, allowed):
            raise _refusal("write" if option == "--allow-write" else "read", path, option)


def _is_address(text: str) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"“{text}” is an address, but this computer only lets tasks use files in certain folders."
    )


def _among_scripts(path: Path) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"“{path}” is in a folder that this computer runs scripts from, so tasks aren't allowed to write there.",
        "Choose another output folder.",
    )


def _refusal(what: str, path: Path, option: str) -> RetryElsewhereError:
    return RetryElsewhereError(
        f"Tasks aren't allowed to {what} “{path}” on this computer.",
        f"The computer's owner can allow the folder: {option} DIR.",
        everywhere_message=f"No node can {what} “{path}”: not allowed on {{nodes}}.",
    )
