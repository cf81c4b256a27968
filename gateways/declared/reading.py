"""Callbacks of a declared gateway: what each of its fields means."""

from collections.abc import Callable
from functools import partial

from gateways.declared.source import source
from ussd.callback import Callback, Phase, WireRequest, msisdn
from ussd.core.dial import MAX_DIALLED, extend, whole
from ussd.fields import Fields
from ussd.settings.declared import DeclaredGiven
from ussd.settings.declared.request import (
    AbortGiven,
    At,
    ByEmpty,
    ByFlag,
    ByPresence,
    BySession,
    ByValue,
    FieldsGiven,
    MaybeAt,
    Phases,
)

Read = Callable[[Fields], str]
PhaseOf = Callable[[Fields], Phase | None]
"""None where a callback does not say it rightly, which the fields then know."""

MAX_SESSION, MAX_REQUEST, MAX_INPUT, MAX_REPEATED, MAX_TELLING = 128, 128, 4096, 1024, 64
"""Characters."""


def decoder(given: DeclaredGiven) -> Callable[[WireRequest], Callback]:
    """What reads one callback, or raises CallbackError."""
    fields_of, over, read = source(given), _over(given), _read(given)

    def decode(wire: WireRequest) -> Callback:
        fields = fields_of(wire)
        callback = over(fields) or read(fields)
        fields.check()
        return callback

    return decode


def _read(given: DeclaredGiven) -> Callable[[Fields], Callback]:
    """What reads a callback that may begin a session or go on with it."""
    at = given.fields
    session, line, request = _text(at.session, MAX_SESSION, 1), _line(at.msisdn), _maybe(at.request, MAX_REQUEST, 1)
    typed, repeats = _maybe(at.input, MAX_INPUT), _repeats(given)
    dialled, phase_of = _dialled(at, given.phase, given.accumulates), _phase(given.phase, typed)
    either = given.accumulates or isinstance(given.phase, BySession)
    dials = (Phase.BEGIN, Phase.CONTINUE) if either else (Phase.BEGIN,)
    types = (Phase.BEGIN, Phase.CONTINUE) if given.accumulates else (Phase.CONTINUE,)

    def read(fields: Fields) -> Callback:
        phase = phase_of(fields)
        return Callback(
            session=session(fields),
            msisdn=line(fields) if phase is Phase.BEGIN or not given.line_once else "",
            phase=phase or Phase.ABORT,
            dialled=dialled(fields) if phase in dials else "",
            typed=typed(fields) if phase in types else "",
            accumulated=given.accumulates and phase in types,
            request=request(fields),
            line_once=given.line_once and phase is Phase.BEGIN,
            echo={name: one(fields) for name, one in repeats.items()},
        )

    return read


def _over(given: DeclaredGiven) -> Callable[[Fields], Callback | None]:
    """What reads a callback of the form that only aborts have; None where it is another."""
    abort = given.abort
    if abort is None:
        return lambda fields: None
    session = _text(abort.session or given.fields.session, MAX_SESSION, 1)
    named = abort.msisdn or (None if given.line_once else given.fields.msisdn)
    line: Read = _line(named) if named else lambda fields: ""
    repeats = _repeats(given, optional=True)

    def over(fields: Fields) -> Callback | None:
        if abort.has not in fields or (abort.lacks and abort.lacks in fields):
            return None
        _demand(fields, abort)
        echo = {name: one(fields) for name, one in repeats.items()}
        return Callback(session(fields), line(fields), Phase.ABORT, echo=echo)

    return over


def _demand(fields: Fields, abort: AbortGiven) -> None:
    if abort.values:
        fields.choice(abort.has, abort.values)
    else:
        fields.text(abort.has, MAX_TELLING)
    for name in abort.needs:
        fields.text(name, MAX_TELLING)


def _phase(phases: Phases, typed: Read) -> PhaseOf:
    match phases:
        case ByValue():
            return _by_value(phases)
        case ByFlag(field=name, begin=begin):
            return lambda fields: Phase.BEGIN if fields.flag(name) is begin else Phase.CONTINUE
        case ByEmpty():
            return lambda fields: Phase.CONTINUE if typed(fields) else Phase.BEGIN
        case ByPresence(field=name):
            return lambda fields: Phase.BEGIN if name in fields else Phase.CONTINUE
        case BySession():
            return lambda fields: Phase.CONTINUE


def _by_value(told: ByValue) -> PhaseOf:
    meanings = ((told.begin, Phase.BEGIN), (told.goes_on, Phase.CONTINUE), (told.abort, Phase.ABORT))
    phases = {told.folded(value): phase for values, phase in meanings for value in values}
    if told.capitals == "any":
        return lambda fields: phases.get(fields.word(told.field, phases))
    if not told.number:
        return lambda fields: phases.get(fields.choice(told.field, phases))

    def of_number(fields: Fields) -> Phase | None:
        value = fields.integer(told.field)
        if value and value not in phases:
            fields.refuse(told.field, f"one of {', '.join(phases)}")
        return phases.get(value)

    return of_number


def _dialled(at: FieldsGiven, phases: Phases, accumulates: bool) -> Read:
    """The whole dial string, from wherever it is."""
    if isinstance(phases, BySession) and not accumulates:
        # What is typed comes where the dial string came, and is none.
        typed = _maybe(at.input, MAX_INPUT)
        return lambda fields: whole(typed(fields))
    if at.dialled:
        text = _text(at.dialled, MAX_DIALLED, 1)
        return lambda fields: whole(text(fields))
    code, behind = _maybe(at.service_code, MAX_DIALLED, 1), _maybe(at.behind, MAX_DIALLED)
    return lambda fields: extend(whole(code(fields)), behind(fields).strip().strip("*#"))


def _repeats(given: DeclaredGiven, **otherwise: bool) -> dict[str, Read]:
    places = {name: place.model_copy(update=otherwise) for name, place in given.reply.repeats.items()}
    return {name: _maybe(place, MAX_REPEATED, 1) for name, place in places.items()}


def _line(at: At) -> Read:
    if not at.number:
        return lambda fields: fields.msisdn(at.at)

    def of_number(fields: Fields) -> str:
        digits = fields.integer(at.at)
        return msisdn(digits) or (digits and fields.refuse(at.at, "not an MSISDN with country code"))

    return of_number


def _text(at: At, most: int, least: int = 0) -> Read:
    most = min(most, at.most or most)
    if at.number:
        return lambda fields: fields.integer(at.at)
    return partial(Fields.text, name=at.at, most=most, least=least)


def _maybe(at: At | None, most: int, least: int = 0) -> Read:
    """A field that the format may not have at all, or that a request may leave out: then it is empty."""
    if at is None:
        return lambda fields: ""
    optional = isinstance(at, MaybeAt) and at.optional
    read = _text(at, most, 0 if optional else least)
    return (lambda fields: read(fields) if at.at in fields else "") if optional else read
