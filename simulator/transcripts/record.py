"""Recording a transcript: the handset says what happens, and the file is there at any time, as far as it went.

A recording has what was typed and whose line it was, unless it is masked (simulator/transcripts/masking.py). Codes
that vary become placeholders, so that it passes as a test at once.
"""

import errno
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast, get_args

from simulator.call import Dialogue
from simulator.transcripts import masking, placeholders
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
from simulator.transcripts.transcript import LONGEST_WAIT, write
from ussd.callback import Reply

CLEAR = "# Recorded. It has the numbers of the lines and all that was typed, as they are."
MASKED = "# Recorded. The lines, and the numbers that were typed, are others, unless they are samples."
_NOTHING = (b"", *(f"{head}\n".encode() for head in (CLEAR, MASKED)))
"""What a file has in which nothing was recorded."""


class Recorder:
    """One file. Each method is called as the thing happens."""

    def __init__(self, path: Path, *, mask: bool = False) -> None:
        """Begin a file. Raises OSError where it cannot be written, or has something in it."""
        self._path, self._mask = path, mask
        self._steps: list[Step] = [Note(MASKED if mask else CLEAR)]
        self._now: dict[SettingName, str] = {}
        self._coming: list[TroubleName] = []
        """What is to befall the next callback."""
        self._open = self._answered = self._lost = False
        self._late = self._overtaken = self._may_repeat = False
        if path.exists() and path.read_bytes() not in _NOTHING:
            raise FileExistsError(errno.EEXIST, "there is something in it already", str(path))
        self._write()

    def dialled(self, line: str, gateway: str, code: str) -> None:
        """A line dials through a gateway. A call of before that has not ended is one that was dropped."""
        if self._open:
            self._end("drop")
        self._steps += [Note(), *self._settings(line, gateway)]
        self._send(Dial(_one_line(code)))

    def typed(self, text: str) -> None:
        """The subscriber answers the screen."""
        if not self._open and self._steps[-1] == Trouble("hang-up"):  # which was said of this answer, before it
            self._steps.pop()
            self._coming.append("hang-up")
        self._send(Typed(_one_line(text)))

    def shown(self, reply: Reply) -> None:
        """A screen is read; one that nobody waits for is not kept. Where a reply was lost, it is the retry's."""
        if self._lost:
            self._steps.append(Trouble("again"))
        elif self._answered and not self._may_repeat:
            return
        self._steps.append(Screen(reply.text, reply.ends))
        self._open = self._open and not reply.ends
        self._answered, self._lost, self._may_repeat = True, False, False
        self._arrive()
        self._write()

    def trouble(self, name: str) -> None:
        """The network or the subscriber misbehaves; what befalls one callback is said before it. Raises ValueError."""
        match name:
            case "drop" if self._open:
                self._end("drop")
            case "hang-up" if self._open:
                self._end("hang-up")
            case "again":
                self._explain()
                self._steps.append(Trouble("again"))
                self._may_repeat, self._lost = True, False
            case "twice" | "late" | "lose" | "hang-up":
                self._coming.append(cast(TroubleName, name))
            case _ if name not in get_args(TroubleName):
                raise ValueError(f"no such trouble: {name}")
        self._write()

    def waited(self, seconds: float) -> None:
        """Time passed that matters; what a person takes to read does not."""
        self._steps.append(Wait(min(round(seconds, 1), LONGEST_WAIT)))
        self._write()

    def _send(self, step: Dial | Typed) -> None:
        self._explain()
        coming, self._coming = self._coming, []
        self._steps += [*(Trouble(name) for name in coming if name != "hang-up"), step]
        self._overtaken = self._late
        self._open, self._may_repeat, self._lost = True, False, "lose" in coming
        self._late = self._late or "late" in coming
        self._answered = self._lost or "late" in coming
        if "hang-up" in coming:
            self._end("hang-up")
        self._write()

    def _end(self, name: TroubleName) -> None:
        self._steps.append(Trouble(name))
        self._open, self._answered, self._lost, self._may_repeat = False, True, False, False
        self._arrive()

    def _arrive(self) -> None:
        """What was late comes once another callback has overtaken it."""
        if self._late and self._overtaken:
            self._steps.append(Trouble("arrives"))
            self._late = False

    def _explain(self) -> None:
        """What was sent and never answered: its reply was lost."""
        if self._open and not self._answered:
            sent = max(place for place, step in enumerate(self._steps) if isinstance(step, Dial | Typed))
            self._steps.insert(sent, Trouble("lose"))
            self._answered = True

    def _settings(self, line: str, gateway: str) -> Iterator[Setting]:
        told: dict[SettingName, str] = {"line": line, "gateway": gateway}
        yield from (Setting(name, value) for name, value in told.items() if self._now.get(name) != value)
        self._now = told

    def _write(self) -> None:
        steps = masking.masked(self._steps) if self._mask else self._steps
        self._path.write_text(write(_placed(steps)), encoding="utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call that is recorded."""

    call: Dialogue
    recorder: Recorder
    line: str
    gateway: str
    code: str

    async def dial(self) -> Reply:
        """Dial, and read the first screen. Raises CallFailed."""
        self.recorder.dialled(self.line, self.gateway, self.code)
        return self._shown(await self.call.dial())

    async def type(self, text: str) -> Reply:
        """Answer the screen that is shown. Raises CallFailed."""
        self.recorder.typed(text)
        return self._shown(await self.call.type(text))

    async def hang_up(self) -> None:
        """Tell the engine that the line is gone, where the operator would. Raises CallFailed."""
        self.recorder.trouble("hang-up")
        await self.call.hang_up()

    def _shown(self, reply: Reply) -> Reply:
        self.recorder.shown(reply)
        return reply


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _placed(steps: Sequence[Step]) -> list[Step]:
    """The steps with placeholders for codes: with a number for what is there more than once."""
    found = [code for step in steps if isinstance(step, Screen) for code in placeholders.codes(step.text)]
    times = Counter(code for _, code in found) + Counter(step.text for step in steps if isinstance(step, Typed))
    known: dict[str, str] = {}
    for kind, code in dict.fromkeys(found):
        if times[code] > 1:
            number = 1 + sum(name.startswith(f"{{{kind}:") for name in known)
            known[f"{{{kind}:{number}}}"] = code
    return [_with_placeholders(step, known) for step in steps]


def _with_placeholders(step: Step, known: placeholders.Known) -> Step:
    match step:
        case Screen(text):
            return replace(step, text=placeholders.placed(text, known))
        case Typed(text):
            return Typed({code: name for name, code in known.items()}.get(text, text))
    return step
