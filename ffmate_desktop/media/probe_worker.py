"""The separate process that opens media files, so that a decoder crash never ends the node.

It reads one JSON request per line from stdin, `{"path": str, "packets": bool, "limits": ...}`, and answers each with
one line: `{"facts": {...}}` with the fields of `probe.MediaFacts`, or `{"error": part of a sentence, "errno": int}`.
It imports little but PyAV, to start fast, and exits when stdin closes, even in the middle of a file.

If the kernel supports Landlock, the process can't write files. `limits` is null, or `{"read": [str]}` with null for
any file. A request with limits is answered in a separate thread that can only read these files and can't open
sockets.
"""

import errno
import json
import os
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

from ffmate_desktop.media.processes import landlock, seccomp
from ffmate_desktop.media.promised_size import promised_size

_REASONS = {
    errno.ENOENT: "doesn't exist",
    errno.EACCES: "can't be read by this user",
    errno.EPERM: "can't be read by this user",
    errno.EISDIR: "is a folder",
    errno.EIO: "can't be read from its disk",
}
_DAMAGED = "isn't a media file, or it is damaged"


def _is_image(container: InputContainer) -> bool:
    return container.format.name == "image2" or container.format.name.endswith("_pipe")


def _seconds(ticks: int | None, time_base: float) -> float | None:
    return None if ticks is None else round(ticks * time_base, 6)


def _stream_facts(stream: Stream) -> dict[str, Any]:
    codec: Any = stream.codec_context  # None for data streams and codecs that this build can't decode
    rate = getattr(stream, "average_rate", None)
    time_base = float(stream.time_base) if stream.time_base else 0.0
    return {
        "kind": stream.type,
        "codec": codec.codec.canonical_name if codec is not None else None,  # `name` is the decoder's
        "duration": _seconds(stream.duration, time_base),
        "width": getattr(codec, "width", None) or None,
        "height": getattr(codec, "height", None) or None,
        "pixel_format": getattr(codec, "pix_fmt", None),
        "frame_rate": float(rate) if rate else None,
        "frames": stream.frames or None,
        "channels": getattr(codec, "channels", None) or None,
        "sample_rate": getattr(codec, "sample_rate", None) or None,
        "language": stream.language,
        "is_attached_picture": bool(stream.disposition & Disposition.attached_pic),
    }


def _count_packets(container: InputContainer, streams: list[dict[str, Any]]) -> None:
    """Add measurements of the packets, which are right even if a header is wrong. Damage only ends the count."""
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for stream in streams:
        stream["packets"] = 0
    try:
        for packet in container.demux():
            index = packet.stream_index
            if not packet.size or index >= len(streams):  # the flush packets at the end are empty
                continue
            streams[index]["packets"] += 1
            ticks = packet.pts if packet.pts is not None else packet.dts
            if ticks is None or packet.time_base is None:
                continue
            start = float(ticks * packet.time_base)
            end = start + float((packet.duration or 0) * packet.time_base)
            first[index] = min(start, first.get(index, start))
            last[index] = max(end, last.get(index, end))
    except av.FFmpegError:
        pass  # everything up to here can be read
    for index, start in first.items():
        streams[index]["packet_seconds"] = round(last[index] - start, 6)
        streams[index]["packet_end"] = round(last[index], 6)


def inspect(path: str, *, packets: bool) -> dict[str, Any]:
    """Return facts from the headers of a file and, with `packets`, from all packets. Raises av.FFmpegError."""
    with av.open(path, metadata_errors="replace") as container:
        microsecond = 1 / av.time_base
        streams = [_stream_facts(stream) for stream in container.streams]
        if packets:
            _count_packets(container, streams)
        duration = None if _is_image(container) else container.duration
        return {
            "container": container.format.name,
            "duration": _seconds(duration, microsecond),
            "start_time": _seconds(container.start_time, microsecond),
            "size": max(container.size, 0),
            "promised_size": promised_size(path, container.format.name),
            "bit_rate": container.bit_rate or None,
            "streams": streams,
        }


class _Confinement:
    """Restricts this process and its threads, if the kernel supports it."""

    def __init__(self) -> None:
        self._supported = bool(landlock.abi_version())
        if self._supported:
            landlock.restrict_files(landlock.LandlockRules(None, ("/dev/null",)))

    def answer(self, line: bytes) -> dict[str, Any]:
        """Return the answer to one request, within its limits."""
        request = json.loads(line)
        if request.get("limits") is None or not self._supported:
            return _answer(request)
        answers: list[dict[str, Any]] = []

        def work() -> None:
            try:
                self._confine(request["limits"]["read"])
            except OSError as error:
                answers.append(
                    {"error": f"can't be read within this computer's limits ({error})", "errno": 0}
                )
            else:
                answers.append(_answer(request))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        return answers[0]

    def _confine(self, read: "list[str] | None") -> None:
        # Python imports some of its modules only on demand.
        paths = None if read is None else (*read, *filter(None, sys.path))
        landlock.restrict_files(landlock.LandlockRules(paths, ("/dev/null",), network=False))
        if seccomp.is_supported():
            seccomp.restrict_calls()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"facts": inspect(request["path"], packets=request["packets"])}
    except (av.FFmpegError, OSError) as error:
        number = getattr(error, "errno", None) or 0
        return {"error": _REASONS.get(number, _DAMAGED), "errno": number}
    except Exception as error:  # noqa: BLE001  any error that a strange file causes is its answer
        return {"error": f"can't be read ({type(error).__name__}: {error})", "errno": 0}


def _read_requests(requests: "queue.SimpleQueue[bytes]") -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)  # the node has gone; don't wait for a hanging library call in the other thread


def _private_stdout() -> BinaryIO:
    """Reserve the pipe for answers, and redirect what libraries print to stdout."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Answer requests until stdin ends."""
    # Ctrl+C and a closed terminal are for the node, which closes our stdin at its end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    answers, confinement = _private_stdout(), _Confinement()
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    while True:
        answers.write(json.dumps(confinement.answer(requests.get())).encode("ascii") + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
