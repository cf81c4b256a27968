"""Nobody's number, code or message is anywhere in clear: in the log, in Redis, in the database, on standard output."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request

import pytest

from tests.canaries import PERSIAN, Canaries, cells, files, forms, logged
from tests.outside import Site, SmsGateway, sms_gateway, until
from tests.server import Server, asked, ussd

# Numbers that nothing else here has; the codes have right check digits, so that they are looked up and stored.
LINES = ("989361112233", "989364445566", "989367778899", "989368889900")
CODES = ("7407268940", "9995396191", "9959321576", "9904829039")
WRONG, INSURANCE_NUMBER = "7559200152", "4815162342"
WRONG_CREDIT_CODE, WRONG_ONE_TIME_CODE = "4929017716430558", "90817"
NO_KEY, SMS_TOKEN = "ussd_cGllY2Utb2Ytbm9ib2R5cy1rZXktdGhhdC1pcy1ub25l", "dG9rZW4tb2YtdGhlLVNNUy1nYXRld2F5"
CLIENT = "clinic-of-canaries"
SENTENCES = {
    "مجوز برخورداری",
    "دارنده کد ملی",
    "کد اعتباری استحقاق",
    "کد اعتباری شما",
    "کد یک‌بار مصرف",
    "کد یکبار مصرف",
    "باقیمانده",
}
CENTRES_LINE = "989120001666"


@pytest.fixture
def gateway() -> Iterator[SmsGateway]:
    """An SMS gateway that takes nothing yet."""
    with sms_gateway() as gateway:
        gateway.status = 503
        yield gateway


def plant(server: Server) -> None:
    """Every way in which a number comes in by a callback, and every way in which an answer to it fails."""
    for line in LINES[:2]:
        for number, code in enumerate((*CODES, WRONG, CODES[0].translate(PERSIAN))):
            session = f"{line}-{number}"
            for typed in ("", "1", "1*2", f"1*2*{code}", f"1*2*{code}*{code}"):
                server.post(typed, session, line)
        server.post(f"1*2*{CODES[1]}", f"{line}-direct", line)
        server.post(f"9*{CODES[1]}", f"{line}-lost", line)
        server.post("x" * 5000 + CODES[0], f"{line}-long", line)
    server.post("1", "no-number", f"{LINES[0]}x")
    server.post(f"2*{INSURANCE_NUMBER}", "insured", CENTRES_LINE, dialled="*1666#")
    for gateway in ("africastalking", "reference", LINES[0]):
        url = f"http://127.0.0.1:{server.port}/gateways/{gateway}/{LINES[0]}"
        asked(Request(f"{url}?msisdn={LINES[0]}&phoneNumber={LINES[0]}&text=1*2*{CODES[0]}"))


def sent_codes(site: Site, gateway: SmsGateway) -> tuple[list[str], list[str]]:
    """A credit code that is sent and one that waits, and one-time codes that are used up, tried, replaced, waiting."""
    for line in LINES[:2]:
        assert site.post("/credit-codes", {"mobile": line}, key=f"send-{line}").status == 202
    credit = [gateway.code_to(line) for line in LINES[:2]]
    gateway.status = 202
    assert site.post("/credit-codes/verify", {"mobile": LINES[0], "code": credit[0]}, key=credit[0]).status == 200
    one_time = []
    for number in range(4):
        asked = {"mobile": LINES[2], "purpose": f"for-{number % 3}"}
        assert site.post("/one-time-codes", asked, key=f"{LINES[2]}/{number}").status == 202
        one_time.append(gateway.code_to(LINES[2], number))
    until(lambda: len(gateway.took) == 6)
    assert {message["to"] for message in gateway.refused} >= {*LINES[:2]}
    gateway.status = 503
    asked = {"mobile": LINES[3], "purpose": "login"}
    assert site.post("/one-time-codes", asked).status == 202
    one_time.append(gateway.code_to(LINES[3]))
    tried = {"mobile": LINES[2], "purpose": "for-1"}
    for code, status in ((WRONG_ONE_TIME_CODE, 404), (one_time[1], 200), (one_time[1], 404)):
        assert site.post("/one-time-codes/verify", tried | {"code": code}, key=f"{code}-{status}").status == status
    return credit, one_time


def spend(site: Site, code: str, line: str) -> None:
    """Inquiries that are answered and that are not, their history, and its end."""
    mine = {"mobile": line, "code": code}
    asked = [{"national_code": code} for code in CODES[:3]] + [{"insurance_number": INSURANCE_NUMBER}]
    said = [site.post("/inquiries", mine | each, key=f"{line}-{each}".replace(" ", "")) for each in asked]
    assert [each.status for each in said] == [200, 200, 503, 200]
    assert CODES[0] in said[0].body
    site.post("/inquiries", mine | asked[0], key=f"{line}-{asked[0]}".replace(" ", ""))
    for wrong in (WRONG_CREDIT_CODE, "-".join(WRONG_CREDIT_CODE[at : at + 4] for at in (0, 4, 8, 12))):
        assert site.post("/credit-codes/verify", mine | {"code": wrong}, key=f"{wrong}-{line}").status == 404
    history = site.ask("GET", "/inquiries", mine)
    assert len(history.fields["inquiries"]) == 3
    assert CODES[0] in history.body
    assert site.ask("DELETE", "/inquiries", mine).fields == {"deleted": 3}


def misplace(site: Site, line: str, code: str) -> None:
    """Numbers where they have no business to be."""
    right = {"mobile": line, "purpose": "login"}
    one_time, many = "/one-time-codes", {"mobile": line, "code": code, "national_code": CODES[0]}
    refused = [
        site.post("/inquiries", many | {"national_code": WRONG}, key="one"),
        site.post("/inquiries", many | {"national_code": int(CODES[0])}, key="two"),
        site.post("/inquiries", many | {CODES[1]: CODES[1]}, key="three"),
        site.post("/inquiries", many, key=f"{line} {CODES[0]}"),
        site.post(one_time, right | {"purpose": line}),
        site.post(f"{one_time}?mobile={line}&code={code}", right),
        site.post(f"{one_time}/{line}", right),
        site.ask("POST", one_time, {"Content-Type": "application/json"}, json.dumps(many).encode()[:-1]),
        site.ask("POST", one_time, {"Content-Type": f"text/{line}"}, json.dumps(many).encode()),
        site.ask(line, one_time, {}),
        site.ask("GET", f"/inquiries?mobile={line}&code={code}", {"mobile": CODES[0], "code": line}),
        Site(site.server, NO_KEY).post(one_time, right, headers={"X-Line": line}),
        Site(site.server, line).post(one_time, right),
    ]
    assert [each.status for each in refused] == [400] * 6 + [404, 400, 415, 400, 400, 401, 401]
    site.post(one_time, right | {"purpose": f"line-{line}"}, headers={"X-Line": line, "User-Agent": f"{line} {code}"})
    with socket.create_connection(("127.0.0.1", site.server.port)) as raw:
        raw.sendall(f"GET /{line} {code}\r\nA header of {line}\r\n\r\n".encode())
        assert raw.recv(1000)


def kept_by(home: Path, server: Server) -> dict[str, bytes]:
    """All that a server that has ended leaves, and that there is enough of it."""
    kept = files(home)
    assert any("appendonly" in name and octets for name, octets in kept.items())
    assert len(kept["ledger.sqlite3"]) > 10_000
    return kept | {"the log": "".join(server.log).encode(), "standard output": server.printed.encode()}


def test_no_number_of_a_subscriber_is_anywhere_in_clear(home: Path) -> None:
    server = Server(home, log_level="debug", drain="0")
    try:
        plant(server)
        server.stop()
    finally:
        server.close()
    assert server.events().count("callback_answered") > 20
    assert {"lookup_late", "lookup_failed", "callback_refused"} & set(server.events())
    kept, canaries = kept_by(home, server), Canaries({*LINES, *CODES, WRONG, INSURANCE_NUMBER, CENTRES_LINE})
    assert not canaries.found_in(kept)
    assert not server.printed
    assert Canaries(texts={"*4*1420#", "africastalking"}).found_in(kept), "what is not secret is found"


def test_nothing_of_the_api_and_its_messages_is_anywhere_in_clear(home: Path, gateway: SmsGateway) -> None:
    key = ussd(home, "clients", "add", CLIENT).stdout.splitlines()[-1]
    server = Server(home, log_level="debug", drain="0", sms_url=gateway.url, sms_token=SMS_TOKEN)
    try:
        site = Site(server, key)
        credit, one_time = sent_codes(site, gateway)
        shown = server.post("", "waits", LINES[3], dialled="*4*40#")
        assert one_time[-1] in shown
        dialled = server.post("", "credit", LINES[2], dialled="*4*1420*99#").splitlines()[1].replace("-", "")
        spend(site, credit[0], LINES[0])
        spend(site, dialled, LINES[2])
        misplace(site, LINES[2], dialled)
        waiting = files(home)
        server.stop()
    finally:
        server.close()
    kept = {f"{name}, open": octets for name, octets in waiting.items()} | kept_by(home, server)
    canaries = Canaries({*LINES, *CODES, WRONG, INSURANCE_NUMBER, WRONG_CREDIT_CODE, *credit, dialled})
    canaries.short, canaries.texts = {*one_time, WRONG_ONE_TIME_CODE}, SENTENCES | {key[5:], NO_KEY[5:], SMS_TOKEN}
    assert not canaries.found_in(kept)
    assert not canaries.standing_alone_in([*cells(home / "ledger.sqlite3"), *logged(server.log)])
    assert not server.printed
    assert {"sms_sent", "sms_failed", "api_request"} <= set(server.events())
    assert "api_request_failed" not in server.events()
    assert_seen(canaries, gateway, kept)


def assert_seen(canaries: Canaries, gateway: SmsGateway, kept: dict[str, bytes]) -> None:
    """What may be read is found, and so are numbers, codes and texts where they are in clear: the claims can fail."""
    named = {name for name, _ in Canaries(texts={CLIENT}).found_in(kept)}
    assert {"ledger.sqlite3", "the log"} <= named
    messages = gateway.took + gateway.refused
    told = json.dumps(messages, ensure_ascii=False).encode()
    found = {canary for _, canary in canaries.found_in({"what the gateway was told": told})}
    assert {*LINES, "کد اعتباری استحقاق", "کد یک‌بار مصرف"} <= found
    assert canaries.standing_alone_in([message["text"] for message in messages]) == sorted(
        canaries.short - {WRONG_ONE_TIME_CODE}
    )


def test_a_dial_on_the_terminal_logs_no_number_either(home: Path) -> None:
    run = ussd(home, "dial", f"*4*1420*1*2*{CODES[2]}#", "--msisdn", LINES[0], log_level="debug")
    assert run.returncode == 0
    assert "callback_answered" in run.stderr
    assert not any(form in run.stderr.encode() for number in (LINES[0], CODES[2]) for form in forms(number))
