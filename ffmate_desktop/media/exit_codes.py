"""What ffmpeg's exit code means when its log doesn't explain a failure."""

import errno
import signal
from dataclasses import dataclass
from enum import StrEnum

FREE_SPACE = "Free up some space where the output is written, then restart the task."
CHECK_DISK = "Check the disk or the network share that the file is on."
BUILD_HINT = "Check the spelling. Another node's ffmpeg may include it."
FULL_PATHS = "Use full paths, and check that the disk or network share is connected to this node."
CHECK_INPUT = "Check whether it plays. If not, get the file again."
STOPPED_FROM_OUTSIDE = "The computer may have been shut down."


class RetryAdvice(StrEnum):
    """Whether the same task can succeed when it runs again."""

    NO = "no"
    RETRY = "retry"
    OTHER_NODE = "other-node"
    LATER = "later"


@dataclass(frozen=True)
class CodeRule:
    """What an exit code alone says."""

    sentence: str
    hint: str
    retry: RetryAdvice
    blames_input: bool = False


# ffmpeg 6 and later exit with the low byte of their AVERROR, earlier versions with 1.
# Source: libavutil/error.h. Tags have four characters, the first of which is the low byte.
CODES: dict[int, CodeRule] = {
    256 - errno.ENOSPC: CodeRule("The disk is full.", FREE_SPACE, RetryAdvice.LATER),
    256 - errno.ENOENT: CodeRule(
        "A file or folder in the command doesn't exist on this node.", FULL_PATHS, RetryAdvice.OTHER_NODE
    ),
    256 - errno.EACCES: CodeRule(
        "This node's user isn't allowed to use a file or folder in the command.",
        "Change its permissions.",
        RetryAdvice.OTHER_NODE,
    ),
    256 - errno.EROFS: CodeRule(
        "The output's disk is read-only on this node.", "Choose another folder.", RetryAdvice.OTHER_NODE
    ),
    256 - errno.ENOMEM: CodeRule(
        "There wasn't enough memory.", "Run fewer tasks at once.", RetryAdvice.LATER
    ),
    256 - errno.EIO: CodeRule(
        "Reading or writing failed (input/output error).", CHECK_DISK, RetryAdvice.RETRY
    ),
    256 - errno.EINVAL: CodeRule(
        "ffmpeg rejected part of the command.", "See the log for details.", RetryAdvice.NO
    ),
    256 - ord("I"): CodeRule(
        "The input isn't a media file, or it is damaged.", CHECK_INPUT, RetryAdvice.NO, blames_input=True
    ),
    256 - ord("P"): CodeRule("ffmpeg doesn't support this yet.", "See the log for details.", RetryAdvice.NO),
    256 - 0xF8: CodeRule(
        "This node's ffmpeg lacks something that the command uses.", BUILD_HINT, RetryAdvice.OTHER_NODE
    ),
    69: CodeRule(
        "Most of the input couldn't be decoded.",
        "The file is probably damaged. Check whether it plays.",
        RetryAdvice.NO,
        blames_input=True,
    ),
}

_STOPPED = CodeRule(
    "Something outside FFmate Desktop stopped ffmpeg.", STOPPED_FROM_OUTSIDE, RetryAdvice.RETRY
)
_CRASHED = CodeRule(
    "ffmpeg crashed.",
    "Update ffmpeg or the graphics driver. If it happens again, try another encoder.",
    RetryAdvice.OTHER_NODE,
)
SIGNALS: dict[str, CodeRule] = {
    "SIGKILL": CodeRule(
        "ffmpeg was killed, probably because the computer ran out of memory.",
        "Run fewer tasks at once on this node.",
        RetryAdvice.RETRY,
    ),
    "SIGTERM": _STOPPED,
    "SIGINT": _STOPPED,
    "SIGILL": CodeRule(
        "This node's ffmpeg isn't made for this processor.", "Use the bundled ffmpeg.", RetryAdvice.OTHER_NODE
    ),
    "SIGXFSZ": CodeRule(
        "The output exceeded this user's file size limit.",
        "Raise the limit (ulimit -f).",
        RetryAdvice.OTHER_NODE,
    ),
    "SIGSEGV": _CRASHED,
    "SIGBUS": _CRASHED,
    "SIGABRT": _CRASHED,
    "SIGFPE": _CRASHED,
}


def rule_for_exit_code(code: int) -> CodeRule | None:
    """Return the rule for an exit code: negative for a signal, 32 bits wide on Windows. None if it says nothing."""
    if 0xC0000000 <= code <= 0xC000FFFF:  # NTSTATUS of a crash; 0xC000013A is Ctrl+C
        return _STOPPED if code == 0xC000013A else _CRASHED
    if code < 0:
        try:
            return SIGNALS.get(signal.Signals(-code).name)
        except ValueError:
            return None
    return CODES.get(code & 0xFF)
