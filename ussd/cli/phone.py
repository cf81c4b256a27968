"""The drawn handset, for a terminal with the extra `sim` installed; only what draws it imports this."""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr
from typing import TextIO

from simulator.phone.app import Phone
from simulator.phone.subscriber import Recorder, Subscriber
from simulator.rtl import REORDERING_OFF, REORDERING_ON, Mode, Writing, is_visual
from ussd.cli.network import Networked
from ussd.core.loader import COMMON, load_words
from ussd.settings import Settings, load

LOG = "dial.log"
"""In the home: what would be logged to the terminal on which the phone is drawn."""

_GLANCE = 500
"""Milliseconds in which who watches the terminal notices that the phone was put away."""


def drawn(
    networked: Callable[[], AbstractContextManager[Networked]],
    line: str,
    gateway: str,
    code: str,
    *,
    rtl: Mode,
    show_wire: bool,
    recorder: Recorder | None = None,
) -> None:
    """Draw a phone with that code on its dial pad, until it is put away. Raises AppError."""
    settings, writing = load(), Writing(is_visual(rtl, os.environ))
    with (
        _logged_aside(settings),
        networked() as (runner, network),
        _gone_with(sys.stdin),
        _left_as_it_is(writing, sys.stdout),
    ):
        runner.run(network.open(gateway))  # which says at once what is wrong with it, before anything is drawn
        subscriber = Subscriber(line, network, gateway, recorder=recorder)
        phone = Phone(subscriber, code, writing=writing, next_words=_next_words(settings), show_wire=show_wire)
        runner.run(phone.run_async())


@contextmanager
def _logged_aside(settings: Settings) -> Iterator[None]:
    settings.make_home()
    with (settings.home / LOG).open("a") as log, redirect_stderr(log):
        yield


@contextmanager
def _gone_with(terminal: TextIO) -> Iterator[None]:
    """Die of SIGHUP where the terminal is closed, as Linux has it for whoever runs on one.

    Where it was opened for `make dial` alone, make is told, and waits for us; Textual would go on reading nothing.
    """
    put_away = threading.Event()
    threading.Thread(target=_watch, args=(terminal.fileno(), put_away), daemon=True).start()
    try:
        yield
    finally:
        put_away.set()


def _watch(terminal: int, put_away: threading.Event) -> None:
    poll = select.poll()
    poll.register(terminal, 0)  # that it was closed is told without being asked for
    while not put_away.is_set():
        for _, seen in poll.poll(_GLANCE):
            if seen & select.POLLHUP:
                os.kill(os.getpid(), signal.SIGHUP)
            return


@contextmanager
def _left_as_it_is(writing: Writing, terminal: TextIO) -> Iterator[None]:
    """Keep a terminal that could reorder lines by itself from reordering those that are reordered already."""
    if writing.visual:
        print(REORDERING_OFF, end="", file=terminal, flush=True)
    try:
        yield
    finally:
        if writing.visual:
            print(REORDERING_ON, end="", file=terminal, flush=True)


def _next_words(settings: Settings) -> frozenset[str]:
    words = load_words(settings.menus / COMMON)
    return frozenset(words.spoken(language).next for language in words.languages or ("",))
