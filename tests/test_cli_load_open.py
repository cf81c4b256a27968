"""`ussd load --rate`, and what it writes, as its users and their scripts rely on it."""

import asyncio
import json
import re
from pathlib import Path

from aiohttp import web

from tests.server import USSD, environment
from tests.simulator.loaded import WORDS, Answer, ending, right, served

FIELDS = {
    *("dialogues", "begun", "finished", "dropped", "shed", "failed", "wrong"),
    *("callbacks", "goodput", "ms", "kinds", "lag_ms"),
}
"""Of a whole load, and of each step of its rate."""


async def loaded_by_process(answer: Answer, home: Path, *options: str) -> tuple[int | None, str]:
    """How a load of a server that answers so ends, and what it prints."""
    async with served(answer) as server:
        command = (*USSD, "load", "--url", server.url, *options)
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment(home))
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, said.decode()


async def well(number: int, place: int) -> web.Response:
    return right(number, place)


STEPS = ("--rate", "20:500ms,60:0.5s,20:0.5", "--evenly", "--inputs", "1 2")


async def test_an_open_loop_tells_each_step_of_its_rate(tmp_path: Path) -> None:
    code, printed = await loaded_by_process(well, tmp_path, *STEPS, "--connections", "16", "--json")
    said = json.loads(printed)
    assert (code, said["dialogues"], said["callbacks"]) == (0, 50, 150)
    assert [(one["rate"], one["seconds"], one["dialogues"], one["finished"]) for one in said["steps"]] == [
        (20, 0.5, 10, 10),
        (60, 0.5, 30, 30),
        (20, 0.5, 10, 10),
    ]
    assert all(one.keys() == FIELDS | {"rate", "seconds"} for one in said["steps"])
    assert sum(one["callbacks"] for one in said["steps"]) == 150


async def test_a_person_reads_a_row_for_each_step(tmp_path: Path) -> None:
    code, printed = await loaded_by_process(well, tmp_path, *STEPS)
    *_, blank, head, first, second, third = printed.splitlines()
    assert (code, blank) == (0, "")
    assert head.split()[:7] == ["step", "dialogues", "finished", "shed", "failed", "wrong", "goodput"]
    assert [row.split()[:6] for row in (first, second, third)] == [
        ["20:0.5s", "10", "10", "0", "0", "0"],
        ["60:0.5s", "30", "30", "0", "0", "0"],
        ["20:0.5s", "10", "10", "0", "0", "0"],
    ]
    assert len(head) == len(first) == len(second) == len(third)


async def test_who_is_turned_away_with_the_words_of_the_menus_is_shed_and_that_is_exit_1_in_a_closed_loop(
    tmp_path: Path,
) -> None:
    async def answer(number: int, place: int) -> web.Response:
        return ending(WORDS.busy) if number in (3, 4) and place == 0 else right(number, place)

    code, printed = await loaded_by_process(answer, tmp_path, "--inputs", "1 2", "--rate", "40:250ms", "--evenly")
    assert (code, "\nshed       2; busy: 2\n" in printed, "\nwrong      0\n" in printed) == (0, True, True)
    code, printed = await loaded_by_process(answer, tmp_path, "--inputs", "1 2", "--dialogues", "10")
    assert (code, "\nshed       2; busy: 2\n" in printed, "\nwrong      0\n" in printed) == (1, True, True)


async def test_the_times_are_written_for_hdrhistograms_plotters_by_kind(tmp_path: Path) -> None:
    options = ("--inputs", "1 2", "--dialogues", "5", "--histogram", str(tmp_path / "load.hgrm"))
    code, _ = await loaded_by_process(well, tmp_path, *options)
    assert code == 0
    written = {one.name: one.read_text() for one in tmp_path.iterdir()}
    assert written.keys() == {"load-dial.hgrm", "load-going-on.hgrm", "load-shed.hgrm"}
    counts = {name: re.findall("Total count    = +([0-9]+)]", text) for name, text in written.items()}
    assert counts == {"load-dial.hgrm": ["5"], "load-going-on.hgrm": ["10"], "load-shed.hgrm": ["0"]}
