"""Recording: the file is a transcript at any time, and masked it has nobody's numbers."""

from pathlib import Path

import pytest

from simulator.transcripts.record import CLEAR, MASKED, Recorder
from simulator.transcripts.transcript import parse
from ussd.callback import Reply

LINE = "989120000001"
MAIN, PROMPT = Reply("Main\n1-Code", ends=False), Reply("Code:", ends=False)


def answer(code: str) -> Reply:
    return Reply(f"Yes: {code}", ends=True)


class Recording:
    """A recorder, and what it has written."""

    def __init__(self, path: Path, *, mask: bool = False) -> None:
        self.path = path
        self.recorder = Recorder(path, mask=mask)

    def lines(self) -> list[str]:
        """What is recorded behind the head and the settings; it is a transcript."""
        text = self.path.read_text()
        parse(text, "recorded.txt")
        return [line for line in text.splitlines() if not line.startswith(("#", "@line", "@gateway")) and line]

    def begun(self) -> "Recording":
        """One that has dialled."""
        self.recorder.dialled(LINE, "reference", "*1#")
        self.recorder.shown(MAIN)
        return self


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return Recording(tmp_path / "some.txt")


def test_a_dialogue_is_written_as_it_goes(recording: Recording) -> None:
    recorder = recording.begun().recorder
    assert recording.path.read_text() == (f"{CLEAR}\n\n@line {LINE}\n@gateway reference\n*1#\n  Main\n  1-Code\n")
    recorder.typed("1")
    recorder.shown(PROMPT)
    recorder.typed("0007569602")
    recorder.shown(answer("n570134"))
    assert recording.lines()[3:] == ["> 1", "  Code:", "> 0007569602", "  Yes: {tracking_code}", "="]


def test_a_file_with_something_in_it_is_not_written_over(recording: Recording) -> None:
    Recorder(recording.path)
    recording.begun()
    with pytest.raises(FileExistsError):
        Recorder(recording.path)


def test_settings_are_told_where_they_change(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.trouble("drop")
    recorder.dialled(LINE, "nalo", "*1#")
    recorder.shown(MAIN)
    assert recording.path.read_text().split("@drop\n")[1].startswith("\n@gateway nalo\n*1#\n")


def test_a_code_that_is_read_twice_is_the_same_and_another_is_another(recording: Recording) -> None:
    recorder = recording.recorder
    for code in ("n000001", "n000002", "n000001", "n000003"):
        recorder.dialled(LINE, "reference", "*1#")
        recorder.shown(answer(code))
    said = [line for line in recording.lines() if line.startswith("  ")]
    assert said == [f"  Yes: {{tracking_code{number}}}" for number in (":1", "", ":1", "")]


def test_a_code_that_is_typed_is_the_one_that_was_read(recording: Recording) -> None:
    recorder = recording.recorder
    recorder.dialled(LINE, "reference", "*1#")
    recorder.shown(answer("n000001"))
    recorder.dialled(LINE, "reference", "*1#")
    recorder.shown(PROMPT)
    recorder.typed("n000001")
    recorder.shown(MAIN)
    assert recording.lines()[1::3] == ["  Yes: {tracking_code:1}", "  Code:", "  1-Code"]
    assert "> {tracking_code:1}" in recording.lines()


def test_what_befalls_a_callback_stands_before_it(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.trouble("twice")
    recorder.typed("1")
    recorder.shown(PROMPT)
    recorder.shown(PROMPT)
    recorder.waited(1.26)
    recorder.trouble("again")
    recorder.shown(PROMPT)
    assert recording.lines()[3:] == ["@twice", "> 1", "  Code:", "@wait 1.3s", "@again", "  Code:"]


def test_a_reply_that_was_lost_comes_with_the_retry(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.trouble("lose")
    recorder.typed("1")
    recorder.shown(PROMPT)
    assert recording.lines()[3:] == ["@lose", "> 1", "@again", "  Code:"]


def test_a_callback_without_an_answer_had_it_lost(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.typed("1")
    recorder.typed("2")
    recorder.shown(PROMPT)
    assert recording.lines()[3:] == ["@lose", "> 1", "> 2", "  Code:"]


def test_a_late_callback_arrives_when_the_next_one_is_answered(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.trouble("late")
    recorder.typed("1")
    recorder.typed("2")
    recorder.shown(PROMPT)
    recorder.typed("3")
    recorder.shown(MAIN)
    assert recording.lines()[3:] == ["@late", "> 1", "> 2", "  Code:", "@arrives", "> 3", "  Main", "  1-Code"]


@pytest.mark.parametrize("before", [True, False])
def test_whoever_hangs_up_in_mid_lookup_reads_nothing(recording: Recording, before: bool) -> None:
    recorder = recording.begun().recorder
    if before:
        recorder.trouble("hang-up")
    recorder.typed("1")
    if not before:
        recorder.trouble("hang-up")
    recorder.dialled(LINE, "reference", "*1#")
    recorder.shown(MAIN)
    assert recording.lines()[3:] == ["> 1", "@hang-up", "*1#", "  Main", "  1-Code"]


def test_whoever_dials_during_a_call_has_lost_it(recording: Recording) -> None:
    recording.begun().begun()
    assert recording.lines()[3:5] == ["@drop", "*1#"]


def test_trouble_that_there_is_not_is_a_fault_of_ours(recording: Recording) -> None:
    with pytest.raises(ValueError, match="no such trouble: rain"):
        recording.recorder.trouble("rain")


def test_an_answer_is_one_line(recording: Recording) -> None:
    recorder = recording.begun().recorder
    recorder.typed("1\n  2\udcff")
    recorder.shown(PROMPT)
    assert "> 1   2?" in recording.lines()


class TestMasked:
    @pytest.fixture
    def recording(self, tmp_path: Path) -> Recording:
        return Recording(tmp_path / "some.txt", mask=True)

    def typed(self, recording: Recording, text: str) -> str:
        recorder = recording.begun().recorder
        recorder.typed(text)
        recorder.shown(Reply(f"You said {text}.", ends=True))
        typed, screen = (line for line in recording.lines() if line.startswith(("> ", "  You said")))
        assert screen == f"  You said {typed[2:]}."
        return typed[2:]

    @pytest.mark.parametrize("sample", ["0007569602", "۰۰۰۷۵۶۹۶۰۲", "00000105", "09120000001", "1", "12345"])
    def test_samples_and_short_numbers_stay(self, recording: Recording, sample: str) -> None:
        assert self.typed(recording, sample) == sample

    @pytest.mark.parametrize(
        ("typed", "masked"),
        [
            ("1234567891", "7705705001"),
            ("1234567890", "1111111111"),
            ("۱۲۳۴۵۶۷۸۹۱", "۷۷۰۵۷۰۵۰۰۱"),
            ("12345678", "00000000"),
            ("123456789", "000000000"),
            ("09359998877", "09120000100"),
            ("+989359998877", "+989120000100"),
        ],
    )
    def test_another_number_of_the_same_kind_stands_for_a_persons(
        self, recording: Recording, typed: str, masked: str
    ) -> None:
        assert self.typed(recording, typed) == masked

    def test_lines_are_others_and_stay_apart(self, recording: Recording) -> None:
        for line in ("989359998877", "989120001666", "989359998878", "989359998877"):
            recording.recorder.dialled(line, "reference", "*1*1234567891#")
            recording.recorder.shown(Reply("Line 09359998877, 1234567891", ends=True))
        text = recording.path.read_text()
        assert text.startswith(MASKED)
        lines = [line for line in text.splitlines() if line.startswith("@line")]
        assert lines == ["@line 989120000100", "@line 989120001666", "@line 989120000101", "@line 989120000100"]
        assert "*1*7705705001#\n  Line 09120000100, 7705705001\n" in text
        assert "1234567891" not in text
