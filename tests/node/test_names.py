"""Unusual file names, from the submission to the published output."""

import os
import sys
from pathlib import Path

import pytest

from tests.node.farm import ENCODE, Farm

pytestmark = [pytest.mark.db, pytest.mark.ffmpeg]

NAMES = {
    "blanks": " two  blanks .mov",
    "apostrophe": "it's.mov",
    "and": "Tom && Jerry & friends.mov",
    "unicode": "ünï 日本 🎬 e\u0301.mov",
    "dash": "-y -i.mov",
    "percent": "100%d %03d.mov",
    "dollar": "$HOME ${INPUT_FILE} $(ls).mov",
    "protocol": "concat:a.mov" if os.name != "nt" else "concat-a.mov",
    "brackets": "[1]{2}(3),=#~;.mov",
    "dots": "..a.b..mov",
    "hidden": ".hidden.mov",
    "long": "ä" * 110 + ".mov",
}
NOT_ON_WINDOWS = {
    "quotes": 'she said "go".mov',
    "newline": "two\nlines.mov",
    "backslash": "back\\slash\\.mov",
    "star": "*?|<>.mov",
    "control": "bell\a\x1b[31m.mov",
}
BYTES = {"latin 1": os.fsdecode(b"caf\xe9 \xff.mov")} if sys.platform == "linux" else {}
NAMES |= {} if os.name == "nt" else NOT_ON_WINDOWS | BYTES


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_any_name_makes_its_way(farm: Farm, clip: Path, name: str) -> None:
    await farm.node()
    source = clip.rename(clip.with_name(name))
    content = source.read_bytes()
    task = await farm.successful(
        await farm.add(source, output=f"{farm.folder}/out/${{INPUT_FILE_BASENAME}}.mp4")
    )
    output = farm.folder / "out" / f"{source.stem}.mp4"
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    assert output.stat().st_size == task.size
    assert task.name == name
    assert task.input_file.resolved == str(source)
    assert task.output_file.resolved == str(output)
    assert source.read_bytes() == content


async def test_names_in_a_command_that_is_read_by_a_person(farm: Farm, clip: Path) -> None:
    await farm.node()
    target = clip.with_name('it\'s "here".mp4' if os.name != "nt" else "it's here.mp4")
    quoted = str(target).replace("\\", "\\\\").replace('"', '\\"')
    command = ENCODE.replace("${OUTPUT_FILE}", f'"{quoted}"')
    await farm.successful(await farm.add(clip, command))
    assert target.stat().st_size > 0


@pytest.mark.parametrize("name", BYTES.values(), ids=BYTES.keys())
async def test_a_name_that_is_not_text_can_be_part_of_an_error(farm: Farm, clip: Path, name: str) -> None:
    source = clip.rename(clip.with_name(name))
    uuids = [await farm.add(source) for _ in range(2)]  # the second one has to look for another name
    source.unlink()
    await farm.node()
    for uuid in uuids:
        task = await farm.done(uuid)
        assert task.error and task.error.startswith(f"The input “{source}” doesn't exist.")
