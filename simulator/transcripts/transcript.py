"""Transcripts: what was dialled, typed and shown, in plain text that a person can read and write.

    # A comment, anywhere but within a screen.
    @line 989120000001
    *4*1420*1*2#
      کد ملی خود را وارد نمایید:
    > 0007569602
      از حمایت درمانی برخوردار میباشید.
      کد پیگیری: {tracking_code}
    =

What is dialled stands alone; what is typed, behind `> `. Each line of a screen begins with two spaces, and `=` below it
says that it ended the dialogue; where a screen is a `?`, `ussd test --update` writes it. What varies is a placeholder
(placeholders.py). `@gateway NAME` says through which format the calls come, `@wait 3s` lets time pass.
Trouble is told too (simulator/transcripts/sequence.py: where it may stand):

    @drop       the network loses the session, and nobody is told
    @hang-up    the subscriber hangs up; behind an answer that has no screen, before it is answered
    @again      the last callback comes once more
    @lose       the screen that answers the next callback is lost on its way
    @twice      the next callback comes twice at once
    @late       the next callback comes late: where `@arrives` stands
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, cast, get_args

from simulator.transcripts import placeholders, sequence
from simulator.transcripts.steps import (
    Dial,
    Note,
    Screen,
    Setting,
    SettingName,
    Step,
    Trouble,
    TroubleName,
    Typed,
    Wait,
)
from ussd.callback import msisdn
from ussd.core.strict_yaml import Fault, FileError

INDENT = "  "
END = "="
LONGEST_WAIT = 600.0
"""Seconds: whatever the engine keeps for a line is gone by then, but for what a test should not wait for."""

_SECONDS = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)s")
_DIALLED = re.compile(r"\*\S*")
_GATEWAY = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class TranscriptError(FileError):
    """Every fault of a transcript."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript, and where in its file each step begins."""

    steps: tuple[Step, ...]
    lines: tuple[int, ...] = field(default=(), compare=False)
    """Counted from 1; empty for one that was never read from a file."""


class _Read(NamedTuple):
    """A step that was read, or what is wrong with it."""

    line: int
    step: Step | str


def read(path: Path) -> Transcript:
    """Read one file. Raises TranscriptError with all that is wrong with it."""
    try:
        octets = path.read_bytes()
    except OSError as fault:
        raise TranscriptError([Fault(str(path), 1, 1, f"cannot be read: {fault.strerror}")]) from None
    try:
        return parse(octets.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError as fault:
        raise TranscriptError([Fault(str(path), octets.count(b"\n", 0, fault.start) + 1, 1, "not UTF-8")]) from None


def parse(text: str, file: str) -> Transcript:
    """Read the text of a file. Raises TranscriptError."""
    found = list(_steps([line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]))
    faults = [(line, step) for line, step in found if isinstance(step, str)]
    steps = [(line, step) for line, step in found if not isinstance(step, str)]
    faults += [(line, fault) for line, step in steps for fault in _of_placeholders(step)]
    if not faults:
        faults = list(sequence.faults(steps))
    if faults:
        raise TranscriptError(Fault(file, line, 1, message) for line, message in faults)
    return Transcript(tuple(step for _, step in steps), tuple(line for line, _ in steps))


def write(steps: Iterable[Step]) -> str:
    """The text of a file."""
    return "".join(f"{line}\n" for step in steps for line in written(step))


def updated(text: str, screens: Mapping[int, tuple[Screen, Screen]]) -> str:
    """The text of a file with other screens in the places of some, by the lines that these begin in; all else stays."""
    lines = text.split("\n")
    for line, (old, new) in sorted(screens.items(), reverse=True):
        lines[line - 1 : line - 1 + len(written(old))] = written(new)
    return "\n".join(lines)


def written(step: Step) -> list[str]:
    """The lines of one step."""
    match step:
        case Note(text):
            return [text]
        case Setting(name, value):
            return [f"@{name} {value}"]
        case Dial(code):
            return [code]
        case Typed(text):
            return [f"> {text}" if text else ">"]
        case Trouble(name):
            return [f"@{name}"]
        case Wait(seconds):
            return [f"@wait {seconds:g}s"]
        case Screen(text, ends):
            return [*(f"{INDENT}{line}" if line else "" for line in text.split("\n")), *([END] if ends else [])]


def _steps(lines: Sequence[str]) -> Iterator[_Read]:
    at = 0
    while at < len(lines):
        size = _screen_size(lines, at)
        if size:
            ends = lines[at + size : at + size + 1] == [END]
            text = "\n".join(line[len(INDENT) :] for line in lines[at : at + size])
            yield _Read(at + 1, Screen(text, ends))
            at += size + ends
        else:
            yield _Read(at + 1, _step(lines[at]))
            at += 1


def _screen_size(lines: Sequence[str], start: int) -> int:
    """How many lines a screen has that begins here; 0 where none does. Empty lines within it are its own."""
    size = 0
    for count, line in enumerate(lines[start:], 1):
        if _is_shown(line):
            size = count
        elif line.strip(" ") or not size:
            break
    return size


def _is_shown(line: str) -> bool:
    return line.startswith(INDENT) and bool(line.strip(" "))


def _step(line: str) -> Step | str:
    """What a line says that is no part of a screen, or what is wrong with it."""
    match line[:1]:
        case "" | "#":
            return Note(line)
        case ">" if line[1:2] in ("", " "):
            return Typed(line[2:])
        case "@":
            return _directive(*line[1:].split())
        case "*" if _DIALLED.fullmatch(line):
            return Dial(line)
        case "=":
            return "`=` stands right below the last line of a screen"
        case " " if not line.strip(" "):
            return Note()
    return "not a line of a transcript: a screen's begins with two spaces, an answer with `> `, a dial string with `*`"


def _directive(name: str = "", *values: str) -> Step | str:
    match name, values:
        case "line", [value] if msisdn(value) == value:
            return Setting("line", value)
        case "line", _:
            return "@line needs a number with its country code: @line 989120000001"
        case "gateway", [value] if _GATEWAY.fullmatch(value):
            return Setting("gateway", value)
        case "gateway", _:
            return "@gateway needs a name: @gateway reference"
        case "wait", [value] if (match := _SECONDS.fullmatch(value)) and float(match[1]) <= LONGEST_WAIT:
            return Wait(float(match[1]))
        case "wait", _:
            return f"@wait needs seconds, {LONGEST_WAIT:g} at most: @wait 3s"
        case _, [] if name in get_args(TroubleName):
            return Trouble(cast(TroubleName, name))
    known = ", ".join(f"@{one}" for one in (*get_args(SettingName), "wait", *get_args(TroubleName)))
    return f"no such directive (there are {known})"


def _of_placeholders(step: Step) -> Iterator[str]:
    match step:
        case Screen(text) | Typed(text) | Dial(text):
            yield from placeholders.faults(text)
