"""Find files that a command reads without `-i`: files opened by filters, attachments, and filter scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

from ffmate_desktop.media.arguments import Invocation, Option
from ffmate_desktop.media.inputs import local_path

# Filters whose first option is a file that they only read.
_FILE_FILTER = re.compile(r"(?:^|[,;\]\s])\s*(?:ass|amovie|lut1d|lut3d|movie|removelogo|subtitles)(?:@\w+)?=")
_FILE_KEY = re.compile(r"(?:filename|file|f)=")
_FILTER_OPTIONS = frozenset({"af", "filter", "filter_complex", "lavfi", "vf"})
_FILE_OPTIONS = frozenset({"attach", "filter_complex_script", "filter_script"})


def side_inputs(invocation: Invocation) -> Iterator[Path]:
    """Find the absolute paths that the command itself names."""
    options = [*invocation.global_options]
    for file in (*invocation.inputs, *invocation.outputs):
        options += file.options
    names = [name for option in options for name in _named_by(option)]
    for read in invocation.inputs:
        if read.option("f") == "lavfi":
            names += _files_of_filters(read.url)
    for name in names:
        path = local_path(name)
        if path is not None and path.is_absolute():
            yield path


def _named_by(option: Option) -> Iterator[str]:
    value = option.value or ""
    if option.base in _FILE_OPTIONS or option.name.startswith("/"):
        yield value
    elif option.base in _FILTER_OPTIONS:
        yield from _files_of_filters(value)


def _files_of_filters(graph: str) -> Iterator[str]:
    """ffmpeg undoes one level of quoting for the graph, then one for the options of the filter."""
    for start in _FILE_FILTER.finditer(graph):
        options = _token(graph[start.end() :], "[],;")
        key = _FILE_KEY.match(options)
        yield _token(options[key.end() :] if key else options, ":")


def _token(text: str, ends: str) -> str:
    """Return the text before the first of `ends`, unquoted, as ffmpeg's `av_get_token()` does."""
    characters, position = [], 0
    while position < len(text) and text[position] not in ends:
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            characters.append(text[position + 1])
            position += 2
        elif character == "'":
            close = text.find("'", position + 1)
            close = len(text) if close < 0 else close
            characters.append(text[position + 1 : close])
            position = close + 1
        else:
            characters.append(character)
            position += 1
    return "".join(characters).strip()
