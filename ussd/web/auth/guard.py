"""Who may call a gateway: every proof that its configuration asks for, and each signed request once."""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from ussd.sessions import StoreAway
from ussd.settings.auth import AuthGiven, CertificateGiven, HmacGiven
from ussd.web.auth.proofs import WINDOW, Authorization, Certificate, Networks, Origin, Proof, Signature
from ussd.web.auth.raw import Raw, octets

_KEPT = 3 * WINDOW
"""Seconds for a nonce: a timestamp is good from a window before it to one after; a third for clocks that differ."""


class Nonces(Protocol):
    """Which requests were seen, by any process."""

    async def claim(self, gateway: str, nonce: str, seconds: int) -> bool:
        """Whether this is its first use. Raises StoreAway within a second where nobody can tell."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """All holds."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something does not."""

    missed: tuple[str, ...]
    """For the log alone: a caller is not told."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """All holds, but whether the request is a replay cannot be told now: nothing may come of it."""


Verdict = Admitted | Refused | Unsure


@dataclass(frozen=True, slots=True)
class Once:
    """Lets each nonce of one gateway pass once."""

    gateway: str
    header: str
    nonces: Nonces

    async def verdict(self, raw: Raw) -> Verdict:
        """Only for a request whose signature holds: nobody else's nonce is kept."""
        try:
            first = await self.nonces.claim(self.gateway, raw.one(self.header).decode("ascii"), _KEPT)
        except StoreAway:
            return Unsure()
        return Admitted() if first else Refused(("replay",))


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands before one gateway. Without proofs it lets everybody in."""

    proofs: tuple[Proof, ...] = ()
    once: Once | None = None
    challenge: str = ""
    """The WWW-Authenticate of a refusal; empty where no password or token is asked for."""

    async def verdict(self, raw: Raw) -> Verdict:
        """All proofs are looked at, whichever fail."""
        if missed := self.missed(raw):
            return Refused(missed)
        return await self.once.verdict(raw) if self.once else Admitted()

    def missed(self, raw: Raw) -> tuple[str, ...]:
        """What of the proofs is missing; whether the request comes for the first time is another matter."""
        return tuple(one for one in [proof.missed(raw) for proof in self.proofs] if one)


OPEN = Guard()


def guard_of(
    gateway: str, given: AuthGiven | Literal["none"] | None, nonces: Nonces, clock: Callable[[], float] = time.time
) -> Guard:
    """The guard that a configuration asks for; a clock in seconds since 1970 that callers share."""
    if not isinstance(given, AuthGiven):
        return OPEN
    once = Once(gateway, given.hmac.nonce_header.lower(), nonces) if given.hmac else None
    challenge = 'Basic realm="ussd", charset="UTF-8"' if given.basic else "Bearer" if given.bearer else ""
    return Guard(tuple(_proofs(given, clock)), once, challenge)


def _proofs(given: AuthGiven, clock: Callable[[], float]) -> Iterator[Proof]:
    if given.networks:
        yield Origin(given.networks, given.behind)
    if given.basic:
        pair = f"{given.basic.user}:{given.basic.password.get_secret_value()}"
        yield Authorization("basic", b64encode(pair.encode()))
    if given.bearer:
        yield Authorization("bearer", octets(given.bearer.token.get_secret_value()))
    if given.hmac:
        yield _signature(given.hmac, clock)
    if given.client_certificate:
        yield _certificate(given.client_certificate, given.behind or given.networks)


def _signature(given: HmacGiven, clock: Callable[[], float]) -> Signature:
    names = (given.timestamp_header.lower(), given.nonce_header.lower(), given.signature_header.lower())
    return Signature(octets(given.secret.get_secret_value()), *names, clock)


def _certificate(given: CertificateGiven, proxies: Networks) -> Certificate:
    expected = given.fingerprints or (given.subject or "",)
    return Certificate(given.header.lower(), tuple(map(octets, expected)), given.fingerprints is not None, proxies)
