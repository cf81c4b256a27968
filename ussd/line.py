"""A line: a gateway as it is configured here."""

from dataclasses import dataclass

from ussd.callback import Reply
from ussd.core.profile import Profile
from ussd.core.screen import last


@dataclass(frozen=True, slots=True)
class Line:
    """A gateway as it is configured here: its name, which is its path, and what its handsets can show."""

    gateway: str
    profile: Profile
    rate: int = 0
    """Dials that its contract allows in a second; 0 for any number."""

    def last(self, text: str) -> Reply:
        """A screen that ends the dialogue."""
        return Reply(last(text, self.profile), ends=True)
