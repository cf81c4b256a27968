"""Who is let in: a place among those who are worked on, a turn, or a last screen at once."""

from ussd.admission.farewell import Farewell
from ussd.admission.pace import Paces
from ussd.admission.turns import Kind, Shed, Slot, Turns

__all__ = ["Farewell", "Kind", "Paces", "Shed", "Slot", "Turns"]
