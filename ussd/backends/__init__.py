"""The questions asked of the outside world, one file each, and what such a file may use.

A backend is a module of this folder, called as its file is; a file whose name starts with `_` is none. What it needs of
the ledger and of a registry is declared here, so that it imports neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Literal, Protocol, cast

from ussd.core.checks import UNAVAILABLE, Contract
from ussd.lookups import Answer, Question


class LedgerAway(Exception):
    """The ledger cannot be read or written now: nothing is known to be stored. The message names no credentials."""


class RegistryFault(Exception):
    """A registry gave no answer, or one that says nothing."""


Service = Literal["outpatient", "inpatient"]
SubjectKind = Literal["national_code", "insurance_number"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about: a person, by one of two numbers. Its `repr` shows no number."""

    kind: SubjectKind
    """An insurance number is the Social Security Organization's own: no other registry knows anyone by it."""
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a registry is asked. Its `repr` shows nobody's numbers."""

    operation_id: str
    """The same question asked again carries the same id, and so does its answer."""
    subject: Subject
    service: Service
    asked_by: str
    """A contracted centre's code, `subscriber`, or the name of a client of the API."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a registry says of somebody it knows."""

    entitled: bool
    kind: str = ""
    """`insured`, `pensioner` or `dependant`, where the registry says it."""


class Registry(Protocol):
    """Who is entitled to treatment, by one insurer."""

    async def inquire(self, asked: Asked) -> Person | None:
        """Ask about one person; None where the registry does not know the number.

        Raises RegistryFault, or LedgerAway where the registry is kept in the ledger.
        """


class Owners(Protocol):
    """Whose line it is."""

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        """Whether the person owns the line. Raises RegistryFault, LedgerAway."""


@dataclass(frozen=True, slots=True)
class Centre:
    """A contracted inpatient centre."""

    code: str
    name: str


class Centres(Protocol):
    """Whose lines may ask for anyone."""

    async def of_line(self, msisdn: str) -> Centre | None:
        """The centre whose line it is today; None where it is nobody's. Raises LedgerAway."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What was asked and answered, before it has a tracking code. Its `repr` shows nobody's numbers."""

    operation_id: str
    """The same inquiry asked again carries the same id."""
    kind: str
    """What was asked: `entitlement`, `inpatient` or `credit`."""
    gateway: str
    shortcode: str
    msisdn: str = field(repr=False)
    subject: Subject
    outcome: str
    centre: str = ""
    """The code of the contracted centre whose line asked; empty for anyone else."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A tracking code whose row is stored, and the outcome stored with it."""

    code: str
    """A letter and six digits: `n570134`."""
    day: str
    """The Jalali day on which the code means this row: `1405-08-30`."""
    outcome: str


class Tracker(Protocol):
    """Who writes down that something was asked, and says under which code."""

    async def issue(self, inquiry: Inquiry) -> Issued:
        """Store an inquiry, and return once it is committed; for an operation stored before, what was stored then.

        Raises LedgerAway.
        """


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A credit code as its line may read it. Its `repr` does not show it."""

    code: str = field(repr=False)
    """16 digits."""
    remaining: int
    """Credits: inquiries that it is still good for."""


class CreditDesk(Protocol):
    """Who issues credit codes to those who dial for one."""

    async def dialled(self, msisdn: str) -> ShownCode:
        """The line's code that has credit left; a new one, stored, where there is none. Raises LedgerAway."""


@dataclass(frozen=True, slots=True)
class PendingCode:
    """A one-time code that waits to be typed in somewhere. Its `repr` does not show it."""

    code: str = field(repr=False)
    """5 digits."""
    client: str
    """The name of the client of the API that asked for it: where it is to be typed in."""
    seconds: int
    """How long it may still be used."""


class OneTimeDesk(Protocol):
    """Who shows a line the code that was sent to it."""

    async def pending(self, msisdn: str) -> PendingCode | None:
        """The line's latest code that may be used now; None where there is none. Raises LedgerAway."""


@dataclass(frozen=True, slots=True)
class World:
    """What backends may use of the outside world."""

    sso: Registry
    """The Social Security Organization."""
    health_insurance: Registry
    """The Health Insurance Organization (بیمه سلامت): `entitled` says that somebody is actively insured there."""
    owners: Owners
    centres: Centres
    tracker: Tracker
    credits: CreditDesk
    one_time: OneTimeDesk
    overlap: Literal["flag", "deny"] = "flag"
    """What becomes of an inpatient whom both insure: served with a word of it, or not served."""


class Lookup(Protocol):
    """A module of this folder."""

    @property
    def OUTCOMES(self) -> Mapping[str, frozenset[str]]:
        """Each outcome, and the names of the facts that come with it."""

    @property
    def FACTS(self) -> Mapping[str, int]:
        """Each fact, and its greatest width in characters."""

    async def look_up(self, question: Question, world: World) -> Answer:
        """Ask; safe to ask twice by `question.operation_id`."""


def backends() -> dict[str, Lookup]:
    """Find every backend by name. TypeError for a module that is not one."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py"))
    return {name: checked(name, import_module(f"{__name__}.{name}")) for name in names}


def checked(name: str, candidate: object) -> Lookup:
    """The candidate itself, where it keeps the contract; else TypeError."""
    missing = [part for part in ("OUTCOMES", "FACTS", "look_up") if not hasattr(candidate, part)]
    if missing:
        raise TypeError(f"backend {name} has no {', '.join(missing)}")
    module = cast(Lookup, candidate)
    if not iscoroutinefunction(module.look_up):
        raise TypeError(f"backend {name}: look_up is not an async function")
    if module.OUTCOMES.get(UNAVAILABLE) != frozenset():
        raise TypeError(f"backend {name} needs the outcome {UNAVAILABLE}, without facts")
    if frozenset().union(*module.OUTCOMES.values()) != module.FACTS.keys():
        raise TypeError(f"backend {name}: FACTS and the facts of its OUTCOMES are not the same")
    return module


def sets_the_pace(backend: Lookup) -> str:
    """Which registry of the World can be asked too much by a backend, so that dials are let in as it can carry them.

    Its module says so by SETS_THE_PACE; empty where none does. Where several registries are asked at once it would be
    the slowest that closes the door to the answers of the others.
    """
    return str(getattr(backend, "SETS_THE_PACE", ""))


def contracts_of(found: Mapping[str, Lookup]) -> dict[str, Contract]:
    """What each backend may answer, for the checks of menus and of answers."""
    return {name: Contract(backend.OUTCOMES, backend.FACTS) for name, backend in found.items()}
