"""The operations of the API: what each asks of its desk, and what it answers where the desk says yes."""

from functools import partial

from ussd.core.messages import Messages, filled
from ussd.credit_code import grouped
from ussd.ledger import Entry, Right, Sent, Verified
from ussd.paid import Paid, Wish
from ussd.web.api import answers, given
from ussd.web.api.operation import Call, Desks, Operation


async def _send_credit_code(desks: Desks, call: Call[given.CreditCodeRequest]) -> object:
    def text(code: str) -> str:
        return filled(desks.messages.credit_code_sms, code=grouped(code))

    return await desks.credits.send(call.keyed, call.given.mobile, text)


async def _verify_credit_code(desks: Desks, call: Call[given.CreditCodeHeld]) -> object:
    return await desks.credits.verify(call.keyed, call.given.mobile, call.given.code)


async def _inquire(desks: Desks, call: Call[given.InquiryRequest]) -> object:
    wish = Wish(call.client, call.given.mobile, call.given.code, call.given.subject)
    return await desks.paid.inquire(wish, call.keyed)


async def _list_inquiries(desks: Desks, call: Call[given.CreditCodeHeld]) -> object:
    return await desks.history.of_code(call.client.number, call.given.mobile, call.given.code)


async def _delete_inquiries(desks: Desks, call: Call[given.CreditCodeHeld]) -> object:
    return await desks.history.delete(call.client.number, call.given.mobile, call.given.code)


async def _send_one_time_code(desks: Desks, call: Call[given.OneTimeCodeRequest]) -> object:
    text = partial(_one_time_text, desks.messages, call.client.name)
    return await desks.one_time.send(call.keyed, call.given.mobile, call.given.purpose, text)


async def _verify_one_time_code(desks: Desks, call: Call[given.OneTimeCodeHeld]) -> object:
    return await desks.one_time.verify(call.keyed, call.given.mobile, call.given.purpose, call.given.code)


def _one_time_text(messages: Messages, client: str, code: str) -> str:
    return filled(messages.one_time_code_sms, code=code, client=client)


def _sent(sent: Sent, _: Messages) -> answers.CodeSent:
    return answers.CodeSent(expires_in=sent.seconds)


def _left(verified: Verified, _: Messages) -> answers.CreditLeft:
    return answers.CreditLeft(remaining=verified.remaining)


def _answered(paid: Paid, messages: Messages) -> answers.InquiryAnswer:
    return answers.InquiryAnswer.of(paid, messages)


def _listed(entries: tuple[Entry, ...], messages: Messages) -> answers.InquiryHistory:
    return answers.InquiryHistory(inquiries=tuple(answers.PastInquiry.of(entry, messages) for entry in entries))


def _deleted(count: int, _: Messages) -> answers.HistoryDeleted:
    return answers.HistoryDeleted(deleted=count)


def _right(_: Right, __: Messages) -> answers.OneTimeCodeRight:
    return answers.OneTimeCodeRight(verified=True)


OPERATIONS = (
    Operation(
        name="send_credit_code",
        method="POST",
        path="/credit-codes",
        summary="Send a credit code by SMS. At most one in 60 s for a number; it must be verified in time.",
        takes=given.CreditCodeRequest,
        gives=answers.CodeSent,
        ask=_send_credit_code,
        answer=_sent,
        refuses=(429,),
        status=202,
    ),
    Operation(
        name="verify_credit_code",
        method="POST",
        path="/credit-codes/verify",
        summary="Verify a credit code. Five wrong ones in a row stop the number for 15 minutes.",
        takes=given.CreditCodeHeld,
        gives=answers.CreditLeft,
        ask=_verify_credit_code,
        answer=_left,
        refuses=(404, 429),
    ),
    Operation(
        name="inquire",
        method="POST",
        path="/inquiries",
        summary="Ask whether a person is entitled to treatment outside of hospitals, for one credit. "
        "The same Idempotency-Key costs nothing again; where no answer came, no credit is taken.",
        takes=given.InquiryRequest,
        gives=answers.InquiryAnswer,
        ask=_inquire,
        answer=_answered,
        refuses=(402, 404, 429),
        needs_key=True,
    ),
    Operation(
        name="list_inquiries",
        method="GET",
        path="/inquiries",
        summary="What was asked with a credit code, in the order asked.",
        takes=given.CreditCodeHeld,
        gives=answers.InquiryHistory,
        ask=_list_inquiries,
        answer=_listed,
        refuses=(404, 429),
    ),
    Operation(
        name="delete_inquiries",
        method="DELETE",
        path="/inquiries",
        summary="Delete the history of a credit code from that list.",
        takes=given.CreditCodeHeld,
        gives=answers.HistoryDeleted,
        ask=_delete_inquiries,
        answer=_deleted,
        refuses=(404, 429),
    ),
    Operation(
        name="send_one_time_code",
        method="POST",
        path="/one-time-codes",
        summary="Send a one-time code by SMS; on that line, *4*40# shows it, too. It replaces the one before it.",
        takes=given.OneTimeCodeRequest,
        gives=answers.CodeSent,
        ask=_send_one_time_code,
        answer=_sent,
        refuses=(429,),
        status=202,
    ),
    Operation(
        name="verify_one_time_code",
        method="POST",
        path="/one-time-codes/verify",
        summary="Verify a one-time code, once. After three wrong tries it is gone.",
        takes=given.OneTimeCodeHeld,
        gives=answers.OneTimeCodeRight,
        ask=_verify_one_time_code,
        answer=_right,
        refuses=(404,),
    ),
)
