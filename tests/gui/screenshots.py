"""Take screenshots of every page and the main dialogs, in both themes, from a real cluster at work."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from keyrings.alt.file import PlaintextKeyring
from PySide6.QtCore import QLocale, QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QScrollArea, QWidget

from ffmate_desktop import logs
from ffmate_desktop.bootstrap.cluster import open_cluster
from ffmate_desktop.bootstrap.window import make_setup
from ffmate_desktop.domain.watchfolder import FileState
from ffmate_desktop.gui.app import make_application
from ffmate_desktop.gui.base.language import install_translators
from ffmate_desktop.gui.base.loop import Loop
from ffmate_desktop.gui.base.page import Page
from ffmate_desktop.gui.desktop.closing import CloseDialog
from ffmate_desktop.gui.logs.page import LogsPage
from ffmate_desktop.gui.nodes.add_dialog import AddNodeDialog
from ffmate_desktop.gui.nodes.page import CARDS, TABLE, NodesPage
from ffmate_desktop.gui.preferences.opener import SettingsOpener
from ffmate_desktop.gui.preferences.switching import Switching
from ffmate_desktop.gui.presets.page import PresetsPage
from ffmate_desktop.gui.presets.test_dialog import PresetTestDialog
from ffmate_desktop.gui.queue.edit_dialog import EditTaskDialog
from ffmate_desktop.gui.submit.flow import SubmitFlow
from ffmate_desktop.gui.watchfolders.page import WatchfoldersPage
from ffmate_desktop.services.passwords import Keyring
from ffmate_desktop.settings.folders import resources_folder
from ffmate_desktop.settings.preferences import Appearance
from ffmate_desktop.settings.table import Settings
from tests.gui.desk import Desk, desk_settings, open_desk_with
from tests.gui.peers import open_peer
from tests.gui.sample_work import OWN_PRESETS, Media, add_tasks, add_watchfolders, count_running
from tests.gui.small_png import save_small
from tests.node.waiting import until

P = TypeVar("P", bound=Page)

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
SIZE = (1440, 900)
THIS_NODE = "studio-01"
PEERS: dict[str, tuple[int, tuple[str, ...]]] = {
    "render-a": (3, ("gpu", "nvenc")),
    "render-b": (2, ("prores",)),
    "edit-bay-2": (1, ()),
}
PAUSED = "edit-bay-2"
SLOTS = 2
HEARTBEAT = 5.0
"""Seconds; long enough for a computer that runs all nodes at once."""

WARM_UP = 20.0
"""Seconds of work before the first picture, so that the graphs have data."""

SETTLE_TIME = 0.7
"""Seconds for a page to read and paint."""


class SampleKeyring(PlaintextKeyring):  # type: ignore[misc] # keyrings.alt has no types
    """Has the name of the usual keyring on Linux."""

    name = "Secret Service"


class Photographer:
    """Shows one view after the other and saves each in both themes."""

    def __init__(
        self, desk: Desk, settings: Settings, uri: str, media: Media, folder: Path, suffix: str
    ) -> None:
        self._desk, self._uri, self._media = desk, uri, media
        self._folder, self._suffix = folder, suffix
        self._window = desk.window
        setup = make_setup(settings, Keyring(SampleKeyring))
        self._switching = Switching(desk.window, desk.program, setup)
        self._opener = SettingsOpener(desk.window, desk.program, self._switching)
        self.taken: list[Path] = []

    async def empty_window(self) -> None:
        """The empty window after installation."""
        await self._save("empty", self._window)

    async def all_pages(self) -> None:
        """All views of a working cluster."""
        await self._queue()
        await self._submit()
        await self._watchfolders()
        await self._presets()
        await self._nodes()
        await self._settings()
        logbook = self._open(LogsPage)
        logbook.topics.choose(frozenset({"task", "cluster"}))  # without warnings about the blocked loop
        logbook.topics.changed.emit()
        await self._save("logs", self._window)
        closing = CloseDialog(self._window, self._window.context.theme, SLOTS, can_hide=True)
        closing.open()
        await self._save("closing", closing)
        closing.reject()

    async def _queue(self) -> None:
        desk = self._desk
        desk.click_row(self._row_of(self._media.running[0]))
        await asyncio.sleep(6)  # the task's graph starts when its details open
        await self._save("queue", self._window)
        await self._details()
        desk.page.view.clearSelection()
        desk.page.view.scrollToTop()
        await self._save("queue-wide", self._window)
        desk.page.grouping.button.setChecked(True)
        await self._save("batches", self._window)
        desk.page.grouping.button.setChecked(False)

    async def _details(self) -> None:
        """More details of a task, a failed task, and the editor."""
        desk, media = self._desk, self._media
        area = desk.page.detail_pane.findChild(QScrollArea)
        assert area is not None
        await until(desk.page.detail_pane.timeline.isVisible, "the attempts are loaded")
        await asyncio.sleep(SETTLE_TIME)
        area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
        await self._save("queue-details", self._window)
        desk.click_row(self._row_of(media.broken))
        await self._save("queue-failed", self._window)
        desk.click_row(self._row_of(media.waiting[0]))
        desk.page.actions_.edit.trigger()
        editor = await until(lambda: desk.page.findChild(EditTaskDialog), "the editor opens")
        await self._save("edit-task", editor)
        editor.reject()

    def _row_of(self, clip: Path) -> int:
        model = self._desk.page.model
        rows = ((number, model.row_at(number)) for number in range(model.rowCount()))
        return next(number for number, row in rows if row is not None and row.name == clip.name)

    async def _submit(self) -> None:
        submit_flow = self._window.findChild(SubmitFlow)
        assert submit_flow is not None
        clips = [str(clip) for clip in self._media.unqueued]
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(clip) for clip in clips])
        submit_flow.target.overlay.show_drag(data)
        await self._save("drop", self._window)
        submit_flow.target.overlay.hide()
        self._window.open_files(clips)
        sheet = await until(lambda: submit_flow.sheet, "the sheet opens")
        await until(lambda: sheet.debouncer.is_current, "the preview is ready")
        await self._save("submit", sheet)
        sheet.reject()

    async def _watchfolders(self) -> None:
        page = self._open(WatchfoldersPage)
        await self._save("watchfolders-empty", self._window)
        submit_flow = self._window.findChild(SubmitFlow)
        assert submit_flow is not None
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(self._media.watched))])
        place = self._window.stack.geometry().center()
        submit_flow.target.overlay.show_drag(data, submit_flow.target.zone_at(place))
        await self._save("watchfolders-drop", self._window)
        submit_flow.target.overlay.hide()
        page.add_folder(str(self._media.watched))
        dialog = await until(lambda: page.dialog, "the dialog opens")
        await until(lambda: dialog.presets.current, "presets are loaded")
        await self._save("watchfolder-new", dialog)
        dialog.dry_run_button.click()
        await until(dialog.dry_run.model.rowCount, "the dry run has results")
        await self._save("watchfolder-try", dialog)
        dialog.reject()
        chosen = await add_watchfolders(self._desk.services, self._media)
        await until(lambda: page.table.choose(chosen), "it is in the table")

        def count(state: FileState) -> int:
            view = page.model.view_of(chosen)
            return view.count(state) if view is not None else 0

        await until(lambda: count(FileState.QUEUED), "files are queued")
        await self._desk.services.nodes.set_slots(THIS_NODE, SLOTS + 1)  # the other slots stay busy
        await until(lambda: count(FileState.DONE), "files are done")
        await self._save("watchfolders", self._window)

    async def _presets(self) -> None:
        page = self._open(PresetsPage)
        presets = await self._desk.services.presets.all()
        page.list.select(next(preset.uuid for preset in presets if preset.name == OWN_PRESETS[0].name))
        await self._save("presets", self._window)
        page.form.parts.press(1)
        await self._save("presets-scripts", self._window)
        page.form.parts.press(0)
        page.test_file(str(self._media.done[0]))
        test = await until(lambda: page.findChild(PresetTestDialog), "the test dialog opens")
        await until(test.still.isVisible, "the test is finished", timeout=60)
        await self._save("preset-try", test)
        test.reject()
        page.list.select(next(preset.uuid for preset in presets if preset.name == "H.265 web 1080p"))
        await self._save("presets-built-in", self._window)

    async def _nodes(self) -> None:
        page = self._open(NodesPage)
        for name, layout in (("nodes", CARDS), ("nodes-table", TABLE)):
            page.layouts.chosen.emit(layout)
            await self._save(name, self._window)
        page.open_add()
        dialog = page.findChild(AddNodeDialog)
        assert dialog is not None
        await self._save("add-node-embedded", dialog)
        dialog.reject()
        address = "postgresql://ffmate:secret@db.studio.example/ffmate"
        dialog = AddNodeDialog(self._window, self._window.context.theme, address)
        dialog.open()
        await self._save("add-node", dialog)
        dialog.reject()

    async def _settings(self) -> None:
        """The address shown is an example; the test result is real."""
        self._opener.open()
        dialog = self._opener.dialog
        assert dialog is not None
        dialog.node.labels.setText("gpu storage:media")
        await until(lambda: dialog.node.ffmpeg_note.text.startswith("Version"), "ffmpeg is known")
        await self._save("settings", dialog)
        dialog.show_section(1)
        dialog.cluster.server.setChecked(True)
        dialog.cluster.address.setText(self._uri)
        dialog.cluster.test.click()
        await until(lambda: len(dialog.cluster.result.lines) > 3, "the server was tested")
        dialog.cluster.address.blockSignals(True)
        dialog.cluster.address.setText("postgresql://ffmate@db.studio.example/ffmate")
        dialog.cluster.password.blockSignals(True)
        dialog.cluster.password.setText("example")
        dialog.cluster.address.setCursorPosition(0)
        await self._save("settings-cluster", dialog)
        for number, name in enumerate(("history", "appearance", "notifications", "window"), start=2):
            dialog.show_section(number)
            await self._save(f"settings-{name}", dialog)
        dialog.reject()
        await self._switching.close()

    def _open(self, kind: type[P]) -> P:
        number, page = next(
            (number, page) for number, page in enumerate(self._window.pages) if isinstance(page, kind)
        )
        self._window.show_page(number)
        return page

    async def _save(self, name: str, widget: QWidget) -> None:
        for appearance in (Appearance.LIGHT, Appearance.DARK):
            self._window.context.theme.set_appearance(appearance)
            await asyncio.sleep(SETTLE_TIME)
            path = self._folder / f"{name}-{appearance}{self._suffix}.png"
            await asyncio.to_thread(widget.grab().toImage().save, str(path))
            self.taken.append(path)


async def take_screenshots(folder: Path, suffix: str) -> None:
    """Start a cluster with an embedded database in a new folder, queue work, and save the pictures."""
    with (
        tempfile.TemporaryDirectory(prefix="ffmate-", ignore_cleanup_errors=True) as place,
        tempfile.TemporaryDirectory(prefix="ingest-") as clips,
    ):
        root = Path(place)
        root.chmod(0o755)  # when run as root, the server runs as another user
        media = Media(Path(clips))
        await asyncio.to_thread(media.make)
        settings = replace(
            desk_settings("", root / "data", SLOTS), database=None, identifier=THIS_NODE, heartbeat=HEARTBEAT
        )
        async with AsyncExitStack() as stack:
            cluster = await stack.enter_async_context(open_cluster(settings))
            desk = await stack.enter_async_context(open_desk_with(settings))
            desk.window.resize(*SIZE)
            photographer = Photographer(desk, settings, cluster.uri, media, folder, suffix)
            await asyncio.sleep(SETTLE_TIME)
            await photographer.empty_window()
            for name, (slots, labels) in PEERS.items():
                await stack.enter_async_context(
                    open_peer(name, cluster.uri, root, heartbeat=HEARTBEAT, slots=slots, labels=labels)
                )
            await until(lambda: _joined(desk), "all nodes have joined")
            await desk.services.nodes.pause(PAUSED)
            await add_tasks(desk.services, media)
            busy = SLOTS + sum(slots for name, (slots, _labels) in PEERS.items() if name != PAUSED)
            await until(lambda: _is_busy(desk, busy), "all nodes are busy")
            await asyncio.sleep(WARM_UP)
            await photographer.all_pages()
    for path in photographer.taken:  # after the nodes are gone, because this blocks the loop
        save_small(QImage(str(path)), path)


async def _joined(desk: Desk) -> bool:
    return {node.identifier for node in await desk.services.nodes.all()} >= PEERS.keys()


async def _is_busy(desk: Desk, tasks: int) -> bool:
    return await count_running(desk.services) >= tasks


def main() -> None:
    """Run one process per scale, because Qt reads it only at startup."""
    parser = argparse.ArgumentParser(prog="screenshots", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where the pictures go (docs/screenshots)"
    )
    parser.add_argument(
        "--scale", type=int, choices=(1, 2), help="only for screens of this many pixels a point"
    )
    arguments = parser.parse_args()
    folder: Path = arguments.folder.absolute()
    if arguments.scale is None:
        for scale in (1, 2):
            command = [sys.executable, "-m", "tests.gui.screenshots", "--folder", str(folder)]
            subprocess.run([*command, "--scale", str(scale)], check=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["QT_SCALE_FACTOR"] = str(arguments.scale)
    logs.configure("error:*")  # also sends this node's lines to the cluster's log
    app = make_application()
    install_translators(app, resources_folder(), QLocale(QLocale.Language.English))
    with asyncio.Runner(loop_factory=lambda: Loop(app)) as runner:
        runner.run(take_screenshots(folder, "@2x" if arguments.scale == 2 else ""))


if __name__ == "__main__":
    main()
