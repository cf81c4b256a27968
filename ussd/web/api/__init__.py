"""The API for clients with a key: credit codes, inquiries that they pay for, one-time codes."""

from ussd.web.api.operation import Desks
from ussd.web.api.serving import routes

__all__ = ["Desks", "routes"]
