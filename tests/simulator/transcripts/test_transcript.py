"""The format of transcripts: read, written, and every fault at its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.transcripts.steps import UNWRITTEN, Dial, Note, Screen, Setting, Step, Trouble, Typed, Wait
from simulator.transcripts.transcript import TranscriptError, parse, read, updated, write

DIALOGUE = """\
# How it goes.
@line 989120001666
@gateway africastalking
*4*1420#
  Main
  1-One

  2-Two
> 1
@wait 1.5s
@twice
> ۲
  *4*1420#
    and two spaces
=
"""


def faults(text: str) -> list[str]:
    with pytest.raises(TranscriptError) as error:
        parse(text, "some.txt")
    return [f"{fault.line}: {fault.message}" for fault in error.value.faults]


def fault(text: str) -> str:
    [one] = faults(text)
    return one


def test_a_transcript_is_read_as_it_is_written() -> None:
    transcript = parse(DIALOGUE.replace("> 1\n@wait 1.5s\n", "@lose\n> 1\n@wait 1.5s\n"), "some.txt")
    assert transcript.steps == (
        Note("# How it goes."),
        Setting("line", "989120001666"),
        Setting("gateway", "africastalking"),
        Dial("*4*1420#"),
        Screen("Main\n1-One\n\n2-Two"),
        Trouble("lose"),
        Typed("1"),
        Wait(1.5),
        Trouble("twice"),
        Typed("۲"),
        Screen("*4*1420#\n  and two spaces", ends=True),
    )
    assert transcript.lines == (1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14)


def test_what_is_read_is_written_as_it_was() -> None:
    text = DIALOGUE.replace("> 1\n", "@lose\n> 1\n")
    assert write(parse(text, "some.txt").steps) == text


_lines = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n\r{}"), max_size=20)
_texts = st.lists(_lines, min_size=1, max_size=5).map("\n".join).filter(lambda text: _is_screen(text))
_screens = st.builds(Screen, _texts, st.booleans()) | st.just(Screen("کد: {tracking_code:1} {digits}"))
_callbacks = st.builds(Dial, st.just("*1#")) | st.builds(Typed, _lines.filter(lambda text: text == text.strip("\r")))


def _is_screen(text: str) -> bool:
    lines = text.split("\n")
    return bool(lines[0].strip(" ") and lines[-1].strip(" ")) and all(line.strip(" ") or not line for line in lines)


@given(st.lists(st.tuples(_callbacks, _screens)), st.sampled_from(["drop", "hang-up"]))
def test_whatever_is_written_is_read_again(said: list[tuple[Dial | Typed, Screen]], ending: str) -> None:
    steps: list[Step] = []
    for callback, screen in said:
        calls = any(not isinstance(step, Note) for step in steps) and not _is_over(steps)
        if isinstance(callback, Dial) and calls:
            steps.append(Trouble(ending))  # type: ignore[arg-type]
        elif isinstance(callback, Typed) and not calls:
            steps += [Dial("*1#"), Screen("Main")]
        steps += [callback, screen]
    assert parse(write(steps), "some.txt").steps == (tuple(steps) or (Note(),))


def _is_over(steps: list[Step]) -> bool:
    return isinstance(steps[-1], Screen) and steps[-1].ends


def test_line_ends_of_windows_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + DIALOGUE.replace("> 1\n", "@lose\n> 1\n").replace("\n", "\r\n")
    (tmp_path / "some.txt").write_bytes(text.encode())
    assert read(tmp_path / "some.txt").steps[4] == Screen("Main\n1-One\n\n2-Two")


def test_an_answer_may_be_nothing_at_all() -> None:
    text = "*1#\n  Main\n>\n  Main\n> \n  Main\n"
    assert parse(text, "some.txt").steps[2:5:2] == (Typed(""), Typed(""))


def test_a_screen_that_is_to_be_written_may_be_the_last_one() -> None:
    steps = parse("*1#\n  ?\n*1#\n  ?\n> 1\n  ?\n", "some.txt").steps
    assert [step for step in steps if isinstance(step, Screen)] == [UNWRITTEN] * 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what?\n", "1: not a line of a transcript: a screen's begins with two spaces"),
        (" Main\n", "1: not a line of a transcript"),
        ("\tMain\n", "1: not a line of a transcript"),
        (">1\n", "1: not a line of a transcript"),
        ("*1# 2\n", "1: not a line of a transcript"),
        ("*1#\n  Main\n\n=\n", "4: `=` stands right below"),
        ("@\n", "1: no such directive (there are @line, @gateway, @wait, @drop"),
        ("@lines 1\n", "1: no such directive"),
        ("@drop it\n", "1: no such directive"),
        ("@line 0912\n", "1: @line needs a number with its country code"),
        ("@line\n", "1: @line needs"),
        ("@gateway ../x\n", "1: @gateway needs a name"),
        ("@wait 3\n", "1: @wait needs seconds"),
        ("@wait 601s\n", "1: @wait needs seconds, 600 at most"),
        ("*1#\n  {tracking}\n=\n", "2: no such placeholder: {tracking} (there are {tracking_code}, {credit_code}"),
        ("> 1\n  Main\n", "1: no call is under way: dial first"),
        ("  Main\n", "1: nothing is shown here"),
        ("*1#\n  Main\n=\n> 1\n  Main\n", "4: no call is under way"),
        ("*1#\n  Main\n*1#\n  Main\n", "3: a call is under way: it ends with `=`, @drop or @hang-up"),
        ("*1#\n  Main\n@line 989120000002\n", "3: a call is under way"),
        ("*1#\n> 1\n  Main\n", "1: no screen follows, and neither @lose"),
        ("*1#\n  Main\n# and\n> 1\n", "4: no screen follows"),
        ("@lose\n*1#\n  Main\n", "3: nothing is shown here"),
        ("@late\n*1#\n  Main\n", "3: nothing is shown here"),
        ("@drop\n", "1: no call is under way"),
        ("@again\n", "1: nothing was sent that could come again"),
        ("@arrives\n", "1: nothing is late"),
        ("*1#\n  Main\n@late\n> 1\n@late\n> 2\n  Two\n", "5: one callback is late already"),
        ("*1#\n  Main\n@twice\n", "3: no callback follows @twice"),
        ("*1#\n  Main\n> {tracking_code:1}\n  Main\n", "3: no screen has shown {tracking_code:1} by then"),
        ("*1#\n  Main\n> {digits}\n  Main\n", "3: what is typed or dialled may have a placeholder with a number"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(text: str, said: str) -> None:
    assert fault(text).startswith(said)


def test_all_faults_are_said_at_once() -> None:
    assert [one.partition(":")[0] for one in faults("what?\n@drop it\n*1#\n  {no}\n")] == ["1", "2", "4"]


def test_a_file_that_is_none_is_a_fault_of_it(tmp_path: Path) -> None:
    (tmp_path / "some.txt").write_bytes(b"# one\n> " + b"\xff\n")
    with pytest.raises(TranscriptError, match=r"some\.txt:2:1: not UTF-8"):
        read(tmp_path / "some.txt")
    with pytest.raises(TranscriptError, match="cannot be read"):
        read(tmp_path / "other.txt")


def test_an_update_writes_some_screens_and_leaves_all_else() -> None:
    old, new = Screen("One\nTwo", ends=True), Screen("Three")
    text = "# first\n*1#\n  One\n  Two\n=\n\n# last\n*1#\n  Four\n"
    assert updated(text, {3: (old, new), 9: (Screen("Four"), Screen("Five\n\nSix"))}) == (
        "# first\n*1#\n  Three\n\n# last\n*1#\n  Five\n\n  Six\n"
    )
