"""What a seed makes of a schedule: who dials what through which gateway, and how badly it goes."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tests.promises.simulation.world import Truth
from ussd.line import Line

KINDS: Mapping[str, str] = {
    "reference": "id",
    "hubtel": "id",
    "wigal": "id",
    "africastalking": "inputs",
    "infobip": "nothing",
    "arkesel": "nothing",
    "truroute": "nothing",
    "trueafrican": "nothing",
    "flares": "nothing",
}
"""Formats, and how their retries are told."""
_ONCE = "trueafrican"
"""Names the line in the first callback alone, so that its session ids must differ between lines."""
_ANYTHING = ("0", "00", "1", "2", "3", "5", "9", "۱", "abc")


@dataclass(frozen=True, slots=True)
class Format:
    """A gateway's wire format, from both sides."""

    name: str
    kind: str
    gateway: Any
    operator: Any
    line: Line


def format_of(name: str) -> Format:
    """A format by its name."""
    gateway = import_module(f"gateways.{name}")
    line = Line(name, gateway.PROFILE)
    return Format(name, KINDS[name], gateway, import_module(f"simulator.operators.{name}"), line)


FORMATS = {name: format_of(name) for name in KINDS}


@dataclass(frozen=True, slots=True)
class Copy:
    """One more delivery of a callback."""

    after: float
    """Seconds since the first."""
    lost: bool = False
    """On its way to us."""


@dataclass(frozen=True, slots=True)
class Call:
    """One session, as its subscriber and its gateway go about it."""

    format: Format
    msisdn: str
    session: str
    dialled: str
    typed: Sequence[str]
    begins: float
    think: Sequence[float]
    """Before each answer."""
    copies: Sequence[Sequence[Copy]]
    """Of each callback, the dial's first."""
    waits: bool
    """For the screen, before the next answer is typed; a gateway that mixes up its callbacks does not."""
    hangs_up: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule."""

    seed: int
    truths: Mapping[str, Truth]
    calls: Sequence[Call]
    processes: int
    dials: int
    """That a line may make in a minute: as many as it makes, where each retry of one can be told."""
    kills: Sequence[float] = ()
    """When a process is killed, and at once replaced."""
    cuts: Sequence[float] = ()
    """When Redis loses its power."""
    weather: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)


def plan_of(seed: int) -> Plan:
    """What a seed means."""
    chance = random.Random(seed)
    formats = _drawn_formats(chance)
    truths = [_truth(chance, number) for number in range(chance.randint(1, 3))]
    calls = [call for truth in truths for call in _calls(chance, truth, formats)]
    last = max(call.begins for call in calls) + 20
    bad = chance.random()
    return Plan(
        seed,
        {truth.msisdn: truth for truth in truths},
        calls,
        processes=chance.choice((1, 2, 2)),
        dials=3 if {form.kind for form in formats} == {"id"} else 10,
        kills=sorted(chance.uniform(0, last) for _ in range(chance.choice((0, 0, 1, 2)))),
        cuts=[chance.uniform(0, last)] if chance.random() < 0.1 else [],
        weather={"late": 0.1, "away": 0.05, "lost": 0.05} if bad < 0.3 else {"late": 0.05} if bad < 0.5 else {},
        outside={"slow": 0.15, "failing": 0.1, "hanging": 0.05} if chance.random() < 0.4 else {},
    )


def _drawn_formats(chance: random.Random) -> Sequence[Format]:
    kinds = [chance.choices(("id", "inputs", "nothing"), (5, 3, 3))[0] for _ in range(2)]
    names = [chance.choice([name for name, kind in KINDS.items() if kind == wanted]) for wanted in kinds]
    return [FORMATS[name] for name in dict.fromkeys(names)]


def _truth(chance: random.Random, number: int) -> Truth:
    return Truth(
        msisdn=f"98912000000{number}",
        national_code=national_code(chance, number),
        entitled=chance.random() < 0.5,
        covered=chance.random() < 0.5,
        centre=chance.random() < 0.3,
        owner=chance.random() < 0.5,
        credit_code=f"{4000_0000_0000_0000 + number}",
        one_time_code=f"{70_000 + number}",
    )


def national_code(chance: random.Random, number: int) -> str:
    """One whose check digit is right, and which no other line of the schedule asks about."""
    nine = f"00{chance.randrange(10**5):05}{number + 1:02}"
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(nine)) % 11
    return nine + str(rest if rest < 2 else 11 - rest)


def _calls(chance: random.Random, truth: Truth, formats: Sequence[Format]) -> Sequence[Call]:
    """The calls of one line: one after another, or on two gateways at once."""
    begins, calls = chance.random() * 2, []
    for number in range(chance.choice((1, 1, 2, 2, 3))):
        form = chance.choice(formats)
        shared = form.name != _ONCE and chance.random() < 0.5
        taken = any(call.format is form and call.session == "s" for call in calls)
        session = "s" if shared and not taken else f"s-{truth.msisdn[-1]}-{number}"
        calls.append(_call(chance, truth, form, session, begins))
        begins += chance.choice((0.0, 0.5, 8.0, 60.0))
    return calls


def _call(chance: random.Random, truth: Truth, form: Format, session: str, begins: float) -> Call:
    dialled, typed = _script(chance, truth)
    waits = chance.random() < 0.75
    pauses = (0.2, 1.0, 4.0, 4.0, 20.0) if waits else (0.0, 0.01, 0.5)
    think = [190.0 if chance.random() < 0.02 else chance.choice(pauses) * chance.random() for _ in typed]
    copies = [_copies(chance, waits=waits) for _ in range(len(typed) + 1)]
    return Call(form, truth.msisdn, session, dialled, typed, begins, think, copies, waits, chance.random() < 0.2)


def _copies(chance: random.Random, *, waits: bool) -> Sequence[Copy]:
    """One to five deliveries: at once, a second later, long after the end; delayed and lost ones where it is bad."""
    first = Copy(0.0 if waits else chance.random() * chance.choice((0.0, 0.02, 2.0)), lost=chance.random() < 0.03)
    again = [
        Copy(chance.choice((0.0, 0.005, 0.05, 1.0, 1.0, 5.0, 40.0, 500.0)) * (0.5 + chance.random() / 2))
        for _ in range(chance.choice((0, 0, 1, 1, 2, 4)))
    ]
    return [first, *again]


def _script(chance: random.Random, truth: Truth) -> tuple[str, Sequence[str]]:
    """What is dialled and typed."""
    code, wrong = truth.national_code, truth.national_code[:-1] + str((int(truth.national_code[-1]) + 1) % 10)
    ways: Sequence[tuple[str, Sequence[str]]] = (
        ("*4*1420#", ("1", "2", code)),
        ("*4*1420#", ("1", "2", code)),
        ("*4*1420#", ("1", "2", wrong, code)),
        ("*4*1420#", ("1", "1", "2", code)),
        ("*4*1420#", ("2", "1", "2", code)),
        ("*4*1420#", ("5", "4", "1", "2", code)),
        ("*4*1420#", [chance.choice(_ANYTHING) for _ in range(5)]),
        ("*4*1420*1#", ("2", code)),
        (f"*4*1420*1*2*{code}#", ()),
        ("*1666#", ("1", code)),
        (f"*1666*1*{code}#", ()),
        ("*1666#", ("2", "00000105")),
        ("*4*1420*99#", ()),
        ("*4*40#", ()),
    )
    return chance.choice(ways)
