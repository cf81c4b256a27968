"""The phone as it is drawn, and what its keys do."""

from collections.abc import Coroutine
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Input, Static

from simulator.call import CallFailed
from simulator.phone.facts import facts
from simulator.phone.keypad import CLEAR, END, SEND, Key, Keypad
from simulator.phone.pages import Pages
from simulator.phone.screen import Display
from simulator.phone.subscriber import Subscriber
from simulator.phone.trouble import Trouble
from simulator.phone.trouble_keys import KEYS, TroubleKeys
from simulator.phone.wire_log import WireLog
from simulator.rtl import Writing
from ussd.callback import Reply
from ussd.core.dial import MAX_DIALLED

WAIT = "در انتظار پاسخ…"
NO_NETWORK = "مشکل در اتصال یا کد MMI نامعتبر."
DROPPED = "ارتباط قطع شد."
TIME_IS_UP = "زمان ارتباط پایان یافت."
"""What the handset itself says; all else on its screen comes from the engine."""

_TICK = 0.25


class Phone(App[None]):
    """A feature phone, with what is known of its call."""

    CSS_PATH = "phone.tcss"
    TITLE = "ussd dial"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, action, words, priority=True) for key, (action, words) in KEYS.items()),
        Binding("escape", "end", "hang up", priority=True),
        Binding("ctrl+c,ctrl+q", "leave", "leave", priority=True),
        Binding("up", "scroll(-1)", "scroll", priority=True),
        Binding("down", "scroll(1)", "scroll", priority=True),
    ]

    def __init__(
        self,
        subscriber: Subscriber,
        code: str,
        *,
        writing: Writing,
        next_words: frozenset[str] = frozenset(),
        show_wire: bool = False,
    ) -> None:
        """`code` stands on the dial pad; by `next_words` a screen is known that has another page."""
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-high"), (46, "-tall")]
        self._subscriber, self._code, self._writing = subscriber, code, writing
        self._pages, self._show_wire, self._status = Pages(next_words), show_wire, ""
        self._screen_text, self._said = "", ("", "")

    def compose(self) -> ComposeResult:
        """The phone, and what is under it, or beside it where there is no room."""
        with Container(id="body"):
            with Vertical(id="phone"):
                yield Display(self._writing)
                yield Input(self._code, id="typed", compact=True, max_length=MAX_DIALLED, select_on_focus=False)
                yield Keypad(self._writing)
            with Vertical(id="under"):
                yield Static(id="facts", markup=False)
                yield TroubleKeys()
                yield WireLog(self._writing, shown=self._show_wire)

    def on_mount(self) -> None:
        """Everything that is told of the wire is logged from now on."""
        self.query_one(WireLog).border_title = "the wire"
        self._subscriber.told = self.query_one(WireLog).add
        self.query_one("#typed", Input).focus()
        self._type(self._code)
        self.set_interval(_TICK, self._tick)
        self._redraw()

    @on(Input.Submitted)
    def action_send(self) -> None:
        """Dial, or answer; while a screen is waited for, nothing can be sent."""
        typed, subscriber = self.query_one("#typed", Input), self._subscriber
        if subscriber.seconds_waited is not None or not typed.value:
            self.bell()
            return
        text, typed.value, self._status = typed.value, "", ""
        if subscriber.call is None:
            self._code = text
            self._run(self._exchange(subscriber.dial(text), text=""))
        else:
            self._run(self._exchange(subscriber.type(text), text=text))

    def action_end(self) -> None:
        """Hang up, also while a screen is waited for; between calls, clear what is typed."""
        if self._subscriber.call is None:
            self._type("")
            return
        self._run(self._hung_up())

    def action_trouble(self, name: str) -> None:
        """Make trouble, now or with the next callback."""
        match Trouble(name), self._subscriber.call:
            case Trouble.DROP, None:
                self._say("no call is open")
            case Trouble.DROP, _:
                self._subscriber.drop()
                self._over(DROPPED, "dropped: nobody was told; dial again")
            case Trouble.AGAIN, _:
                self._run(self._sent_again())
            case Trouble.HANG_UP, call if call and self._subscriber.seconds_waited is not None:
                self.action_end()
            case trouble, _:
                self._arm(trouble)

    def action_next_gateway(self) -> None:
        """Be on another operator's network from the next call on."""
        subscriber = self._subscriber
        if subscriber.call is not None:
            self._say("the gateway is changed between calls")
            return
        subscriber.gateway = subscriber.network.after(subscriber.gateway)
        self._redraw()

    def action_reveal(self) -> None:
        """Show everybody's numbers, or mask them again."""
        self._show_wire = not self._show_wire
        self.query_one(WireLog).reveal(self._show_wire)
        self._redraw()

    def action_scroll(self, lines: int) -> None:
        """Read on where the text is longer than the screen."""
        self.query_one(Display).scroll_relative(y=lines, animate=False)

    async def action_leave(self) -> None:
        """Hang up, and end."""
        if self._subscriber.call is not None:
            await self._hung_up()
        await self._subscriber.close()
        self.exit()

    def on_key_pressed(self, pressed: Key.Pressed) -> None:
        """A key of the phone, by the mouse."""
        typed = self.query_one("#typed", Input)
        match pressed.sign:
            case sign if sign == SEND:
                self.action_send()
            case sign if sign == END:
                self.action_end()
            case sign if sign == CLEAR:
                typed.action_delete_left()
            case sign:
                typed.insert_text_at_cursor(sign)

    def _arm(self, trouble: Trouble) -> None:
        self._subscriber.armed = None if self._subscriber.armed is trouble else trouble
        self.query_one(TroubleKeys).arm(self._subscriber.armed)
        self._redraw()

    def _run(self, waits: Coroutine[Any, Any, None]) -> None:
        """Wait for the network without stopping the phone."""
        self.run_worker(waits)

    async def _exchange(self, coming: "Coroutine[Any, Any, Reply | None]", text: str) -> None:
        self.query_one(Display).show(WAIT)
        self._screen_text, hangs_up = "", self._subscriber.armed is Trouble.HANG_UP
        self.query_one(TroubleKeys).arm(None)
        try:
            reply = await coming
        except (CallFailed, OSError) as fault:
            self._over(NO_NETWORK, str(fault))
            return
        if reply:
            self._show(reply, text)
        elif self._subscriber.is_held:
            self._say("held up: it comes after the next one")
        elif hangs_up:
            self._over("", "hung up while it was on its way")
        await self._subscriber.settle()

    async def _sent_again(self) -> None:
        was_open = self._subscriber.call is not None
        try:
            reply = await self._subscriber.again()
        except (CallFailed, OSError) as fault:
            self._say(str(fault))
            return
        if reply and not was_open:
            self._type("")
        if reply:
            self._show(reply, None)

    async def _hung_up(self) -> None:
        self._over("", "hung up")
        try:
            await self._subscriber.hang_up()
        except (CallFailed, OSError) as fault:
            self._say(str(fault))
        self._redraw()

    async def _expired(self) -> None:
        self._over(TIME_IS_UP, "the operator ended the session: its time is up")
        try:
            await self._subscriber.expire()
        except (CallFailed, OSError) as fault:
            self._say(str(fault))

    def _show(self, reply: Reply, typed: str | None) -> None:
        """A screen; `typed` is what it was for, None where it came again."""
        if typed is not None:
            self._pages.shown(reply.text, typed)
        self._screen_text = reply.text
        self.query_one(Display).show(reply.text)
        self._say("the call has ended" if reply.ends else "")
        if reply.ends:
            self._type(self._code)

    def _type(self, text: str) -> None:
        typed = self.query_one("#typed", Input)
        typed.value, typed.cursor_position = text, len(text)

    def _over(self, text: str, status: str) -> None:
        """The call is over, and the code is on the dial pad again."""
        self._screen_text = ""
        self.query_one(Display).show(text)
        self._type(self._code)
        self._say(status)

    def _say(self, status: str) -> None:
        self._status = status
        self._redraw()

    def _tick(self) -> None:
        if self._subscriber.call is not None and self._subscriber.seconds_left == 0:
            self._run(self._expired())
        self._redraw()

    def _redraw(self) -> None:
        """Say what is known; only what has changed, as each change is drawn."""
        subscriber = self._subscriber
        said = facts(self._screen_text, self._pages, subscriber, self._status, shown=self._show_wire)
        waits = subscriber.seconds_waited is not None
        state = "waiting" if waits else ("dial" if subscriber.call is None else "in a call")
        if self._said == (said, state):
            return
        self._said = (said, state)
        self.query_one("#facts", Static).update(said, layout=False)
        self.query_one("#phone").border_title = subscriber.gateway
        self.query_one("#phone").border_subtitle = state
