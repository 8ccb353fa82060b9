"""Watched folders that are recreated, swapped, covered or not mounted: which files are gone, which only hidden."""

from pathlib import Path

import pytest

from ffmate_desktop.domain.watchfolder import FileState
from tests.faults.disk import open_disk
from tests.node.farm import Farm
from tests.node.waiting import until
from tests.node.watchfolders.watched import Watched

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

DONE, QUEUED = FileState.DONE, FileState.QUEUED


@pytest.fixture
def watched(farm: Farm, tmp_path: Path) -> Watched:
    root = tmp_path / "in"
    root.mkdir()
    return Watched(farm, root)


async def test_a_recreated_folder_keeps_the_records_of_files_that_are_in_it(
    watched: Watched, clip: Path
) -> None:
    """As with camera cards: the old files are gone, and known again when their card is back."""
    await watched.farm.node(watches=True)
    await watched.begin(growth_checks=0, interval=2)
    watched.put(clip, "a.mov")
    await watched.state("a.mov", DONE)
    await watched.scanned()
    card = watched.root.with_name("card")
    watched.root.rename(card)
    watched.root.mkdir()
    (watched.root / ".DS_Store").write_bytes(b"x")
    (watched.root / "not mounted.txt").write_text("The card is not in the reader.")

    async def trouble() -> bool:
        return "isn't mounted" in ((await watched.now()).error or "")

    await until(trouble, "a folder without a film may be a mount point")
    assert not (await watched.files())["a.mov"].gone
    watched.put(clip, "b.mov")
    await watched.state("b.mov", DONE)
    a = await watched.state("a.mov", DONE)
    assert a.gone and (await watched.scanned()).error is None
    watched.root.rename(watched.root.with_name("other card"))
    card.rename(watched.root)

    async def back() -> bool:
        files = await watched.files()
        return not files["a.mov"].gone and files["b.mov"].gone

    await until(back, "the first card is back")
    assert len(await watched.tasks()) == 2


async def test_a_replaced_folder_is_observed_again(watched: Watched, clip: Path) -> None:
    await watched.farm.node(watches=True, slots=0)
    await watched.begin(growth_checks=0, interval=3600)
    await watched.scanned_first()
    watched.root.rename(watched.root.with_name("old"))
    watched.root.mkdir()
    await watched.service.scan(watched.uuid)
    await watched.scanned()
    watched.put(clip, "new.mov")
    await watched.state("new.mov", QUEUED)


async def test_files_of_a_disk_in_a_subfolder_are_not_gone_with_it(watched: Watched, clip: Path) -> None:
    card = watched.root / "readers" / "card 1"
    with open_disk(card, 8) as disk:
        if disk is None:
            pytest.skip("needs the right to mount")
        await watched.farm.node(watches=True, slots=0)
        await watched.begin(growth_checks=0)
        watched.put(clip, "a.mov")
        watched.put(clip, "readers/card 1/b.mov")
        await watched.state("readers/card 1/b.mov", QUEUED)
        await watched.scanned()
        disk.vanish()

        async def error(words: str) -> bool:
            return words in ((await watched.now()).error or "")

        await until(lambda: error("“readers/card 1” is empty"), "the missing disk is reported")
        assert not (await watched.files())["readers/card 1/b.mov"].gone
        watched.put(clip, "readers/card 1/c.mov")  # it is used as a folder now
        await watched.state("readers/card 1/c.mov", QUEUED)

        async def gone() -> bool:
            return (await watched.files())["readers/card 1/b.mov"].gone and (
                await watched.now()
            ).error is None

        await until(gone, "another file says that the folder is meant")
    card.joinpath("c.mov").unlink()
    await watched.scanned()
    assert (await watched.scanned()).error is None
    assert len(await watched.tasks()) == 3
