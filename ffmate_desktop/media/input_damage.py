"""Find the ffmpeg messages that mean data loss in an input, depending on the kind of input they are about."""

import re
from collections.abc import Mapping, Sequence

from ffmate_desktop.media.arguments import Invocation
from ffmate_desktop.media.probe import MediaFacts

_TRUNCATED = re.compile(
    r"File ended prematurely|: partial file|[Ss]tream ends prematurely|Error during demuxing"
)
# Reception errors are normal in broadcast streams, so these only count for files with an index.
_DECODING = (
    r"Decoding error: |Error while decoding stream|error while decoding MB|Invalid NAL unit size|"
    r"Error submitting (?:a )?packet to decoder"
)
_UNDECODABLE = re.compile(_DECODING)
_INDEXED = frozenset({"flac", "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"})
# Sound in AVI often starts or ends inside a frame; pictures don't.
_UNDECODABLE_PICTURE = re.compile(rf"\[vist#.*(?:{_DECODING})")
# These report missing bytes. Streams whose packets store no size report them at a healthy end, too.
_LOST = re.compile(
    r"corrupt input packet|exceeds containing master element|CRC mismatch!|invalid as first byte of an EBML number|"
    r"EBML number's first byte \w+ at pos .* exceeds max length"
)
_SIZED = _INDEXED | {"asf", "avi", "flv", "mxf", "nut", "ogg", "tta", "wv"}
_READ_TO_THE_LAST_BYTE = frozenset({"flac", "wv"})
_COMPLAINT = re.compile(rf"{_DECODING}|{_LOST.pattern}|Packet mismatch|Header missing")
_NUMBER = re.compile(r"\[(?:in|[a-z]ist)#(?P<number>\d+)|[Ss]tream #(?P<older>\d+):")


class InputMessages:
    """The messages of ffmpeg during `steps`. `facts` describe the inputs, by their name in the command."""

    def __init__(
        self, lines: Sequence[str], steps: Sequence[Invocation], facts: Mapping[str, MediaFacts]
    ) -> None:
        self._lines = lines
        self._steps = steps
        self._facts = facts

    def damage_lines(self) -> list[str]:
        """Return the lines that report lost data."""
        return [line for line in self._lines if _TRUNCATED.search(line) or self._is_damage(line)]

    def input_with_trailing_data(self, damage: Sequence[str]) -> MediaFacts | None:
        """Return the input if the only message may be about a tag or padding after its media, unknown to demuxers."""
        about = self._about(damage[0])
        if len(damage) > 1 or len(about) != 1 or about[0].container not in _READ_TO_THE_LAST_BYTE:
            return None
        return about[0]

    def suggest_damage_in(self, facts: MediaFacts) -> bool:
        """Return whether any message about this input may mean damage, even a kind that is normal for some inputs."""
        return any(_COMPLAINT.search(line) and facts in self._about(line) for line in self._lines)

    def _is_damage(self, line: str) -> bool:
        containers = {facts.container for facts in self._about(line)}
        if not containers or "[sist#" in line:  # a bad subtitle isn't damage of the film
            return False
        if _LOST.search(line):
            return containers <= _SIZED
        if _UNDECODABLE_PICTURE.search(line):
            return containers <= _INDEXED | {"avi"}
        return containers <= _INDEXED and _UNDECODABLE.search(line) is not None

    def _about(self, line: str) -> list[MediaFacts]:
        """Return the inputs that a line may be about: those with its number in each step, otherwise all."""
        found = _NUMBER.search(line)
        if found is None:
            return list(self._facts.values())
        number = int(found["number"] or found["older"])
        reads = [step.inputs[number] for step in self._steps if number < len(step.inputs)]
        return [self._facts[read.url] for read in reads if read.url in self._facts]
