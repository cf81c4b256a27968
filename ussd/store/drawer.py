"""Where one session is kept in Redis: the names of its keys, and the seal of its values.

All keys of a subscriber share a hash tag, so that a cluster has them on one node; each has a time to live, always:

    ussd:{subscriber}:s:<session>    hash: v, its version; b, its sealed body, or e, that it ended; a, when, in ms;
                                     l, the last request's name
    ussd:{subscriber}:r:<session>    hash: a request's name -> fingerprint of what it asked, 8 octets, + sealed reply
    ussd:{subscriber}:d:<shortcode>  the name of the session that this line left open there
    ussd:{subscriber}:a              the language that this line has chosen
    ussd:{subscriber}:l:<shortcode>  an answer that came too late, sealed, until this line reads it

and beside these, of nobody's line: `ussd:n:<nonce>`, a signed request that was answered, and `ussd:w:<session>`, whose
session it is where a gateway says so once.

Names and fingerprints are keyed hashes and values are sealed: the server's memory and files tell of nobody.
"""

import json

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.keys import Keys, Unsealable
from ussd.sessions import Late, Request, SessionKey
from ussd.store import letters

_FINGERPRINT = 8
"""Octets, as step.lua cuts them."""
_ENDS, _GOES_ON = b"e", b"g"


class Drawer:
    """Where one session is kept: the names of its keys, and the seal of its values."""

    def __init__(self, keys: Keys, key: SessionKey, session: str = "") -> None:
        """Take the session of `key`, or the one that the store itself calls `session`."""
        self._keys = keys
        self._key = key
        self._prefix = f"ussd:{{{keys.short('subscriber', key.gateway, key.msisdn, octets=12)}}}"
        self._seal = keys.seal("subscriber", key.gateway, key.msisdn)
        self.session = session or self._name("session", key.session)
        self.body = f"{self._prefix}:s:{self.session}"
        self.replies = f"{self._prefix}:r:{self.session}"
        self.language = f"{self._prefix}:a"
        self._codes: dict[str, str] = {}
        self._asked: tuple[Request, str, bytes] | None = None

    def dropped(self, code: str) -> str:
        """The key of the session that was left open at a shortcode."""
        return f"{self._prefix}:d:{self._code(code)}"

    def late(self, code: str) -> str:
        """The key of the late answer of a shortcode."""
        return f"{self._prefix}:l:{self._code(code)}"

    def request(self, request: Request) -> tuple[str, bytes]:
        """The name of a request, empty where it has no id; and what was asked, to be compared and not read."""
        if self._asked is None or self._asked[0] is not request:
            name = request.id and self._name("request", self._key.session, request.id)
            whose = (self._key.gateway, self._key.msisdn, self._key.session)
            self._asked = request, name, self._keys.digest("content", *whose, request.content)[:_FINGERPRINT]
        return self._asked[1:]

    def close_session(self, session: Session) -> bytes:
        """Seal a session."""
        return self._seal.close(session.dumps(), self._place("session"))

    def close_reply(self, reply: Reply) -> bytes:
        """Seal a reply; step.lua puts the fingerprint before it."""
        clear = (_ENDS if reply.ends else _GOES_ON) + letters.written(reply.text)
        return self._seal.close(clear, self._place("reply"))

    def open_session(self, sealed: bytes | None) -> Session | None:
        """The session; None where there is none, or where the secret or the stored form has changed since."""
        try:
            return Session.loads(self._seal.open(sealed, self._place("session"))) if sealed else None
        except (Unsealable, ValueError, TypeError):
            return None

    def open_reply(self, stored: bytes | None) -> Reply | None:
        """The reply; None where there is none or it cannot be read."""
        if not stored:
            return None
        try:
            clear = self._seal.open(stored[_FINGERPRINT:], self._place("reply"))
            return Reply(letters.read(clear[1:]), ends=clear[:1] == _ENDS)
        except (Unsealable, ValueError):
            return None

    def close_late(self, late: Late) -> bytes:
        """Seal a late answer. It is the line's, whichever session asked."""
        clear = json.dumps([late.session.dumps().decode("utf-8", "surrogatepass"), late.outcome, dict(late.facts)])
        return self._seal.close(clear.encode(), b"late")

    def open_late(self, sealed: bytes | None) -> Late | None:
        """The late answer; None where there is none or it cannot be read."""
        try:
            session, outcome, facts = json.loads(self._seal.open(sealed, b"late")) if sealed else (None, "", {})
            return Late(Session.loads(session.encode("utf-8", "surrogatepass")), outcome, facts) if session else None
        except (Unsealable, ValueError, TypeError):
            return None

    def _code(self, code: str) -> str:
        if (name := self._codes.get(code)) is None:
            name = self._codes[code] = self._name("shortcode", code)
        return name

    def _name(self, purpose: str, *parts: str) -> str:
        return self._keys.short(purpose, self._key.gateway, self._key.msisdn, *parts)

    def _place(self, kind: str) -> bytes:
        return f"{kind} {self.session}".encode()
