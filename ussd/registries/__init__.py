"""Registries of the world outside: who is insured, and whose line it is."""

from ussd.registries.exchange import new_session
from ussd.registries.guard import Limits
from ussd.registries.http import HttpOwners, HttpRegistry

__all__ = ["HttpOwners", "HttpRegistry", "Limits", "new_session"]
