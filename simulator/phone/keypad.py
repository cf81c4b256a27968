"""The phone's keys, for those who would rather press them than type."""

from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message
from textual.widgets import Static

from simulator.rtl import Writing

SEND, CLEAR, END = "send", "clear", "end"
_SOFT = ((SEND, "ارسال"), (CLEAR, "⌫"), (END, "انصراف"))


class Key(Static):
    """One key."""

    class Pressed(Message):
        """It was pressed."""

        def __init__(self, sign: str) -> None:
            """`sign`: what the key writes, or the name of a soft key."""
            super().__init__()
            self.sign = sign

    def __init__(self, sign: str, label: str, *, name: str, classes: str = "") -> None:
        """`label` is what stands on it; `name` is what the application finds it by."""
        super().__init__(label, markup=False, id=f"key-{name}", classes=classes)
        self._sign = sign

    def on_click(self) -> None:
        """Say so."""
        self.post_message(self.Pressed(self._sign))


class Keypad(Grid):
    """«ارسال» and «انصراف», and the twelve keys below them."""

    def __init__(self, writing: Writing) -> None:
        """`writing` is how this terminal is to get right-to-left text."""
        super().__init__()
        self._writing = writing

    def compose(self) -> ComposeResult:
        """Soft keys have names of their own; the others have the names of Unicode: `#key-5`, `#key-star`."""
        for sign, label in _SOFT:
            yield Key(sign, self._writing.line(label), name=sign, classes="soft")
        for sign in "123456789*0#":
            name = {"*": "star", "#": "hash"}.get(sign, sign)
            yield Key(sign, sign, name=name)
