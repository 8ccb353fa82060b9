"""The settings of this run, from what was given on the command line and in the environment."""

from collections.abc import Iterable
from pathlib import Path

from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.settings import (
    DEFAULT_DRAIN_TIME,
    DEFAULT_HEARTBEAT,
    DEFAULT_SLOTS,
    Settings,
    default_data_dir,
    default_identifier,
    environment_debug,
)


def settings_from(
    *,
    database: str | None = None,
    identifier: str | None = None,
    slots: int = DEFAULT_SLOTS,
    ffmpeg: str | None = None,
    labels: Iterable[str] = (),
    heartbeat: float = DEFAULT_HEARTBEAT,
    drain_time: float = DEFAULT_DRAIN_TIME,
    data_dir: Path | None = None,
    debug: str = "",
) -> Settings:
    """What was not given is as it usually is. A label may be several, separated by spaces or commas."""
    return Settings(
        database=database or None,
        identifier=identifier or default_identifier(),
        slots=slots,
        ffmpeg=ffmpeg or None,
        labels=check_labels(word for text in labels for word in text.replace(",", " ").split()),
        heartbeat=heartbeat,
        data_dir=(data_dir or default_data_dir()).expanduser().absolute(),
        debug=debug or environment_debug(),
        drain_time=drain_time,
    )
