"""What the exit code of ffmpeg says on its own, when the log says nothing."""

import errno
import signal
from dataclasses import dataclass
from enum import StrEnum

FREE_SPACE = "Free some space where the output is written, then restart the task."
CHECK_DISK = "Check the disk or the network share that the file is on."
BUILD_HINT = "Check the spelling; another node's ffmpeg may have been built with it."


class RetryAdvice(StrEnum):
    """Whether the same task can succeed when it is run again."""

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


# ffmpeg 6 and later end with the low byte of their AVERROR, earlier ones with 1.
# Source: libavutil/error.h; the tags are four characters, of which the first one is the low byte.
CODES: dict[int, CodeRule] = {
    256 - errno.ENOSPC: CodeRule("The disk is full.", FREE_SPACE, RetryAdvice.LATER),
    256 - errno.ENOENT: CodeRule("A file or folder that the command names does not exist on this node.",
                                 "Give full paths, and check that the disk or share is connected here.",
                                 RetryAdvice.OTHER_NODE),
    256 - errno.EACCES: CodeRule("A file or folder may not be used by this node's user.",
                                 "Change its permissions.",
                                 RetryAdvice.OTHER_NODE),
    256 - errno.EROFS: CodeRule("The disk of the output is read-only here.", "Choose another folder.",
                                RetryAdvice.OTHER_NODE),
    256 - errno.ENOMEM: CodeRule("There was not enough memory.", "Let fewer tasks run at once.", RetryAdvice.LATER),
    256 - errno.EIO: CodeRule("Reading or writing failed (input/output error).", CHECK_DISK, RetryAdvice.RETRY),
    256 - errno.EINVAL: CodeRule("ffmpeg refuses a part of the command.", "See the log for what it says.",
                                 RetryAdvice.NO),
    256 - ord("I"): CodeRule("The input is not a media file, or it is damaged.", "Does it play?", RetryAdvice.NO,
                             blames_input=True),
    256 - ord("P"): CodeRule("ffmpeg cannot do this yet.", "See the log for what it says.", RetryAdvice.NO),
    256 - 0xF8: CodeRule("ffmpeg does not have something that the command names.",
                         BUILD_HINT, RetryAdvice.OTHER_NODE),
    69: CodeRule("Most of the input could not be decoded.", "The file is probably damaged; does it play?",
                 RetryAdvice.NO, blames_input=True),
}  # fmt: skip

_CRASH = "Update ffmpeg or the driver; if it happens again, try another encoder."
SIGNALS: dict[str, CodeRule] = {
    "SIGKILL": CodeRule("ffmpeg was killed, probably because the computer ran out of memory.",
                        "Let fewer tasks run at once on this node.", RetryAdvice.RETRY),
    "SIGTERM": CodeRule("ffmpeg was told to stop from outside.", "Was the computer shut down?", RetryAdvice.RETRY),
    "SIGINT": CodeRule("ffmpeg was told to stop from outside.", "Was the computer shut down?", RetryAdvice.RETRY),
    "SIGILL": CodeRule("This node's ffmpeg is not made for this processor.", "Use the bundled ffmpeg.",
                       RetryAdvice.OTHER_NODE),
    "SIGXFSZ": CodeRule("The output grew beyond what this user may write.", "Raise the limit (ulimit -f).",
                        RetryAdvice.OTHER_NODE),
    "SIGSEGV": CodeRule("ffmpeg crashed.", _CRASH, RetryAdvice.OTHER_NODE),
    "SIGBUS": CodeRule("ffmpeg crashed.", _CRASH, RetryAdvice.OTHER_NODE),
    "SIGABRT": CodeRule("ffmpeg crashed.", _CRASH, RetryAdvice.OTHER_NODE),
    "SIGFPE": CodeRule("ffmpeg crashed.", _CRASH, RetryAdvice.OTHER_NODE),
}  # fmt: skip


def rule_for_exit_code(code: int) -> CodeRule | None:
    """What an exit code says: negative for a signal, 32 bits wide on Windows; None when it says nothing."""
    if 0xC0000000 <= code <= 0xC000FFFF:  # NTSTATUS of a crash
        return SIGNALS["SIGTERM"] if code == 0xC000013A else SIGNALS["SIGSEGV"]
    if code < 0:
        try:
            return SIGNALS.get(signal.Signals(-code).name)
        except ValueError:
            return None
    return CODES.get(code & 0xFF)
