"""The handset in line mode: a screen at a time, as text for a person or as JSON for a program."""

import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TextIO

from simulator.call import Dialogue
from ussd.callback import Reply
from ussd.core.text import measure

Wait = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs what waits to its end: the handset itself blocks on its keypad, and nothing else goes on meanwhile."""
Show = Callable[[Reply], None]


def converse(call: Dialogue, typed: Iterator[str], show: Show, wait: Wait) -> None:
    """Dial and answer until the call ends, or until nothing more is typed: then it hangs up. Raises CallFailed."""
    reply: Reply = wait(call.dial())
    show(reply)
    while not reply.ends:
        text = next(typed, None)
        if text is None:
            wait(call.hang_up())
            return
        reply = wait(call.type(text))
        show(reply)


def show_json(reply: Reply) -> None:
    """One object a screen, on one line."""
    alphabet, _, octets = measure(reply.text)
    screen = {"text": reply.text, "ends": reply.ends, "alphabet": alphabet, "octets": octets}
    print(json.dumps(screen, ensure_ascii=False), flush=True)


def show_plain(reply: Reply) -> None:
    """The screen as it is, and a blank line."""
    print(reply.text, end="\n\n", flush=True)


def show_terminal(reply: Reply) -> None:
    """The screen between rules, with what it costs on the air."""
    alphabet, _, octets = measure(reply.text)
    print(f"{'─' * 32}\n{reply.text}\n{'─' * 32}")
    print(f"{octets}/160 octets, {alphabet}{'; the call has ended' if reply.ends else ''}", flush=True)


def keypad(prompt: str) -> Iterator[str]:
    """What a person types on a terminal; Ctrl-D or Ctrl-C hangs up."""
    while True:
        try:
            yield input(prompt)
        except (EOFError, KeyboardInterrupt):
            print()
            return


def lines(stream: TextIO = sys.stdin) -> Iterator[str]:
    """What a program writes, a line an answer."""
    return (line.rstrip("\n") for line in stream)
