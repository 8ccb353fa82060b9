"""Sample work for screenshots: clips, presets and tasks with realistic names."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from ffmate_desktop.domain.task import NewTask, TaskStatus
from ffmate_desktop.domain.task_source import TaskSource
from ffmate_desktop.domain.watchfolder import WatchfolderSettings
from ffmate_desktop.services.cluster_services import WindowServices
from ffmate_desktop.services.preset_editor import PresetDraft
from tests.media.clips import cut_off, ffmpeg
from tests.node.waiting import until

FILMS = ("Harbour_Lights", "Alpine_Rescue", "Deep_Field", "Night_Ferry", "The_Long_Table")
SECONDS = 150
"""Length of a clip. Encodes at the pace that a preset sets are still running when the last picture is taken."""

PATIENCE = 180.0
"""Maximum seconds for the short tasks."""

_PACED = (
    "-i ${{INPUT_FILE}} -vf scale=640:-2,realtime=speed={0}:limit=3600 "
    "-c:v libx264 -preset {1} -c:a aac ${{OUTPUT_FILE}}"
)
_PLACE = "${INPUT_FILE_DIR}/${INPUT_FILE_BASENAME}_%s.mp4"
OWN_PRESETS = (
    PresetDraft(
        "Review copy",
        _PACED.format("0.9", "veryfast"),
        "A small copy for reviewers. Encodes slowly and leaves capacity for other tasks.",
        _PLACE % "review",
    ),
    PresetDraft(
        "Dailies", _PACED.format("0.7", "ultrafast"), "Small copies of the day's footage.", _PLACE % "dailies"
    ),
    PresetDraft(
        "Archive check",
        _PACED.format("1.3", "superfast"),
        "Reads every frame to find damage.",
        _PLACE % "check",
    ),
)


class Media:
    """A folder of clips, named after the status of their tasks; `unqueued` ones aren't queued."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._long, self._short, self._sound = (
            folder / ".long.mov",
            folder / ".short.mov",
            folder / ".sound.wav",
        )

    def make(self) -> None:
        """Encode one film and one sound; all others are copies."""
        loop = self.folder / ".loop.mov"
        ffmpeg(
            *("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2"),
            *(
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-g",
                "50",
                "-pix_fmt",
                "yuv420p",
                "-c:a",
                "aac",
                loop,
            ),
        )
        for seconds, target in ((SECONDS, self._long), (2, self._short)):
            ffmpeg("-stream_loop", "-1", "-i", loop, "-t", str(seconds), "-c", "copy", target)
        ffmpeg("-f", "lavfi", "-i", "sine=d=30", self._sound)
        self.running = [self._copy(self._long, number, 1) for number in range(7)]
        self.done = [self._copy(self._short, number, 2) for number in range(9)]
        self.sound = [self._copy(self._sound, number, 3, ".wav") for number in range(3)]
        self.waiting = [self._copy(self._long, number, 4) for number in range(24)]
        self.unqueued = [self._copy(self._short, number, 6) for number in (0, 5, 10, 1, 6)]
        self.watched = self._ingest()
        self.broken = cut_off(self._short, self._name(7, 5), 0.6)

    def _ingest(self) -> Path:
        """A folder of copied camera cards: takes, a proxy, notes, a damaged clip and an unfinished copy."""
        folder = self.folder / "ingest"
        for name in (
            "card 1/A001_C004.mov",
            "card 1/A001_C005.mov",
            "card 2/B002_C001.mov",
            "pickup_proxy.mov",
        ):
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._short, place)
        (folder / "shot list.txt").write_text("12 takes")
        (folder / "card 2" / "B002_C002.mov.part").write_bytes(b"x" * 40_000)
        cut_off(self._short, folder / "card 2" / "B002_C003.mov", 0.6)
        return folder

    def _name(self, number: int, reel: int, ending: str = ".mov") -> Path:
        film = FILMS[number % len(FILMS)]
        season, episode = 1 + number % 4, 1 + number
        place = self.folder / film.split("_")[0].lower() / f"s{season:02}"
        place.mkdir(parents=True, exist_ok=True)
        return place / f"{film}_s{season:02}e{episode:02}_reel{reel}{ending}"

    def _copy(self, source: Path, number: int, reel: int, ending: str = ".mov") -> Path:
        return Path(shutil.copyfile(source, self._name(number, reel, ending)))


async def add_tasks(services: WindowServices, media: Media) -> None:
    """Queue tasks in every status; returns when all nodes are busy with long ones."""
    for draft in OWN_PRESETS:
        await services.preset_editor.add(draft)
    nodes = [node.identifier for node in await services.nodes.all() if not node.paused]
    for name in nodes:  # so that no node claims the waiting tasks
        await services.nodes.pause(name)
    waiting = await _queue(services, "ProRes 422 HQ", *media.waiting[:9])
    waiting += await _queue(services, "H.265 web 1080p", *media.waiting[9:])
    await services.tasks.pause(waiting)
    for name in nodes:
        await services.nodes.resume(name)
    await _queue(services, "H.264 web 720p", *media.done)
    await _queue(services, "AAC audio", *media.sound)
    await _queue(services, "H.264 web 1080p", media.broken)
    await _until_open(services, len(waiting))
    for number, clip in enumerate(media.running):
        await _queue(services, OWN_PRESETS[number % len(OWN_PRESETS)].name, clip, priority=5)
        await asyncio.sleep(1)
    await services.tasks.cancel(waiting[-1:])
    await services.tasks.resume(waiting[:-2])


async def add_watchfolders(services: WindowServices, media: Media) -> UUID:
    """Three watchfolders: one active, one suspended, one on an unreachable share."""
    preset = await services.presets.find("H.264 web 720p")

    async def add(name: str, path: Path, **more: Any) -> UUID:
        fields = {"name": name, "path": str(path), "preset": preset.uuid} | more
        return (await services.watchfolders.add(WatchfolderSettings.model_validate(fields))).uuid

    (media.folder / "archive").mkdir()
    await add("Archive", media.folder / "archive", suspended=True)
    await add("Newsroom", Path("/mnt/newsroom/incoming"))
    never = {"globs": {"exclude": ["*_proxy.*"]}}
    return await add(
        "Camera cards", media.watched, interval=3, growth_checks=1, filter=never, priority=20, retries=1
    )


async def _queue(
    services: WindowServices, preset: str, *clips: Path, priority: int | None = None
) -> list[UUID]:
    """Queue these clips as one batch."""
    found = await services.presets.find(preset)
    unqueued = [NewTask(input_file=str(clip), preset=found.uuid, priority=priority) for clip in clips]
    return list((await services.tasks.add(unqueued, source=TaskSource.WINDOW)).uuids)


async def _until_open(services: WindowServices, most: int) -> None:
    """Wait until all but `most` tasks are finished."""

    async def few() -> bool:
        counts = await services.queue.counts()
        return sum(count for status, count in counts.items() if not status.is_done) <= most

    await until(few, "the short tasks are finished", timeout=PATIENCE)


async def count_running(services: WindowServices) -> int:
    """Number of running tasks."""
    return (await services.queue.counts()).get(TaskStatus.RUNNING, 0)
