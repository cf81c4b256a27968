"""How the API says no: one document for each reason, and the same words whoever asks."""

from collections.abc import Iterable, Mapping

from ussd.callback import WireReply
from ussd.core.messages import Messages
from ussd.ledger import Going, Reused, Stopped, Unknown, UsedUp
from ussd.paid import Unanswered
from ussd.web.callbacks import problem

TITLES: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""RFC 9110, 15, and RFC 6585, 4; Python's own words for them differ from one version to the next."""


class ApiError(Exception):
    """A request that is refused before anybody is asked."""

    def __init__(self, reply: WireReply) -> None:
        """Keep what is answered."""
        self.reply = reply
        super().__init__(TITLES[reply.status])


def refusal(status: int, detail: str = "", *, faults: Iterable[str] = (), text: str = "", **headers: str) -> WireReply:
    """A problem document; the names of `headers` are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return problem(status, TITLES[status], faults, detail=detail, text=text, headers=named)


UNAUTHORIZED = refusal(401, "Send your key as Authorization: Bearer.", WWW_Authenticate="Bearer")
UNKNOWN = refusal(404, "No such code for that number.")
NO_SUCH_PATH = refusal(404, "There is nothing at this path.")
TOO_LATE = refusal(408, "The body did not come in time.")
TOO_LARGE = refusal(413, "The body is larger than 16 KiB.")
NOT_JSON = refusal(415, "The body is to be application/json, not compressed.")
FAILED = refusal(500, "This is our fault. Ask again with the same Idempotency-Key: nothing is done twice.")
BUSY = refusal(503, "Callers come first, and there are too many of them now. Ask again.", Retry_After="5")
UNANSWERED = refusal(503, "No answer came, and no credit was taken. Ask again.", Retry_After="5")
AWAY = refusal(
    503,
    "The ledger does not answer now. Ask again with the same Idempotency-Key: nothing is done or taken twice.",
    Retry_After="5",
)
_REUSED = refusal(422, "This Idempotency-Key was another request's.")
_GOING = refusal(409, "The first request with this Idempotency-Key is under way.", Retry_After="1")


def refused(said: object, messages: Messages) -> WireReply | None:
    """The refusal that a desk says; None where it says anything else."""
    match said:
        case Unknown():
            return UNKNOWN
        case Stopped(seconds=seconds):
            return refusal(429, "Too much was asked of this number. Come again later.", Retry_After=str(seconds))
        case UsedUp():
            where = "dial *4*1420*99# from that number, or POST /api/v1/credit-codes"
            return refusal(402, f"The credit is used up. To get another code, {where}.", text=messages.used_up)
        case Reused():
            return _REUSED
        case Going():
            return _GOING
        case Unanswered():
            return UNANSWERED
    return None
