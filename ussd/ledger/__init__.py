"""The ledger: what has to last is in SQL, SQLite where nothing is configured and PostgreSQL by URL."""

from ussd.backends import Asked, Centre, Inquiry, Issued, LedgerAway, Person, RegistryFault
from ussd.ledger.centre_file import CentreFileError, read_centres
from ussd.ledger.centres import CentreBook, CentreKnown, LinesTaken, Listed
from ussd.ledger.codes import read_code
from ussd.ledger.contracts import Contract, ContractError, Written, read_contract
from ussd.ledger.jalali import day_of, read_day
from ussd.ledger.leases import CodesExhausted
from ussd.ledger.ledger import Ledger, opened
from ussd.ledger.migrate import upgrade
from ussd.ledger.tracking import Found, OperationReused, Tracker

__all__ = [
    "Asked",
    "Centre",
    "CentreBook",
    "CentreFileError",
    "CentreKnown",
    "CodesExhausted",
    "Contract",
    "ContractError",
    "Found",
    "Inquiry",
    "Issued",
    "Ledger",
    "LedgerAway",
    "LinesTaken",
    "Listed",
    "OperationReused",
    "Person",
    "RegistryFault",
    "Tracker",
    "Written",
    "day_of",
    "opened",
    "read_centres",
    "read_code",
    "read_contract",
    "read_day",
    "upgrade",
]
