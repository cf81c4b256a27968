"""What must hold between the parts of a declared format, each fault at its place.

This is looked at where each part is right by itself, and not before.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ussd.settings.declared.reply import WAYS, WrittenGiven
from ussd.settings.declared.request import ByEmpty, ByFlag, ByPresence, BySession, ByValue, Found, Loc
from ussd.settings.declared.template import NUMBER, WORST, fault, template

if TYPE_CHECKING:
    from ussd.settings.declared import DeclaredGiven


def faults(given: "DeclaredGiven") -> Found:
    """Every fault of a declaration, with its place in it."""
    yield from _of_request(given)
    yield from _of_names(given)
    yield from _of_dialling(given)
    yield from _of_phases(given)
    yield from _of_replies(given)


def names(given: "DeclaredGiven") -> Iterator[tuple[Loc, str]]:
    """Every name of a field of the request, and where it is written."""
    yield from ((("fields", key), place.at) for key, place in given.fields if place)
    yield from ((("reply", "repeats", key), place.at) for key, place in given.reply.repeats.items())
    if isinstance(given.phase, ByValue | ByFlag | ByPresence):
        yield ("phase", "field"), given.phase.field
    if over := given.abort:
        yield ("abort", "has"), over.has
        yield from ((("abort", "needs", number), name) for number, name in enumerate(over.needs))
        yield from ((("abort", "lacks"), name) for name in (over.lacks,) if name)
        yield from ((("abort", "session"), place.at) for place in (over.session,) if place)
        yield from ((("abort", "msisdn"), place.at) for place in (over.msisdn,) if place)


def _of_request(given: "DeclaredGiven") -> Found:
    if given.method == "GET" and given.body != "query":
        yield ("method",), "a GET has no body: say `body: query`"
    if given.media_type and given.body == "query":
        yield ("media_type",), "a query has no content type"
    if given.root and given.body != "xml":
        yield ("root",), "only XML has a root"
    if not given.root and given.body == "xml":
        yield (), "missing field: root"


def _of_names(given: "DeclaredGiven") -> Found:
    """A form's names are free; others are of steps, the last of which is no step to another."""
    if given.body not in ("json", "xml"):
        return
    every = list(names(given))
    for loc, name in every:
        *within, last = name.split(".")
        marked = within if given.body == "json" else [*within, last.removeprefix("@")]
        if not (last and all(marked)) or (given.body == "xml" and any("@" in step for step in marked)):
            yield loc, "no name, or names with a dot between each two"
        elif inner := [other for _, other in every if other.startswith(f"{name}.") and not _is_attribute(given, other)]:
            yield loc, f"{name} holds {inner[0]}, so it is no text itself"


def _is_attribute(given: "DeclaredGiven", name: str) -> bool:
    return given.body == "xml" and name.rpartition(".")[2].startswith("@")


def _of_dialling(given: "DeclaredGiven") -> Found:
    if given.fields.behind and given.accumulates:
        yield ("fields", "behind"), "where text accumulates, what is behind the shortcode is in the input already"


def _of_phases(given: "DeclaredGiven") -> Found:
    phase, fields, over = given.phase, given.fields, given.abort
    if isinstance(phase, ByFlag) and given.body != "json":
        yield ("phase", "by"), "only JSON has true and false: say `by: value`"
    if isinstance(phase, BySession) and not given.accumulates and fields.dialled != _as_dialled(given):
        yield ("phase",), "told by the session alone: `dialled` and `input` are then one field, unless text accumulates"
    if given.line_once and (given.accumulates or isinstance(phase, BySession)):
        yield ("line_once",), "needs a first request that is always told from the others"
    if isinstance(phase, ByEmpty) and fields.input.number:
        yield ("fields", "input"), "a number is never empty"
    if over and isinstance(phase, ByValue) and phase.abort:
        yield ("abort",), "an abort is told by a value of `phase` already"
    if over and over.lacks == over.has:
        yield ("abort", "lacks"), "there and not there"


def _as_dialled(given: "DeclaredGiven") -> object:
    """The input as `dialled` would say it."""
    same, typed = given.fields.dialled, given.fields.input
    return same and same.model_copy(update={"at": typed.at, "number": typed.number, "most": typed.most})


def _of_replies(given: "DeclaredGiven") -> Found:
    reply = given.reply
    for loc, one in (((), reply), (("abort",), reply.abort)):
        if one is None:
            continue
        if "request" in template(one.body).names and not given.fields.request:
            yield ("reply", *loc, "body"), "nothing gives {request}"
        if one.body and (wrong := _when_filled(given, one)):
            yield ("reply", *loc, "body"), wrong


def _when_filled(given: "DeclaredGiven", written: WrittenGiven) -> str:
    """What is wrong with a reply in any of the ways in which it is filled: with the worst, and with what is empty."""
    body = template(written.body, written.kind, given.reply.says)
    worst = {name: NUMBER if name in _numbers(given) else f"{name}{WORST}" for name in body.names - {*given.reply.says}}
    least = {name: value for name, value in worst.items() if value == NUMBER and not _may_be_empty(given, name)}
    for ends, alphabet in WAYS:
        says = {name: said.text(ends, alphabet) for name, said in given.reply.says.items()}
        for values in (worst, least):
            if wrong := fault(body.filled({**values, **says}), written.kind, values):
                return wrong
    return ""


def _numbers(given: "DeclaredGiven") -> set[str]:
    fields = given.fields
    own = {name for name, place in (("session", fields.session), ("request", fields.request)) if place and place.number}
    return own | {"msisdn"} | {name for name, place in given.reply.repeats.items() if place.number}


def _may_be_empty(given: "DeclaredGiven", name: str) -> bool:
    match name:
        case "session":
            return False
        case "msisdn":
            return given.line_once
        case "request":
            return given.abort is not None or given.fields.request is None or given.fields.request.optional
        case _:
            return given.abort is not None or given.reply.repeats[name].optional
