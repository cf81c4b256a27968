"""Who may call a gateway. It is known by its path and by what it proves, never by what it says in a body."""

from ussd.web.auth.guard import OPEN, Admitted, Guard, Nonces, Refused, Unsure, guard_of
from ussd.web.auth.raw import Raw

__all__ = ["OPEN", "Admitted", "Guard", "Nonces", "Raw", "Refused", "Unsure", "guard_of"]
