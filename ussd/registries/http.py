"""Registries that speak our neutral contract over HTTP: JSON in bodies, nothing personal in a URL, no question twice.

POST {url}/inquiries  {"operation_id", "national_code" | "insurance_number", "service", "asked_by"}
                   -> {"operation_id", "known", "entitled", "insurer", "as_of", "kind"?, ...}
POST {url}/owners     {"operation_id", "msisdn", "national_code"} -> {"operation_id", "owns"}
"""

from collections.abc import Mapping
from typing import Generic

from aiohttp import ClientSession

from ussd.backends import Asked, Person, RegistryFault
from ussd.registries.answers import KINDS, S, SaidOfLine, SaidOfPerson, read
from ussd.registries.exchange import Exchange
from ussd.registries.guard import Guard, Limits

DEFAULTS = Limits()


class HttpRegistry:
    """One insurer's registry."""

    def __init__(
        self, session: ClientSession, url: str, token: str | None = None, *, name: str, limits: Limits = DEFAULTS
    ) -> None:
        """`name` stands in the logs; the session stays its owner's. ValueError for a URL or a token that is none."""
        exchange = Exchange(session, url, "inquiries", token, limits)
        self._asking = _Asking(exchange, Guard(name, limits), SaidOfPerson)

    async def inquire(self, asked: Asked) -> Person | None:
        """Ask about one person; None where the registry does not know the number. Raises RegistryFault."""
        said = await self._asking.ask(
            {
                "operation_id": asked.operation_id,
                asked.subject.kind: asked.subject.number,
                "service": asked.service,
                "asked_by": asked.asked_by,
            }
        )
        about = {"national_code": said.national_code, "insurance_number": said.insurance_number}
        if about[asked.subject.kind] not in (None, asked.subject.number):
            raise RegistryFault("it answers about another person than the one asked about")
        # A kind that is new to us makes nobody less entitled.
        return Person(said.entitled, said.kind if said.kind in KINDS else "") if said.known else None


class HttpOwners:
    """A registry of lines."""

    def __init__(
        self, session: ClientSession, url: str, token: str | None = None, *, name: str, limits: Limits = DEFAULTS
    ) -> None:
        """As HttpRegistry's."""
        self._asking = _Asking(Exchange(session, url, "owners", token, limits), Guard(name, limits), SaidOfLine)

    async def owns(self, operation_id: str, msisdn: str, national_code: str) -> bool:
        """Whether the person owns the line. Raises RegistryFault."""
        fields = {"operation_id": operation_id, "msisdn": msisdn, "national_code": national_code}
        return (await self._asking.ask(fields)).owns


class _Asking(Generic[S]):
    """A question as it is asked: guarded, exchanged, read, and its answer seen to be its own."""

    def __init__(self, exchange: Exchange, guard: Guard, model: type[S]) -> None:
        self._exchange, self._guard, self._model = exchange, guard, model

    async def ask(self, fields: Mapping[str, str]) -> S:
        async with self._guard.call():
            said = read(await self._exchange.ask(fields), self._model)
            if said.operation_id != fields["operation_id"]:
                raise RegistryFault("it answers another question than the one asked")
            return said
