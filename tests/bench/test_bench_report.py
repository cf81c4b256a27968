"""What is said of a run: figures within a round are compared, and what is not all right is called so."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from simulator.bench.contenders import Absent, Contender, Field, Kind
from simulator.bench.figures import figures, ratios
from simulator.bench.flow import Flow
from simulator.bench.processes import Cores, Server
from simulator.bench.report import as_markdown, as_text
from simulator.bench.rounds import Compared, Result, Terms, Turn
from simulator.bench.steps import Steps

TURN = Turn(
    rate=100.0, p50=2.0, p99=4.0, per_cpu_second=200.0, redis_per_cpu_second=None, server_busy=0.5, load_busy=0.2
)
STEPS = {"*4*1420#": Steps(timed=10, median=12.34, slowest=56.78)}


def result(name: str, kind: Kind, *rates: float) -> Result:
    turns = [replace(TURN, rate=rate, p99=400 / rate, per_cpu_second=2 * rate) for rate in rates]
    return Result(Contender(name, kind, Flow(()), Server(1, 2)), turns, answered=sum(map(int, rates)))


ENGINE, FLOOR = result("engine", "engine", 300.0, 100.0, 400.0), result("floor", "floor", 100.0, 100.0, 100.0)
MENUS = result("menus alone", "menus", 500.0, 500.0, 500.0)


def compared(*others: Result) -> Compared:
    results = [ENGINE, MENUS, FLOOR, *others]
    field = Field([one.contender for one in results], [Absent("gone 1.0", "npm is not installed here")])
    return Compared(Terms(rounds=3), Cores(2, 0, 1), field, results, "valkey 9.1.2", 0.25)


def test_rounds_are_compared_with_their_own() -> None:
    found = ratios(ENGINE, result("floor", "floor", 100.0, 200.0, 100.0))
    assert found["rate"].all == [3.0, 0.5, 4.0]
    assert found["rate"].median == 3.0
    assert found["per_cpu_second"].median == 3.0
    assert found["p99"].median == pytest.approx(1 / 3)


def test_what_is_not_known_is_left_out() -> None:
    still = Result(FLOOR.contender, [replace(TURN, per_cpu_second=None, rate=0.0)])
    found = ratios(Result(ENGINE.contender, [TURN]), still)
    assert (found["per_cpu_second"].all, found["per_cpu_second"].median) == ([None], None)
    assert found["rate"].all == [None]
    assert "-" in as_text(
        replace(compared(), results=[*[Result(one.contender, [TURN]) for one in (ENGINE, MENUS)], still]), STEPS
    )


def test_the_object_can_be_written_and_has_the_best_and_the_medians() -> None:
    said = json.loads(json.dumps(figures(compared(), STEPS)))
    assert said["contenders"]["engine"]["rate"] == {"best": 400.0, "all": [300.0, 100.0, 400.0]}
    assert said["contenders"]["engine"]["p99"] == pytest.approx(4 / 3)
    assert said["contenders"]["engine"]["redis_per_cpu_second"] is None
    assert said["ratios"] == {
        "floor": {
            "rate": {"median": 3.0, "all": [3.0, 1.0, 4.0]},
            "p99": {"median": pytest.approx(1 / 3), "all": [pytest.approx(1 / 3), 1.0, 0.25]},
            "per_cpu_second": {"median": 3.0, "all": [3.0, 1.0, 4.0]},
        }
    }
    assert said["ratios_of_menus_alone"]["floor"]["rate"] == {"median": 5.0, "all": [5.0, 5.0, 5.0]}
    assert said["step_microseconds"] == {"*4*1420#": {"timed": 10, "median": 12.34, "slowest": 56.78}}
    assert said["absent"] == {"gone 1.0": "npm is not installed here"}
    assert said["cores"] == {"count": 2, "server": 0, "load": 1}


def test_a_person_reads_tables() -> None:
    lines = [" ".join(line.split()) for line in as_text(compared(), STEPS).splitlines()]
    assert lines[0] == "load rounds: 3, of 4 s each; 64 connections, a closed loop"
    assert "2; the server on core 0, Redis and the load on core 1" in lines[1]
    assert "gone 1.0 not compared: npm is not installed here" in lines
    assert "engine 400 50% 2.0 1.3 600 - 0 0 0" in lines
    assert "engine over floor 3.00 3.00, 1.00, 4.00 3.00 0.33" in lines
    assert "menus alone over floor 5.00 5.00, 5.00, 5.00 5.00 0.20" in lines
    assert "*4*1420# 10 12.3 57" in lines


def test_whoever_answers_wrongly_is_called_so() -> None:
    assert compared().right
    liar = replace(result("liar", "peer", 1.0, 1.0, 1.0), wrong=Counter({"another text: no": 3}))
    mute = replace(result("mute", "peer", 1.0, 1.0, 1.0), failed=Counter({"HTTP 500": 2}))
    assert not compared(liar).right
    assert compared(mute).right
    text = as_text(compared(liar, mute), STEPS)
    for said in ("liar (not all right)", "mute (not all right)", "another text: no: 3", "HTTP 500: 2"):
        assert said in text


def test_a_report_says_when_how_and_how_far_to_trust_it() -> None:
    text = as_markdown(compared(), STEPS, [], "2026-01-02", "ussd bench")
    assert "2026-01-02 (UTC), by `ussd bench`, which writes this file." in text
    assert "How far to trust it" in text
    assert "| engine over floor | 3.00 | 3.00, 1.00, 4.00 | 3.00 | 0.33 |" in text
    assert "| \\*4\\*1420# | 10 | 12.3 | 57 |" in text


def test_a_machine_of_one_core_says_that_nothing_is_pinned() -> None:
    assert str(Cores(1)) == "1; nothing is pinned"
