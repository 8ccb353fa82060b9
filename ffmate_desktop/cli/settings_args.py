"""The settings of this run, from what was given on the command line and in the environment."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from ffmate_desktop.domain.errors import UserError
from ffmate_desktop.domain.labels import check_labels
from ffmate_desktop.domain.node_name import check_node_name
from ffmate_desktop.services.settings_file import SettingsFile
from ffmate_desktop.settings import (
    DEBUG,
    DEFAULT_DRAIN_TIME,
    DEFAULT_HEARTBEAT,
    DEFAULT_SLOTS,
    Settings,
    Source,
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
    sources: Mapping[str, Source] = MappingProxyType({}),
) -> Settings:
    """What was not given is as it usually is. A label may be several, separated by spaces or commas.

    `sources` tells by the names of the fields what was given, and where.
    """
    if not debug and environment_debug():
        sources = {**sources, DEBUG.name: Source.ENVIRONMENT}
    return Settings(
        database=database or None,
        identifier=check_node_name(identifier) if identifier else default_identifier(),
        slots=slots,
        ffmpeg=ffmpeg or None,
        labels=check_labels(word for text in labels for word in text.replace(",", " ").split()),
        heartbeat=heartbeat,
        data_dir=(data_dir or default_data_dir()).expanduser().absolute(),
        debug=debug or environment_debug(),
        drain_time=drain_time,
        sources=dict(sources),
    )


def with_file(settings: Settings) -> tuple[Settings, UserError | None]:
    """What was not given, from the file of settings in the data folder; and why that could not be read, if so."""
    loaded = SettingsFile(settings.data_dir).load()
    return settings.with_preferences(loaded.preferences), loaded.trouble
