"""Messages by an SMS gateway that speaks our neutral contract over HTTP.

POST {url}/messages  {"id", "to", "text"}  ->  any 2xx, once the gateway is answerable for the message

The same `id` is the same message: a gateway that has it already answers 2xx and does not send it again.
"""

from aiohttp import ClientError, ClientSession, ClientTimeout

from ussd.remote import authorization, place
from ussd.sms import Message, SmsFailed

SECONDS = 10.0
"""What the gateway has for its answer: less than the lease of a message (`ussd/ledger/outbox.py`)."""
_WHOSE = "the SMS gateway"


class HttpSender:
    """One SMS gateway."""

    def __init__(self, session: ClientSession, url: str, token: str | None = None, *, seconds: float = SECONDS) -> None:
        """The session stays its owner's. ValueError for a URL that is not of http(s), or a token that is none."""
        self._session, self._url = session, place(url, "messages", _WHOSE)
        self._headers = authorization(token, _WHOSE)
        self._timeout = ClientTimeout(total=seconds)

    async def send(self, message: Message) -> None:
        """Hand it over, once. Raises SmsFailed."""
        try:
            async with self._session.post(
                self._url,
                json={"id": message.name, "to": message.to, "text": message.text},
                headers=self._headers,
                timeout=self._timeout,
                allow_redirects=False,
            ) as reply:
                status = reply.status
        except (ClientError, TimeoutError, OSError) as fault:
            raise SmsFailed(f"the gateway does not answer: {type(fault).__name__}") from None
        if not 200 <= status < 300:
            raise SmsFailed(f"the gateway answers with HTTP {status}")
