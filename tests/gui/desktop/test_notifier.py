"""Notifications of events, and the tray icon that shows them."""

from pathlib import Path

import pytest

from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.gui.desktop import notifier as notifier_module
from ffmate_desktop.gui.desktop.notifier import Notifier
from ffmate_desktop.gui.desktop.tray import Tray
from ffmate_desktop.settings.preferences import NoticePreferences
from tests.expected_warnings import ExpectedWarnings
from tests.gui.desk import Desk
from tests.gui.peers import open_peer
from tests.node.farm import ENCODE, LONG
from tests.node.waiting import until

BROKEN = "-i ${INPUT_FILE} -c:v no-such-codec ${OUTPUT_FILE}"


async def listen(desk: Desk, monkeypatch: pytest.MonkeyPatch, gather: float) -> list[tuple[str, str]]:
    """Collect the notifications sent from now on."""
    monkeypatch.setattr(notifier_module, "FIRST", gather)
    notifier = Notifier(desk.window)
    heard: list[tuple[str, str]] = []
    notifier.notification.connect(lambda title, text: heard.append((title, text)))
    notifier._schedule()
    await until(lambda: notifier._seen is not None, "earlier events are known")
    return heard


def check_now(desk: Desk) -> None:
    """End the pause for collecting events."""
    notifier = desk.window.findChild(Notifier)
    assert notifier is not None
    notifier._check()


async def test_old_failures_are_ignored_and_new_ones_become_one_notification(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.shown(await desk.add(clip, BROKEN, name="old"), TaskStatus.DONE_ERROR)
    heard = await listen(desk, monkeypatch, 3600.0)
    out = f"{clip.parent}/${{INPUT_FILE_BASENAME}}.out.mp4"
    commands = [ENCODE, *5 * [BROKEN]]
    new = [NewTask(input_file=str(clip), command=command, output_file=out) for command in commands]
    submitted = await desk.services.tasks.add(new, source=TaskSource.CLI)
    await desk.services.nodes.set_slots("desk", 6)
    for uuid in submitted.uuids[1:]:
        await desk.shown(uuid, TaskStatus.DONE_ERROR)
    await desk.shown(submitted.uuids[0], TaskStatus.DONE_SUCCESSFUL)
    assert heard == []  # still collecting
    check_now(desk)
    await until(lambda: heard, "the notification arrives")
    [(title, text)] = heard
    assert title == "5 tasks failed."
    assert text.endswith("A batch of 6 tasks finished.")
    assert "no-such-codec" in text
    await desk.shown(await desk.add(clip, BROKEN, name="one more"), TaskStatus.DONE_ERROR)
    check_now(desk)
    await until(lambda: len(heard) == 2, "the second notification arrives")
    assert heard[1][0] == "“one more” failed."


async def test_a_disabled_kind_of_notification_is_not_sent(
    desk: Desk, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = await listen(desk, monkeypatch, 3600.0)
    desk.window.context.preferences.save_window(notices=NoticePreferences(failures=False))
    await desk.shown(await desk.add(clip, BROKEN, name="unwanted"), TaskStatus.DONE_ERROR)
    notifier = desk.window.findChild(Notifier)
    assert notifier is not None
    check_now(desk)
    await until(lambda: notifier._seen, "it was seen")
    assert heard == []
    desk.window.context.preferences.save_window(notices=NoticePreferences())
    await desk.shown(await desk.add(clip, BROKEN, name="wanted"), TaskStatus.DONE_ERROR)
    check_now(desk)
    await until(lambda: heard, "the notification arrives")
    assert heard[0][0] == "“wanted” failed."


async def test_a_killed_node_causes_a_notification(
    desk: Desk,
    database_uri: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: ExpectedWarnings,
) -> None:
    expected_warnings.expect("render-7 is lost")
    heard = await listen(desk, monkeypatch, 0.1)
    async with open_peer("render-7", database_uri, tmp_path) as peer:

        async def is_there() -> bool:
            return any(node.identifier == "render-7" for node in await desk.services.nodes.all())

        await until(is_there, "it joins")
        notifier = desk.window.findChild(Notifier)
        assert notifier is not None
        await until(lambda: len(notifier._nodes) == 2, "it is known")
        peer.kill()
        await until(lambda: heard, "the notification arrives")
    assert heard[0][0] == "Node “render-7” was lost."


async def test_the_tray_shows_and_changes_the_state(desk: Desk, clip: Path) -> None:
    tray = Tray(desk.window)
    desk.window.node_panel.refresh()
    await until(lambda: "Accepting tasks" in tray.icon.toolTip(), "the tool tip shows the state")
    idle = tray.icon.icon().cacheKey()
    tray.pause.trigger()
    await until(lambda: tray.pause.text() == "Resume this computer", "it is paused")
    assert "Paused" in tray.icon.toolTip()
    assert tray.icon.icon().cacheKey() != idle
    tray.pause.trigger()
    await until(lambda: tray.pause.text() == "Pause this computer", "it is resumed")
    uuid = await desk.add(clip, LONG)
    await until(lambda: "1 of 1" in tray.icon.toolTip(), "it runs a task")
    desk.window.hide()
    tray.open.trigger()
    assert desk.window.isVisible()
    await desk.services.tasks.cancel([uuid])
    await desk.shown(uuid, TaskStatus.DONE_CANCELED)


async def test_turning_notifications_off_is_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tray = Tray(desk.window)
    shown: list[str] = []
    for method in ("supportsMessages", "isVisible"):
        monkeypatch.setattr(tray.icon, method, lambda: True)
    monkeypatch.setattr(tray.icon, "showMessage", lambda title, *_rest: shown.append(title))
    tray.show_notification("one", "")
    tray.notices.trigger()
    tray.show_notification("two", "")
    assert shown == ["one"]
    assert not Tray(desk.window).notices.isChecked()
    quits: list[bool] = []
    desk.window.quit_requested.connect(lambda: quits.append(True))
    tray.quit.trigger()
    assert quits == [True]
