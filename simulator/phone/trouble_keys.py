"""The keys that make trouble, and two more, each with what it does beside it."""

from textual.app import ComposeResult
from textual.containers import Grid
from textual.widgets import Static

from simulator.phone.trouble import COMING, Trouble

KEYS = {
    "f2": ("trouble('drop')", "drop the session"),
    "f3": ("trouble('again')", "send again"),
    "f4": ("trouble('twice')", "next: twice"),
    "f5": ("trouble('late')", "next: late"),
    "f6": ("trouble('hang-up')", "next: hang up"),
    "f7": ("trouble('lose')", "next: lose reply"),
    "f8": ("next_gateway", "next gateway"),
    "f9": ("reveal", "show numbers"),
}
"""The action and the words of each key."""


class TroubleKey(Static):
    """One of them; a click does what its key does."""

    def __init__(self, key: str, action: str, words: str) -> None:
        """`action` is one of the application's."""
        super().__init__(f"{key.upper()} {words}", markup=False, id=key)
        self._action = action

    async def on_click(self) -> None:
        """Do it."""
        await self.app.run_action(self._action)


class TroubleKeys(Grid):
    """All of them."""

    def compose(self) -> ComposeResult:
        """In the order of the keys."""
        for key, (action, words) in KEYS.items():
            yield TroubleKey(key, action, words)

    def arm(self, armed: Trouble | None) -> None:
        """Light the one that waits for the next callback."""
        for key, trouble in zip(("f4", "f5", "f6", "f7"), COMING, strict=True):
            self.query_one(f"#{key}").set_class(trouble is armed, "armed")
