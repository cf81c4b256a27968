"""Credit codes over the API: sent, verified, spent, listed."""

from tests.ledger.conftest import Clock
from tests.web.api.conftest import MOBILE, Api, credit_code, texts
from ussd.ledger import Ledger

ENTITLED, LAPSED = {"national_code": "0007569602"}, {"national_code": "0092000304"}


async def test_a_code_is_sent_on_a_line_of_its_own_in_groups_of_four(api: Api, ledger: Ledger) -> None:
    said = await api.post("/credit-codes", MOBILE)
    assert (said.status, said.json) == (202, {"expires_in": 180})
    [text] = await texts(ledger)
    assert [len(group) for group in text.splitlines()[-1].split("-")] == [4, 4, 4, 4]


async def test_a_second_code_within_a_minute_is_refused_with_the_seconds_to_wait(api: Api) -> None:
    await api.post("/credit-codes", MOBILE)
    said = await api.post("/credit-codes", MOBILE)
    assert (said.status, said.headers["Retry-After"]) == (429, "60")


async def test_a_code_is_verified_however_it_is_written(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    for written in (
        code.replace("-", ""),
        code.replace("-", " "),
        code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")),
    ):
        said = await api.post("/credit-codes/verify", {"mobile": "+989120000001", "code": written})
        assert (said.status, said.json) == (200, {"remaining": 10_000})


async def test_a_wrong_code_is_unknown_whatever_is_wrong_with_it(api: Api, other: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    said = [
        await api.post("/credit-codes/verify", MOBILE | {"code": "1" * 16}),
        await api.post("/credit-codes/verify", {"mobile": "09120000002", "code": code}),
        await other.post("/credit-codes/verify", MOBILE | {"code": code}),
        await other.ask("GET", "/inquiries", MOBILE | {"code": code}),
        await other.post("/inquiries", MOBILE | ENTITLED | {"code": code}, key="k"),
    ]
    assert [one.status for one in said] == [404] * 5
    assert len({one.octets for one in said}) == 1


async def test_five_wrong_codes_stop_the_number_for_a_quarter_of_an_hour(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    for _ in range(5):
        assert (await api.post("/credit-codes/verify", MOBILE | {"code": "1" * 16})).status == 404
    said = await api.post("/credit-codes/verify", MOBILE | {"code": code})
    assert (said.status, said.headers["Retry-After"]) == (429, "900")


async def test_an_inquiry_is_answered_in_the_words_of_the_organization(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    yes = (await api.post("/inquiries", MOBILE | ENTITLED | {"code": code}, key="1")).json
    no = (await api.post("/inquiries", MOBILE | LAPSED | {"code": code}, key="2")).json
    assert list(yes) == ["entitled", "text", "tracking_code", "remaining"]
    assert (yes["entitled"], yes["remaining"], no["entitled"], no["remaining"]) == (True, 9_999, False, 9_998)
    words = "مجوز برخورداری از حمایت های درمانی سازمان تأمین اجتماعی را"
    assert yes["text"] == f"دارنده کد ملی: 0007569602 {words} دارا می باشد. کد پیگیری: {yes['tracking_code']}"
    assert no["text"] == f"دارنده کد ملی: 0092000304 {words} دارا نمی باشد. کد پیگیری: {no['tracking_code']}"


async def test_an_insurance_number_does_too(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    said = await api.post("/inquiries", MOBILE | {"insurance_number": "۹۹۹۹۹۹۹۹", "code": code}, key="1")
    assert (said.status, said.json["text"].startswith("دارنده شماره بیمه: 99999999 ")) == (200, True)
    listed = (await api.ask("GET", "/inquiries", MOBILE | {"code": code})).json["inquiries"]
    assert [next(iter(one)) for one in listed] == ["insurance_number"]


async def test_the_same_key_costs_nothing_and_gets_the_same_bytes(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    asked = MOBILE | ENTITLED | {"code": code}
    first = await api.post("/inquiries", asked, key="1")
    again = await api.post("/inquiries", asked | {"mobile": "00989120000001", "code": code.replace("-", "")}, key="1")
    assert (again.status, again.octets, again.headers["Idempotency-Replayed"]) == (200, first.octets, "true")
    assert "Idempotency-Replayed" not in first.headers
    assert (await api.post("/credit-codes/verify", MOBILE | {"code": code})).json == {"remaining": 9_999}


async def test_the_same_key_for_another_request_is_refused(api: Api, ledger: Ledger) -> None:
    code = await credit_code(api, ledger)
    await api.post("/inquiries", MOBILE | ENTITLED | {"code": code}, key="1")
    assert (await api.post("/inquiries", MOBILE | LAPSED | {"code": code}, key="1")).status == 422
    assert (await api.post("/credit-codes/verify", MOBILE | {"code": code}, key="1")).status == 422


async def test_every_post_honours_the_key(api: Api, ledger: Ledger) -> None:
    said = [await api.post("/credit-codes", MOBILE, key="1") for _ in range(2)]
    assert [(one.status, one.octets) for one in said] == [(202, b'{"expires_in":180}')] * 2
    assert [one.headers.get("Idempotency-Replayed") for one in said] == [None, "true"]
    assert len(await texts(ledger)) == 1


async def test_the_keys_of_two_clients_are_not_each_others(api: Api, other: Api) -> None:
    wanted = {"purpose": "login"}
    assert (await api.post("/one-time-codes", MOBILE | wanted, key="1")).status == 202
    said = await other.post("/one-time-codes", {"mobile": "09120000002"} | wanted, key="1")
    assert (said.status, said.headers.get("Idempotency-Replayed")) == (202, None)


async def test_the_history_is_in_the_order_asked_and_can_be_deleted(api: Api, ledger: Ledger, clock: Clock) -> None:
    code = await credit_code(api, ledger)
    for key, number in enumerate((LAPSED, ENTITLED, LAPSED)):
        await api.post("/inquiries", MOBILE | number | {"code": code}, key=str(key))
    held = MOBILE | {"code": code}
    listed = (await api.ask("GET", "/inquiries", held)).json["inquiries"]
    assert [one["national_code"] for one in listed] == ["0092000304", "0007569602", "0092000304"]
    assert list(listed[0]) == ["national_code", "entitled", "text", "tracking_code", "asked_at"]
    assert listed[0]["asked_at"] == clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await api.ask("DELETE", "/inquiries", held)).json == {"deleted": 3}
    assert (await api.ask("GET", "/inquiries", held)).json == {"inquiries": []}
    assert (await api.ask("DELETE", "/inquiries", held)).json == {"deleted": 0}


async def test_a_one_time_code_is_good_once_for_its_purpose(api: Api, other: Api, ledger: Ledger) -> None:
    said = await api.post("/one-time-codes", MOBILE | {"purpose": "login"})
    assert (said.status, said.json) == (202, {"expires_in": 120})
    [text] = await texts(ledger)
    words, code = text.splitlines()
    assert "دفترچه" in words
    held = MOBILE | {"purpose": "login", "code": code}
    assert (await other.post("/one-time-codes/verify", held)).status == 404
    assert (await api.post("/one-time-codes/verify", held | {"purpose": "payment"})).status == 404
    right = await api.post("/one-time-codes/verify", held)
    assert (right.status, right.json) == (200, {"verified": True})
    assert (await api.post("/one-time-codes/verify", held)).status == 404
