"""Without an SMS gateway: messages for the developer's eyes, on the terminal that the program runs in."""

import sys
from typing import TextIO

import structlog

from ussd.sms import Message, SmsFailed

_log = structlog.get_logger(__name__)


class TerminalSender:
    """Shows messages on a terminal; anywhere else, in a file or a pipe, they are not to be read."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """`stream`: the standard output, unless told."""
        self._stream = stream or sys.stdout

    async def send(self, message: Message) -> None:
        """Show it, and log that it was shown. Raises SmsFailed where the terminal does not take it."""
        on_terminal = self._stream.isatty()
        if on_terminal:
            self._show(message)
        _log.info("sms_shown", message=message.name, on_terminal=on_terminal)

    def _show(self, message: Message) -> None:
        try:
            print(f"SMS to {message.to}:\n{message.text}", file=self._stream, flush=True)
        except (OSError, UnicodeError) as fault:
            raise SmsFailed(f"the terminal does not take it: {type(fault).__name__}") from None
