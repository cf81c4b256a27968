"""The ledger: what has to last is in SQL, SQLite where nothing is configured and PostgreSQL by URL."""

from ussd.backends import Inquiry, Issued, LedgerAway, Person, RegistryFault
from ussd.ledger.codes import read_code
from ussd.ledger.jalali import day_of, read_day
from ussd.ledger.leases import CodesExhausted
from ussd.ledger.ledger import Ledger, opened
from ussd.ledger.migrate import upgrade
from ussd.ledger.tracking import Found, OperationReused, Tracker

__all__ = [
    "CodesExhausted",
    "Found",
    "Inquiry",
    "Issued",
    "Ledger",
    "LedgerAway",
    "OperationReused",
    "Person",
    "RegistryFault",
    "Tracker",
    "day_of",
    "opened",
    "read_code",
    "read_day",
    "upgrade",
]
