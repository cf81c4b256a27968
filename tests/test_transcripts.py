"""Every transcript of tests/transcripts is what happens, and so is that of the README."""

import re
from pathlib import Path

import pytest

from simulator.transcripts.apart import apart
from simulator.transcripts.difference import told
from simulator.transcripts.replay import replay
from simulator.transcripts.transcript import Transcript, parse, read
from ussd.settings import Settings

HERE = Path(__file__).parent
TRANSCRIPTS = sorted((HERE / "transcripts").glob("*.txt"))
README = (HERE.parent / "README.md").read_text()


async def differences(transcript: Transcript, settings: Settings, redis_url: str) -> str:
    """What is not as it says, for a person to read."""
    async with apart(settings, redis_url) as reach:
        played = await replay(transcript, reach)
    assert played.unreached == 0
    return "\n".join(line for one in played.differences for line in told("transcript", one))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_a_transcript_is_what_happens(path: Path, settings: Settings, redis_url: str) -> None:
    assert await differences(read(path), settings, redis_url) == ""


async def test_the_example_is_one_and_is_what_happens(settings: Settings, redis_url: str) -> None:
    [example] = re.findall(r"```text\n(# .*?)```", README, re.DOTALL)
    assert await differences(parse(example, "README.md"), settings, redis_url) == ""
