"""The API of a server that is a process: beside a handset, killed, stopped, without Redis, and open to others."""

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import homes
from tests.outside import Said, Site, SmsGateway, sms_gateway, until
from tests.server import Server, ussd
from ussd.redis_server import own_server

LINE = "989120000001"
ENTITLED, LAPSED, PENSIONER, SLOW = "0007569602", "0092000304", "0109136756", "9904829039"
LOGIN = {"mobile": LINE, "purpose": "login"}


@pytest.fixture
def gateway() -> Iterator[SmsGateway]:
    with sms_gateway() as gateway:
        yield gateway


@pytest.fixture
def key(home: Path) -> str:
    """A client's."""
    return ussd(home, "clients", "add", "clinic").stdout.splitlines()[-1]


def dialled(home: Path, code: str) -> list[str]:
    """The lines of the first screen."""
    run = ussd(home, "dial", code, "--msisdn", LINE, "--json")
    assert run.returncode == 0
    text: str = json.loads(run.stdout)["text"]
    return text.splitlines()


def inquiry(code: str, national_code: str = ENTITLED) -> dict[str, str]:
    return {"mobile": LINE, "code": code, "national_code": national_code}


def credit(home: Path) -> tuple[int, int, int]:
    """Remaining, pending and spent, of the only code that there is."""
    with closing(sqlite3.connect(home / "ledger.sqlite3")) as connection:
        [row] = connection.execute("SELECT remaining, pending, spent FROM credit_codes").fetchall()
    return row[0], row[1], row[2]


def long_ago(home: Path, change: str) -> None:
    """Set back a time that would have to be waited for."""
    with closing(sqlite3.connect(home / "ledger.sqlite3")) as connection, connection:
        connection.execute(change, ["2026-01-01 00:00:00.000000"])


def test_a_code_that_was_dialled_is_spent_over_http_and_its_history_is_kept_until_deleted(home: Path, key: str) -> None:
    code = dialled(home, "*4*1420*99#")[1]
    assert dialled(home, "*4*1420*99#")[1] == code
    with closing(Server(home, drain="0")) as server:
        site, mine = Site(server, key), {"mobile": LINE, "code": code}
        assert site.post("/credit-codes/verify", mine).fields == {"remaining": 10_000}
        people = [ENTITLED, LAPSED, PENSIONER]
        said = [site.post("/inquiries", inquiry(code, one), key=one).fields for one in people]
        assert [(each["entitled"], each["remaining"]) for each in said] == [(True, 9999), (False, 9998), (True, 9997)]
        history = site.ask("GET", "/inquiries", mine).fields["inquiries"]
        assert [each["national_code"] for each in history] == people
        assert [each["tracking_code"] for each in history] == [each["tracking_code"] for each in said]
        assert site.ask("DELETE", "/inquiries", mine).fields == {"deleted": 3}
        assert site.ask("GET", "/inquiries", mine).fields == {"inquiries": []}
        assert site.post("/credit-codes/verify", mine).fields == {"remaining": 9_997}
        assert server.stop() == 0
    assert dialled(home, "*4*1420*99#")[1:] == [code, "اعتبار باقیمانده: 9997 درخواست"]


def test_a_one_time_code_that_was_sent_is_shown_to_its_line_and_is_good_for_one_use(
    home: Path, key: str, gateway: SmsGateway
) -> None:
    with closing(Server(home, drain="0", sms_url=gateway.url)) as server:
        site = Site(server, key)
        assert site.post("/one-time-codes", LOGIN).fields == {"expires_in": 120}
        code = gateway.code_to(LINE)
        shown = dialled(home, "*4*40#")
        assert shown[1:3] == [code, "برای clinic"]
        assert site.post("/one-time-codes/verify", LOGIN | {"code": code}).fields == {"verified": True}
        assert site.post("/one-time-codes/verify", LOGIN | {"code": code}).status == 404
        assert dialled(home, "*4*40#")[0] == "کدی در انتظار این خط نیست."
        assert server.stop() == 0


def test_a_credit_code_comes_by_sms_once_the_gateway_takes_it_and_is_spent(
    home: Path, key: str, gateway: SmsGateway
) -> None:
    gateway.status = 503
    with closing(Server(home, drain="0", sms_url=gateway.url)) as server:
        site = Site(server, key)
        assert site.post("/credit-codes", {"mobile": LINE}).fields == {"expires_in": 180}
        assert site.post("/credit-codes", {"mobile": LINE}).status == 429
        until(lambda: server.metrics()["ussd_sms_failed_total"] >= 1)
        gateway.status = 200
        until(lambda: gateway.took)
        code = gateway.code_to(LINE)
        assert site.post("/inquiries", inquiry(code), key="too-soon").status == 404, "it is not verified yet"
        assert site.post("/credit-codes/verify", {"mobile": LINE, "code": code}).fields == {"remaining": 10_000}
        assert site.post("/inquiries", inquiry(code), key="1").fields["remaining"] == 9_999
        until(lambda: server.metrics()["ussd_sms_sent_total"] == 1)
        until(lambda: server.metrics()["ussd_sms_waiting"] == 0)
        assert server.stop() == 0
    [name] = {message["id"] for message in gateway.took + gateway.refused}
    assert name
    assert len(gateway.took) == 1


def test_a_message_that_nobody_took_is_sent_by_the_next_server(home: Path, key: str, gateway: SmsGateway) -> None:
    gateway.status = 503
    with closing(Server(home, sms_url=gateway.url)) as server:
        Site(server, key).post("/one-time-codes", LOGIN)
        code = gateway.code_to(LINE)
        server.kill()
    long_ago(home, "UPDATE messages SET due_at = ?")
    assert ussd(home, "sms", "list").stdout.startswith(gateway.refused[0]["id"])
    gateway.status = 202
    with closing(Server(home, drain="0", sms_url=gateway.url)) as server:
        until(lambda: gateway.took)
        assert Site(server, key).post("/one-time-codes/verify", LOGIN | {"code": code}).status == 200
        assert server.stop() == 0
    assert ussd(home, "sms", "list").stdout == ""


def test_asked_again_after_a_kill_the_answer_is_the_same_and_costs_one_credit(home: Path, key: str) -> None:
    code = dialled(home, "*4*1420*99#")[1]
    with closing(Server(home)) as server:
        first = Site(server, key).post("/inquiries", inquiry(code), key="visit-1")
        server.kill()
    with closing(Server(home, drain="0")) as server:
        assert Site(server, key).post("/inquiries", inquiry(code), key="visit-1") == first
        assert Site(server, key).post("/inquiries", inquiry(code, LAPSED), key="visit-1").status == 422
        assert server.stop() == 0
    assert first.status == 200
    assert credit(home) == (9_999, 0, 1)


def asking(server: Server, key: str, code: str, said: list[Said]) -> threading.Thread:
    """An inquiry that the registry takes its time for, once it is under way."""

    def ask() -> None:
        try:
            said.append(Site(server, key).post("/inquiries", inquiry(code, SLOW), key="slow"))
        except OSError as cut:
            said.append(Said(0, type(cut).__name__))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_a_stop_waits_for_an_inquiry_that_is_under_way_and_keeps_no_credit(home: Path, key: str) -> None:
    code, said = dialled(home, "*4*1420*99#")[1], list[Said]()
    with closing(Server(home, drain="0")) as server:
        thread = asking(server, key, code, said)
        until(lambda: credit(home) == (9_999, 1, 0))
        assert server.stop(signal.SIGTERM) == 0
        thread.join()
    assert [each.status for each in said] == [503]
    assert credit(home) == (10_000, 0, 0)
    assert server.events()[-1] == "stopped"


def test_a_credit_that_a_killed_server_had_reserved_is_given_back_by_the_next(home: Path, key: str) -> None:
    code, said = dialled(home, "*4*1420*99#")[1], list[Said]()
    with closing(Server(home)) as server:
        thread = asking(server, key, code, said)
        until(lambda: credit(home) == (9_999, 1, 0))
        server.kill()
        thread.join()
    long_ago(home, "UPDATE credit_inquiries SET reserved_at = ?")
    with closing(Server(home, drain="0")) as server:
        until(lambda: credit(home) == (10_000, 0, 0))
        assert Site(server, key).post("/inquiries", inquiry(code), key="another").fields["remaining"] == 9_999
        assert server.stop() == 0
    assert [each.status for each in said] == [0]


def test_without_redis_the_api_answers_as_ever(home: Path, key: str) -> None:
    elsewhere = home / "elsewhere"
    with own_server(elsewhere) as url, closing(Server(home, drain="0", redis_url=url)) as server:
        code = server.post("", dialled="*4*1420*99#").splitlines()[1]
        redis = homes.server(elsewhere)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            os.kill(redis, number)
            said = Site(server, key).post("/inquiries", inquiry(code), key=number.name)
            assert said.status == 200
        assert said.fields["remaining"] == 9_998
        assert server.stop() == 0


def test_on_an_address_that_others_reach_the_api_opens_to_a_key_alone(home: Path, key: str) -> None:
    config = home / "ussd.yaml"
    config.write_text("host: 0.0.0.0\ngateways:\n  ours: {format: reference, auth: none}\n")
    with closing(Server(home, "--config", str(config), drain="0")) as server:
        for wrong in ("", f"{key[:-1]}-", "clinic"):
            assert Site(server, wrong).post("/one-time-codes", LOGIN).status == 401
            assert Site(server, wrong).ask("GET", "/inquiries", {}).status == 401
        assert Site(server, "").ask("GET", "/openapi.json", {}).status == 200
        assert Site(server, key).post("/one-time-codes", LOGIN).status == 202
        assert server.stop() == 0
