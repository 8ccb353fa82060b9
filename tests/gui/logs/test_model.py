"""The order of log lines, and shortened texts."""

from datetime import datetime

from ffmate_desktop.domain.node_log import LogLevel, LogLine
from ffmate_desktop.gui.base.bridge import Bridge
from ffmate_desktop.gui.frame.status_strip import short_ffmpeg_version
from ffmate_desktop.gui.logs.model import LogsModel, shorten_uuids


def test_an_ffmpeg_build_is_shortened_to_its_version() -> None:
    assert short_ffmpeg_version("ffmpeg n9.0.2-17-g2a571b6068-20260930") == "ffmpeg 9.0.2"
    assert short_ffmpeg_version("There is no ffmpeg here.") == "There is no ffmpeg here."


def test_a_uuid_is_shortened() -> None:
    text = "clip.mov (1c46f294-eba3-4473-897c-f76c51b8e330) is done"
    assert shorten_uuids(text) == "clip.mov (1c46f294) is done"


async def test_lines_are_in_the_order_of_events() -> None:
    model = LogsModel(Bridge())
    begin = int(datetime(2026, 1, 1).timestamp() * 1000)

    def line(number: int, at: int) -> LogLine:
        return LogLine(
            id=number, node="a", at=begin + at, level=LogLevel.INFO, namespace="task", message=str(number)
        )

    model._replace([line(1, 500), line(2, 700)])
    model._add([line(3, 600), line(4, 800)])
    model._add([line(3, 600)])
    shown = [found.id for row in range(model.rowCount()) if (found := model.line_at(row))]
    assert shown == [1, 3, 2, 4]
