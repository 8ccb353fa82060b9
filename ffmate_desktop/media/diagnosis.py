"""Explain why ffmpeg failed in one plain sentence with the next step, from its log and its exit code."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from ffmate_desktop.media.diagnosis_rules import RULES, Rule
from ffmate_desktop.media.exit_codes import CodeRule, RetryAdvice, rule_for_exit_code
from ffmate_desktop.media.log_capture import LogNote

__all__ = ["Diagnosis", "RetryAdvice", "clean", "diagnose", "relevant"]

_MOST_LINES = 5
_ADDRESS = re.compile(r" @ (?:0x)?[0-9A-Fa-f]+(?=\])")
_LEVEL = re.compile(r"\[(?P<level>panic|fatal|error|warning|info|verbose|debug|trace)\]:? ?")
_CONTINUED = re.compile(r" {16,}: ")  # a tag of several lines, only the first of which has a level
_TEMPORARY = re.compile(r"\.ffd-[0-9a-f]{1,12}-\d+-[0-9a-f]{6}-")
# Every failure has these lines. They don't show its cause.
_NOISE = re.compile(
    r"Task finished with error code|Terminating thread|Error sending frames to consumers|Conversion failed|"
    r"Could not open encoder before EOF|Nothing was written into output|Error opening (?:in|out)put files?[ :]|"
    r"Error splitting the argument list|queue on closing"
)
_INPUT = re.compile(r"^Error opening input file (?P<file>.*)\.$", re.MULTILINE)
_OUTPUT = re.compile(r"^Error opening output file (?P<file>.*)\.$", re.MULTILINE)
_OF_OUTPUT = re.compile(r"^\[out#|^Error opening output file ", re.MULTILINE)
_REASONS = "No such file|Permission denied|Is a directory|Invalid data|Connection|Operation"
_OLD_STYLE = re.compile(rf"^(?P<file>(?!Error |\[).+?): (?:{_REASONS})", re.MULTILINE)  # ffmpeg 5


@dataclass(frozen=True)
class Diagnosis:
    """One sentence, the next step (may be empty), the relevant log lines (at most 5), and whether to retry.

    `blames_input`: an input is damaged or incomplete, or looks like it.
    """

    sentence: str
    hint: str
    lines: tuple[str, ...]
    retry: RetryAdvice
    blames_input: bool = False


def diagnose(lines: Sequence[str], code: int | None) -> Diagnosis:
    """Explain a failure.

    `lines` are ffmpeg's log lines with their levels (`-loglevel level+info`). `code` is the exit code, negative for a
    signal, None if unknown. The text comes first: ffmpeg 5 always ends with 1.
    """
    messages = relevant(lines)
    text = "\n".join(messages)
    for rule in RULES:
        if (match := rule.search(text)) is not None:
            return _from_rule(rule, match, text, messages)
    by_code = rule_for_exit_code(code) if code is not None else None
    return _from_code(by_code, code, messages)


def relevant(lines: Sequence[str]) -> list[str]:
    """Return the lines that may explain a failure, cleaned. Skips info lines and notes: they have file names."""
    relevant_lines = []
    for line in lines:
        if isinstance(line, LogNote) or _CONTINUED.match(line):
            continue
        level = _LEVEL.search(line)
        is_chatter = level is not None and level["level"] in ("info", "verbose", "debug", "trace")
        if line.strip() and (not is_chatter or "received signal" in line):
            relevant_lines.append(clean(line))
    return relevant_lines


def clean(line: str) -> str:
    """Return a log line without addresses and level: `[mp4] Could not find tag …`."""
    return _LEVEL.sub("", _ADDRESS.sub("", line), count=1).strip()


def _from_rule(rule: Rule, match: re.Match[str], text: str, messages: Sequence[str]) -> Diagnosis:
    names = defaultdict(str, {name: value or "" for name, value in match.groupdict().items()})
    names["input"] = _file_name(_INPUT, text) or "the input"
    names["output"] = _file_name(_OUTPUT, text) or "the output"
    names["remote"] = names["output"] if _OF_OUTPUT.search(text) else names["input"]
    matched = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
    sentence = _public(rule.sentence.format_map(names))
    return Diagnosis(
        re.sub("^the ", "The ", sentence),
        _public(rule.hint.format_map(names)),
        _evidence(matched, messages),
        rule.retry,
        rule.blames_input,
    )


def _file_name(newer: re.Pattern[str], text: str) -> str:
    match = newer.search(text) or _OLD_STYLE.search(text)
    if match is None:
        return ""
    file: str = match["file"]
    return f"“{file if '://' in file else PureWindowsPath(file).name}”"


def _from_code(rule: CodeRule | None, code: int | None, messages: Sequence[str]) -> Diagnosis:
    evidence = _evidence(None, messages)
    if rule is not None:
        return Diagnosis(rule.sentence, rule.hint, evidence, rule.retry, rule.blames_input)
    ending = "without an exit code" if code is None else f"with exit code {code}"
    if evidence:
        return Diagnosis(
            f"ffmpeg ended {ending}: {evidence[0]}", "See the log for details.", evidence, RetryAdvice.NO
        )
    return Diagnosis(f"ffmpeg ended {ending} and gave no reason.", "See the log.", (), RetryAdvice.RETRY)


def _evidence(first: str | None, messages: Sequence[str]) -> tuple[str, ...]:
    lines = dict.fromkeys([] if first is None else [first])
    lines.update(dict.fromkeys(line for line in messages if not _NOISE.search(line)))
    return tuple(_public(line) for line in list(lines)[:_MOST_LINES])


def _public(text: str) -> str:
    """Return the text without the hidden prefixes of temporary names, and without empty quotes."""
    return _TEMPORARY.sub("", text).replace(" “” ", " ").replace("  ", " ")
