"""`*1666#` as a centre and a subscriber meet it, through the whole engine and the sample registries."""

import pytest
from aiohttp.test_utils import TestServer
from pydantic import HttpUrl

from simulator.registry import application
from tests.conftest import Handset
from ussd.app import running
from ussd.settings import Settings

CENTRE_LINE = "989120001666"
CODE = "\nکد پیگیری: n"
BY_NUMBER = "شماره بیمه بیمار را وارد نمایید:"


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        ("0007569602", "تأمین اجتماعی: برخوردار\nبدون همپوشانی با بیمه سلامت" + CODE),
        ("7407268940", "تأمین اجتماعی: برخوردار\nهمپوشانی با بیمه سلامت دارد" + CODE),
        ("9990579792", "تأمین اجتماعی: برخوردار\nهمپوشانی با بیمه سلامت بررسی نشد" + CODE),
        ("7559200151", "تأمین اجتماعی: برخوردار نیست\nتحت پوشش بیمه سلامت است" + CODE),
        ("0092000304", "تأمین اجتماعی: برخوردار نیست\nبیمه سلامت: پوشش ندارد" + CODE),
        ("7705705001", "تأمین اجتماعی: برخوردار نیست\nبیمه سلامت: پوشش ندارد" + CODE),
        ("9959321576", "پاسخی از سامانه نرسید."),
        ("9904829039", "پاسخی از سامانه نرسید."),
    ],
)
async def test_a_centre_reads_the_verdict_on_any_patient(handset: Handset, patient: str, said: str) -> None:
    handset.msisdn = CENTRE_LINE
    reply = await handset.call(f"*1666*1*{patient}#").dial()
    assert reply.text.startswith(said)
    assert reply.ends


async def test_the_screens_of_the_way_there(handset: Handset) -> None:
    handset.msisdn = CENTRE_LINE
    call = handset.call("*1666#")
    title = "تأمین اجتماعی\nمراکز بستری طرف قرارداد"
    assert (await call.dial()).text == f"{title}\n1-استحقاق سنجی\n2-با شماره بیمه\n3-English"
    assert (await call.type("۱")).text == "کد ملی بیمار را وارد نمایید:"
    assert "همپوشانی" in (await call.type("۷۴۰۷۲۶۸۹۴۰")).text


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("00000105", "تأمین اجتماعی: برخوردار\nهمپوشانی با بیمه سلامت بررسی نشد" + CODE),
        ("00000101", "تأمین اجتماعی: برخوردار\nهمپوشانی با بیمه سلامت بررسی نشد" + CODE),
        ("00000102", "تأمین اجتماعی: برخوردار نیست\nبیمه سلامت بررسی نشد" + CODE),
        ("12345678", "تأمین اجتماعی: برخوردار نیست\nبیمه سلامت بررسی نشد" + CODE),
        ("00000109", "پاسخی از سامانه نرسید."),
        ("00000108", "پاسخی از سامانه نرسید."),
    ],
)
async def test_a_centre_asks_by_insurance_number_too(handset: Handset, number: str, said: str) -> None:
    handset.msisdn = CENTRE_LINE
    reply = await handset.call(f"*1666*2*{number}#").dial()
    assert reply.text.startswith(said)
    assert reply.ends


async def test_the_screens_of_the_way_by_insurance_number(handset: Handset) -> None:
    handset.msisdn = CENTRE_LINE
    call = handset.call("*1666#")
    await call.dial()
    assert (await call.type("۲")).text == BY_NUMBER
    for malformed in ("0000105", "00000000105"):
        again = await call.type(malformed)
        assert again.text == "شماره بیمه معتبر نیست.\n" + BY_NUMBER
        assert not again.ends
    assert "بررسی نشد" in (await call.type("۰۰۰۰۰۱۰۵")).text


async def test_a_malformed_number_that_was_dialled_stays_at_the_prompt(handset: Handset) -> None:
    handset.msisdn = CENTRE_LINE
    reply = await handset.call("*1666*2*105#").dial()
    assert (reply.text, reply.ends) == ("شماره بیمه معتبر نیست.\n" + BY_NUMBER, False)


@pytest.mark.parametrize("number", ["00000101", "0007569602"])
async def test_a_subscriber_is_refused_by_insurance_number_even_ones_own(handset: Handset, number: str) -> None:
    refusal = await handset.call(f"*1666*2*{number}#").dial()
    assert refusal.ends
    assert refusal.text.endswith("\n*4*1420#")


async def test_a_subscriber_is_answered_about_oneself_and_refused_about_others(handset: Handset) -> None:
    assert "برخوردار" in (await handset.call("*1666*1*0007569602#").dial()).text
    refusal = await handset.call("*1666*1*0109136756#").dial()
    assert refusal.ends
    assert refusal.text.endswith("\n*4*1420#")
    assert "کد پیگیری" not in refusal.text


async def test_the_verdict_is_the_same_from_registries_over_http(settings: Settings, redis_url: str) -> None:
    async with TestServer(application()) as registry:
        url = str(registry.make_url("/"))
        over_http = settings.model_copy(
            update={
                "entitlement_url": HttpUrl(f"{url}sso"),
                "health_insurance_url": HttpUrl(f"{url}health"),
                "line_owner_url": HttpUrl(url),
            }
        )
        async with running(over_http, redis_url) as app:
            own = await Handset(app).call("*1666*1*0007569602#").dial()
            others = await Handset(app).call("*1666*1*0109136756#").dial()
            sample_centre = await Handset(app, CENTRE_LINE).call("*1666*1*7407268940#").dial()
    assert own.text.startswith("تأمین اجتماعی: برخوردار\nبدون همپوشانی")
    assert others.text.endswith("*4*1420#")
    assert sample_centre.text == others.text, "where real registries answer, no sample line is a centre's"
