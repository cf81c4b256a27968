"""`ussd dial`: the handset."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click

from simulator import handset
from simulator.call import Call, CallFailed, Dialogue
from simulator.phone.network import SESSION_SECONDS, operator_of
from simulator.transcripts.record import Recorded, Recorder
from ussd.cli.calling import HEADERS, LISTEN, Address, aside
from ussd.cli.network import Networked, own_engine, server
from ussd.cli.running import told
from ussd.cli.smsc import DIALECT, bound
from ussd.core.inputs import mobile
from ussd.core.text import fold_in
from ussd.doors import SMPP, AppError, formats
from ussd.log import configure

_DRAWING = ("textual", "bidi", "arabic_reshaper")


@click.command()
@click.argument("code")
@click.option("--msisdn", default="989120000001", show_default=True, help="The line that dials, with country code.")
@click.option(
    "--gateway", default="reference", show_default=True, type=click.Choice([*formats(), SMPP]), help="The wire format."
)
@click.option("--url", help="A running server, in place of the engine in this process.")
@HEADERS
@LISTEN
@DIALECT
@click.option("--inputs", help="What is typed, divided by spaces; then the handset hangs up.")
@click.option("--plain", "form", flag_value="plain", help="Screens as they are.")
@click.option("--json", "form", flag_value="json", help="One JSON object a screen: text, ends, alphabet, octets.")
@click.option(
    "--rtl",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "logical", "visual"]),
    help="Who puts right-to-left text in order on the drawn handset: the terminal, or we.",
)
@click.option("--show-wire", is_flag=True, help="Numbers unmasked in the drawn handset's log of the wire.")
@click.option(
    "--session", default=SESSION_SECONDS, show_default=True, help="Seconds that the operator lets a session last."
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a transcript, for `ussd test`. The engine is then one in which nothing has happened yet.",
)
@click.option("--mask", is_flag=True, help="Lines and numbers that are typed are others in the transcript.")
def dial(
    code: str,
    msisdn: str,
    gateway: str,
    url: str | None,
    headers: tuple[str, ...],
    listen: Address | None,
    dialect: str,
    inputs: str | None,
    form: str | None,
    rtl: str,
    show_wire: bool,
    session: float,
    record: Path | None,
    mask: bool,
) -> None:
    """Dial CODE, a shortcode with or without answers behind it: '*4*1420#'.

    On a terminal a phone is drawn, with CODE on its dial pad, where the extra `sim` is installed. Elsewhere, and with
    --inputs, --plain, --json or an SMPP gateway, it is a screen at a time.
    """
    line = mobile(fold_in(msisdn)) or fold_in(msisdn).removeprefix("+")
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty() and form is None
    networked = partial(_networked, url, headers, listen, session, anew=record is not None)
    with told(AppError, CallFailed):
        recorder = _recorder(record, gateway, mask=mask)
        # Textual draws on stderr.
        if on_terminal and sys.stderr.isatty() and inputs is None and gateway != SMPP and _can_draw():
            drawn = import_module("ussd.cli.phone").drawn
            drawn(networked, line, gateway, code, rtl=rtl, show_wire=show_wire, recorder=recorder)
            return
        shows = {"json": handset.show_json, "plain": handset.show_plain, None: handset.show_plain}
        show = handset.show_terminal if on_terminal else shows[form]
        over = (
            _over_smpp(line, code, listen, dialect) if gateway == SMPP else _over_http(line, code, gateway, networked())
        )
        with over as (wait, dialogue):
            call = Recorded(dialogue, recorder, line, gateway, code) if recorder else dialogue
            handset.converse(call, _typed(inputs), show, wait)


def _recorder(path: Path | None, gateway: str, *, mask: bool) -> Recorder | None:
    """Who writes the transcript. Raises UsageError where none can be, and OSError."""
    if path is None:
        if mask:
            raise click.UsageError("--mask says how to --record")
        return None
    if gateway == SMPP:
        raise click.UsageError("--record: an SMPP dialogue is not replayed")
    try:
        return Recorder(path, mask=mask)
    except FileExistsError as fault:
        raise click.UsageError(f"--record: {path}: {fault.strerror}") from None


def _can_draw() -> bool:
    """Whether the extra is installed; where it is not, say how to get it."""
    if all(find_spec(name) for name in _DRAWING):
        return True
    click.echo("a phone is drawn here after: pip install 'ussd-menu-engine[sim]'; this is line mode", err=True)
    return False


def _typed(inputs: str | None) -> Iterator[str]:
    if inputs is not None:
        return iter(inputs.split())
    return handset.keypad("> ") if sys.stdin.isatty() else handset.lines(sys.stdin)


def _networked(
    url: str | None, headers: tuple[str, ...], listen: Address | None, session: float, *, anew: bool
) -> AbstractContextManager[Networked]:
    return server(url, headers, listen, session) if url else own_engine(session, anew=anew)


@contextmanager
def _over_http(
    line: str, code: str, gateway: str, networked: AbstractContextManager[Networked]
) -> Iterator[tuple[handset.Wait, Dialogue]]:
    """A call through a gateway that is called over HTTP, or as if it were."""
    with networked as (runner, network):
        carrier = runner.run(network.open(gateway))
        yield runner.run, Call(operator_of(gateway), carrier, line, code)


@contextmanager
def _over_smpp(line: str, code: str, listen: Address | None, dialect: str) -> Iterator[tuple[handset.Wait, Dialogue]]:
    """A call from an SMSC of ours, which goes on answering the server that is bound to it."""
    configure("readable", "error")
    with aside() as loop:
        stack = AsyncExitStack()
        try:
            smsc = loop.run(stack.enter_async_context(bound(listen, dialect)))
            yield loop.run, smsc.call(line, code)
        finally:
            loop.run(stack.aclose())
