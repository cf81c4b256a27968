"""What comes of all the turns of one of them: a code that two dialogues got is found, also in two turns."""

from collections import Counter

from simulator.bench.client import Found
from simulator.bench.contenders import Contender
from simulator.bench.flow import Flow
from simulator.bench.processes import Server
from simulator.bench.rounds import Result

NOON = 1_790_000_000.0
DAY = 86_400.0


def turn(*codes: str, at: float = NOON) -> Found:
    return Found(
        seconds=1.0,
        answered=4,
        p50=1.0,
        p99=2.0,
        dialogues=len(codes),
        wrong={"another text: no": 1},
        failed={"hung up": 2},
        too_long=3,
        cpu=[None],
        codes=[(code, at) for code in codes],
    )


def counted(*turns: Found) -> Result:
    result = Result(Contender("engine", "engine", Flow(()), Server(1, 2)))
    for found in turns:
        result.count(found)
    return result


def anothers(*turns: Found) -> int:
    return counted(*turns).wrong["another dialogue's code"]


def test_what_came_of_turns_is_added_up() -> None:
    result = counted(turn("n000001"), turn("n000002"))
    assert (result.answered, result.too_long, result.sound) == (8, 6, False)
    assert (result.wrong, result.failed) == (Counter({"another text: no": 2}), Counter({"hung up": 4}))


def test_a_code_that_two_dialogues_get_is_wrong() -> None:
    assert anothers(turn("n000001", "n000002", "n000001", "n000001")) == 2


def test_a_code_that_two_turns_get_is_wrong_but_for_another_day() -> None:
    assert anothers(turn("n000001"), turn("n000002", "n000001")) == 1
    assert anothers(turn("n000001"), turn("n000002", "n000001", at=NOON + DAY)) == 0
