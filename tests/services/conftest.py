"""The doors to presets and tasks, on a database of the test."""

import pytest

from ffmate_desktop.db.connection.connection import Database
from ffmate_desktop.services.presets import PresetService
from ffmate_desktop.services.tasks import TaskService
from ffmate_desktop.settings.folders import resources_folder


@pytest.fixture
def presets(database: Database) -> PresetService:
    return PresetService(database, resources_folder() / "presets")


@pytest.fixture
def tasks(database: Database, presets: PresetService) -> TaskService:
    return TaskService(database, presets)
