"""Messages by SMS: who sends them, and how."""

from typing import Protocol

from ussd.ledger.outbox import Message

__all__ = ["Message", "Sender", "SmsFailed"]


class SmsFailed(Exception):
    """A message was not sent, as far as we know. The text says why, and holds neither number nor text of it."""


class Sender(Protocol):
    """A way for a message to reach its line."""

    async def send(self, message: Message) -> None:
        """Return once somebody else is answerable for the message, within 20 s; it may come again by the same name.

        Raises SmsFailed.
        """
