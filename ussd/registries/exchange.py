"""One question and one answer over HTTP. Whatever is not plainly an answer is refused, unread where that can be."""

from collections.abc import Mapping

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from ussd.backends import RegistryFault
from ussd.registries.guard import Limits
from ussd.remote import authorization, place

MAX_BODY = 64 * 1024
KEEPALIVE_SECONDS = 4.0
"""Shorter than common servers keep an idle connection: a question is not asked again where one turns out to be gone."""

_WHOSE = "a registry"


def new_session() -> ClientSession:
    """A session for all registries, to be closed by its owner.

    It has no limit of connections, which would be one that registries share; it keeps no cookies and heeds no proxy.
    """
    connector = TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_SECONDS)
    return ClientSession(connector=connector, cookie_jar=DummyCookieJar(), trust_env=False)


class Exchange:
    """One thing that one registry can be asked."""

    def __init__(self, session: ClientSession, url: str, path: str, token: str | None, limits: Limits) -> None:
        """`path` follows the registry's `url`. ValueError for a URL that is not of http(s), or a token that is none."""
        self._session, self._url = session, place(url, path, _WHOSE)
        # Compressed bodies would be another way to send more than MAX_BODY.
        plain = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._headers = plain | authorization(token, _WHOSE)
        self._timeout = ClientTimeout(total=limits.total, connect=limits.connect)

    async def ask(self, fields: Mapping[str, str]) -> bytes:
        """Send the fields as JSON, once; the body of a 200 that is JSON by its type. Raises RegistryFault."""
        try:
            async with self._session.post(
                self._url,
                json=dict(fields),
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
                auto_decompress=False,
            ) as reply:
                return await _body(reply)
        except (ClientError, TimeoutError, OSError) as fault:
            raise RegistryFault(f"it does not answer: {type(fault).__name__}") from None


async def _body(reply: ClientResponse) -> bytes:
    if reply.status != 200:
        raise RegistryFault(f"it answers with HTTP {reply.status}")
    if reply.content_type != "application/json":
        raise RegistryFault("its answer is not application/json")
    octets = bytearray()
    while chunk := await reply.content.read(MAX_BODY + 1 - len(octets)):
        octets += chunk
        if len(octets) > MAX_BODY:
            raise RegistryFault(f"its answer is over {MAX_BODY} octets")
    return bytes(octets)
