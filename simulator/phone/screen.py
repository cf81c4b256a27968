"""The phone's screen."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from simulator.rtl import Writing

COLUMNS = 24
"""What a feature phone has room for on a line."""


class Display(VerticalScroll, can_focus=False):
    """A few lines of text, which scroll where there are more."""

    def __init__(self, writing: Writing) -> None:
        """`writing` is how this terminal is to get right-to-left text."""
        super().__init__()
        self._writing = writing
        self.text = ""
        """What is shown, as it came."""

    def compose(self) -> ComposeResult:
        """The text is one widget, as long as it needs to be."""
        yield Static(markup=False)

    def show(self, text: str) -> None:
        """Show a text from its beginning."""
        self.text = text
        lines = self._writing.lines(text, COLUMNS)
        self.query_one(Static).update("\n".join(lines))
        self.scroll_home(animate=False)
