"""What they read who are turned away."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from time import perf_counter

import pytest
from structlog.testing import capture_logs

from ussd.admission import Farewell, Kind
from ussd.admission.farewell import WAITS
from ussd.core.loader import COMMON, load_words
from ussd.core.profile import Profile
from ussd.counting import UNCOUNTED
from ussd.line import Line
from ussd.metrics import Metrics
from ussd.settings import Settings

LINE = Line("irancell", Profile())
WORDS = load_words(Settings().menus / COMMON)
WAIT = WORDS.model_copy(update={"busy": "Dial again in {minutes} min."})


def test_everybody_reads_another_time_to_wait_from_5_to_15_minutes() -> None:
    farewell = Farewell(lambda: WAIT, UNCOUNTED, UNCOUNTED)
    read = Counter(farewell.reply(LINE, Kind.DIAL, 0.0) for _ in range(1_100))
    assert {reply.text for reply in read} == {f"Dial again in {minutes} min." for minutes in range(5, 16)}
    assert set(read.values()) == {100}
    assert all(reply.ends for reply in read)
    assert all(abs(one - other) > 1 for one, other in pairwise(WAITS))


def test_it_is_laid_out_for_each_line_and_anew_when_the_words_change() -> None:
    words = WORDS
    farewell = Farewell(lambda: words, UNCOUNTED, UNCOUNTED)
    arabic = Line("mci", replace(LINE.profile, letters="arabic"))
    assert farewell.reply(LINE, Kind.DIAL, 0.0) == LINE.last(WORDS.busy)
    assert farewell.reply(arabic, Kind.DIAL, 0.0) == arabic.last(WORDS.busy)
    words = WORDS.model_copy(update={"busy": "Later."})
    assert farewell.reply(LINE, Kind.DIAL, 0.0).text == "Later."


def test_each_is_counted_and_a_second_has_one_line_in_the_log() -> None:
    metrics = Metrics()
    farewell = Farewell(lambda: WORDS, metrics, metrics)
    with capture_logs() as logs:
        for number in range(3_000):
            farewell.reply(LINE, Kind.DIAL, 100 + number / 1_000)
    assert [line["event"] for line in logs] == ["callbacks_shed"] * 3
    written = metrics.written().decode()
    assert 'ussd_shed_total{kind="dial"} 3000.0' in written
    assert 'ussd_callbacks_total{gateway="irancell",menu="",outcome="shed"} 3000.0' in written


@pytest.mark.alone
def test_it_costs_next_to_nothing() -> None:
    metrics = Metrics()
    farewell = Farewell(lambda: WORDS, metrics, metrics)
    best = min(_seconds_for_a_thousand(farewell) for _ in range(20))
    assert best < 1_000 * 50e-6


def _seconds_for_a_thousand(farewell: Farewell) -> float:
    began = perf_counter()
    for _ in range(1_000):
        farewell.reply(LINE, Kind.DIAL, 0.0)
    return perf_counter() - began
