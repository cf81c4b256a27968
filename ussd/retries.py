"""How a gateway's request is told from its retry, and a question from the same asked again."""

from ussd.callback import Callback
from ussd.core.engine import Fetch
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import Late, Request, SessionKey

RETRY = 3
"""Seconds within which a dial that says nothing of itself is taken for the retry of one like it."""


def request_of(callback: Callback) -> Request:
    """A gateway that accumulates its inputs tells its requests apart by them: each is longer than the one before."""
    content = f"{callback.phase.value} {callback.dialled} {callback.typed}"
    accumulated = f"so far {callback.typed}" if callback.accumulated else ""
    return Request(callback.request or accumulated, content)


def dial_name(key: SessionKey, request: Request, now: float) -> str:
    """What a dial and its retry have in common; where nothing else tells a retry, that it comes at once."""
    moment = "" if request.id else str(int(now // RETRY))
    return "\0".join((key.gateway, key.session, request.id, request.content, moment))


def step_name(key: SessionKey, session: Session, version: int) -> str:
    """What all requests have in common that would take the same step of a session, of which one does."""
    return "\0".join((key.gateway, key.session, str(session.born), str(version)))


def operation_id(keys: Keys, key: SessionKey, session: Session, fetch: Fetch, version: int, asked: int) -> str:
    """The id of a lookup, which neither a retry nor a restart changes.

    When the session began and what is asked are part of it, since gateways use their session ids again.
    """
    step = (str(session.born), str(version), str(asked), session.code, fetch.backend)
    given = (part for name in sorted(fetch.given) for part in (name, fetch.given[name]))
    return keys.name("operation", key.gateway, key.msisdn, key.session, *step, *given)


def is_asked_again(late: Late, session: Session, fetch: Fetch) -> bool:
    """Whether what is to be asked is what came too late the last time."""
    known = {**late.session.answers, **late.session.facts}
    same = (late.session.code, late.session.screen) == (session.code, session.screen)
    return same and fetch.given.items() <= known.items()
