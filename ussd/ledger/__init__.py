"""The ledger: what has to last is in SQL, SQLite where nothing is configured and PostgreSQL by URL."""

from ussd.backends import Asked, Centre, Inquiry, Issued, LedgerAway, Person, RegistryFault
from ussd.ledger.centre_file import CentreFileError, read_centres
from ussd.ledger.centres import CentreBook, CentreKnown, LinesTaken, Listed
from ussd.ledger.clients import MAX_NAME as MAX_CLIENT_NAME
from ussd.ledger.clients import Client, ClientBook, ClientKnown, ClientListed
from ussd.ledger.codes import read_code
from ussd.ledger.contracts import Contract, ContractError, Written, read_contract
from ussd.ledger.credits import CreditBook
from ussd.ledger.history import Entry, History
from ussd.ledger.jalali import day_of, read_day
from ussd.ledger.leases import CodesExhausted
from ussd.ledger.ledger import Ledger, opened
from ussd.ledger.migrate import upgrade
from ussd.ledger.one_time import OneTimeBook
from ussd.ledger.outbox import Message, Outbox, Waiting
from ussd.ledger.reserving import Reserved
from ussd.ledger.said import (
    Before,
    Going,
    Keyed,
    Refused,
    Replayed,
    Reused,
    Right,
    Sent,
    Stopped,
    Unknown,
    UsedUp,
    Verified,
)
from ussd.ledger.spending import Spending
from ussd.ledger.tracking import Found, OperationReused, Tracker

__all__ = [
    "MAX_CLIENT_NAME",
    "Asked",
    "Before",
    "Centre",
    "CentreBook",
    "CentreFileError",
    "CentreKnown",
    "Client",
    "ClientBook",
    "ClientKnown",
    "ClientListed",
    "CodesExhausted",
    "Contract",
    "ContractError",
    "CreditBook",
    "Entry",
    "Found",
    "Going",
    "History",
    "Inquiry",
    "Issued",
    "Keyed",
    "Ledger",
    "LedgerAway",
    "LinesTaken",
    "Listed",
    "Message",
    "OneTimeBook",
    "OperationReused",
    "Outbox",
    "Person",
    "Refused",
    "RegistryFault",
    "Replayed",
    "Reserved",
    "Reused",
    "Right",
    "Sent",
    "Spending",
    "Stopped",
    "Tracker",
    "Unknown",
    "UsedUp",
    "Verified",
    "Waiting",
    "Written",
    "day_of",
    "opened",
    "read_centres",
    "read_code",
    "read_contract",
    "read_day",
    "upgrade",
]
