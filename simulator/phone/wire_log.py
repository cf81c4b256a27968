"""The log of what went over the wire."""

from collections import deque

from rich.text import Text
from textual.events import Resize
from textual.widgets import RichLog

from simulator.phone.wire import Entry
from simulator.rtl import Writing

_KEPT = 500
_STYLES = {"→": "cyan", "←": "green", "·": "yellow"}


class WireLog(RichLog, can_focus=False):
    """Everything both ways, raw, with numbers masked until they are asked for."""

    def __init__(self, writing: Writing, *, shown: bool = False) -> None:
        """`shown`: whether numbers are."""
        super().__init__(wrap=False, markup=False, highlight=False, auto_scroll=True)
        self._writing, self._entries = writing, deque[Entry](maxlen=_KEPT)
        self.shown = shown

    def add(self, entry: Entry) -> None:
        """One more thing happened."""
        self._entries.append(entry)
        self._put(entry)

    def reveal(self, shown: bool) -> None:
        """Show numbers, or mask them, those that are there already among them."""
        self.shown = shown
        self._put_all()

    def on_resize(self, event: Resize) -> None:
        """Lines are as wide as the log is."""
        self._put_all()

    def _put_all(self) -> None:
        self.clear()
        for entry in self._entries:
            self._put(entry)

    def _put(self, entry: Entry) -> None:
        width = max(self.scrollable_content_region.width, 20)
        for line in self._writing.lines(entry.line(shown=self.shown), width, "L"):
            self.write(Text(line.rstrip(), style=_STYLES[entry.sign], no_wrap=True))
