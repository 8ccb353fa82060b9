"""Reports a failure: one sentence on stderr, and a traceback only with --debug."""

import sys
import traceback
from types import TracebackType

from ffmate_desktop import logs
from ffmate_desktop.domain.errors import as_user_error
from ffmate_desktop.domain.plain_text import multi_line
from ffmate_desktop.settings.read import debug_rules


def complain(sentence: str, error: BaseException) -> None:
    """Print the sentence, and with `--debug` the traceback."""
    if debug_rules() or any(word.startswith("--debug") for word in sys.argv):
        logs.root.error("The command failed", exc_info=error)
    text = multi_line(f"ffmate-desktop: {sentence}", "?")
    print(text, file=sys.stderr)  # noqa: T201 - this is the command line


def complain_of_file(error: OSError) -> int:
    """Report the file that the system refuses; returns the exit code. Raises the error if it isn't about a file."""
    refused = as_user_error(error)
    if refused is None:
        raise error
    complain(str(refused), error)
    return refused.exit_code


def clean_tracebacks() -> None:
    """Print tracebacks without control characters: an error may quote a name from the queue. Ctrl+C prints none."""
    sys.excepthook = _show


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):  # Ctrl+C while the program still loads
        return
    if sys.stderr is not None:  # None for a program that Windows starts without a console
        sys.stderr.write(multi_line("".join(traceback.format_exception(kind, error, trace)), "?"))
