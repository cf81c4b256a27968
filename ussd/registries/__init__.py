"""Registries of the world outside: who is insured, and whose line it is."""

from ussd.registries.exchange import new_session
from ussd.registries.guard import Limits
from ussd.registries.http import HttpOwners, HttpRegistry
from ussd.registries.paced import PacedRegistry

__all__ = ["HttpOwners", "HttpRegistry", "Limits", "PacedRegistry", "new_session"]
