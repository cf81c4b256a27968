"""The drawn phone, by its keys and its mouse, as a person holds it."""

import asyncio
import re

from textual.widgets import Input

from simulator.call import InProcess
from simulator.phone.app import DROPPED, NO_NETWORK, WAIT
from simulator.phone.trouble_keys import TroubleKey
from simulator.phone.wire_log import WireLog
from simulator.rtl import Writing
from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT, SLOW
from tests.simulator.phones import CODE, Away, Clock, Failing, Notes, engine, phone, through
from ussd.app import App
from ussd.callback import WireReply


async def test_dialling_choosing_and_typing_leads_to_the_answer(app: App) -> None:
    async with phone(engine(app)) as held:
        assert held.typed == CODE
        await held.press("enter")
        assert (held.shown, held.typed) == (MAIN_MENU, "")
        await held.send("1", "2")
        assert held.shown == PROMPT
        await held.send(ENTITLED)
        assert re.search("کد پیگیری: n[0-9]{6}", held.shown)
        assert held.typed == CODE
        assert held.facts[""] == "the call has ended"


async def test_every_key_can_be_clicked(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.click("#key-clear")
        await held.click("#key-hash")
        assert held.typed == CODE
        await held.click("#key-send")
        assert held.shown == MAIN_MENU
        for key in ("star", *"1234567890"):
            await held.pilot.click(f"#key-{key}")
        await held.pilot.pause()
        assert held.typed == "*1234567890"
        await held.click("#key-end")
        assert (held.shown, held.typed, held.subscriber.call) == ("", CODE, None)


async def test_persian_digits_are_typed_as_others(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.press("enter")
        await held.press("۱", "enter")
        await held.send("٢")
        await held.send("۰۰۰۷۵۶۹۶۰۲")
        assert "کد پیگیری" in held.shown


async def test_a_screen_reads_from_the_right_and_its_letters_are_joined(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.press("enter")
        assert held.drawn[:2] == ["ﯽﻋﺎﻤﺘﺟﺍ ﻦﯿﻣﺄﺗ", "ﻡﻼﻌﺘﺳﺍ-1"]
    async with phone(engine(app), writing=Writing(visual=False)) as held:
        await held.press("enter")
        await held.send("2")
        assert held.drawn[:2] == ["خدمات", "1-گواهی بیمه"]


async def test_octets_alphabet_page_and_time_stand_beside_it(app: App) -> None:
    clock = Clock()
    async with phone(engine(app), gateway="nalo", clock=clock) as held:
        assert held.facts["session"] == "no call"
        await held.press("enter")
        assert held.facts["screen"] == "144/160 octets, 72/120 characters, UCS-2"
        assert held.facts["page"] == "page 1, more behind 5"
        assert held.facts["gateway"].startswith("nalo, answer due in 5 s")
        clock.now = 100.4
        await held.send("5")
        assert held.facts["page"] == "page 2, the last"
        assert held.facts["session"] == "1:20 left of 3:00"


async def test_the_operator_ends_a_session_whose_time_is_up(app: App) -> None:
    clock = Clock()
    async with phone(engine(app), clock=clock) as held:
        await held.press("enter")
        clock.now = 180.0
        async with asyncio.timeout(5):
            while held.subscriber.call:
                await held.pilot.pause(0.1)
        await held.settled()
        assert (held.subscriber.call, held.typed) == (None, CODE)
        assert "its time is up" in held.facts[""]
        assert any('"event": "abort"' in entry.said for entry in held.wire)


async def test_the_wire_is_logged_in_the_gateways_own_format_with_numbers_masked(app: App) -> None:
    async with phone(engine(app), gateway="africastalking", size=(160, 40)) as held:
        await held.press("enter")
        await held.send("1", "2", ENTITLED)
        assert "→ POST /gateways/africastalking application/x-www-form-urlencoded" in held.log
        assert "text=1%2A2%2A00••••••••" in held.log
        assert "← 200 text/plain" in held.log
        for number in (ENTITLED, LINE, held.shown[-6:]):
            assert number not in held.log
        await held.press("f9")
        for number in (ENTITLED, LINE, held.shown[-6:]):
            assert number in held.log
        assert held.facts["line"] == LINE


async def test_the_gateway_is_changed_between_calls_and_not_within_one(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.press("f8")
        assert held.subscriber.gateway == "restcomm"
        await held.press("enter")
        assert held.shown == MAIN_MENU
        assert "<dialog" in held.wire[0].said
        await held.press("f8")
        assert held.subscriber.gateway == "restcomm"
        assert held.facts[""] == "the gateway is changed between calls"


async def test_it_can_be_used_on_a_terminal_of_any_size(app: App) -> None:
    async with phone(engine(app), size=(20, 8)) as held:
        await held.press("enter")
        assert held.shown == MAIN_MENU
        for width, height in [(40, 20), (60, 50), (80, 24), (100, 32), (120, 48)]:
            await held.pilot.resize_terminal(width, height)
            await held.pilot.pause()
            assert held.phone.query_one("#phone").region.right <= width
        for width, height in [(100, 32), (80, 24)]:
            await held.pilot.resize_terminal(width, height)
            await held.pilot.pause()
            assert held.phone.query_one(WireLog).region.height >= 4
            assert held.phone.query_one("#key-hash").region.bottom < height
            assert held.phone.query_one("#phone").region.bottom <= height


async def test_it_follows_a_terminal_that_changes_its_size(app: App) -> None:
    async with phone(engine(app), size=(120, 48)) as held:
        await held.press("enter")
        under = held.phone.query_one("#under")
        assert under.region.y >= held.phone.query_one("#phone").region.bottom
        await held.pilot.resize_terminal(80, 24)
        await held.pilot.pause()
        assert under.region.x >= held.phone.query_one("#phone").region.right
        assert held.shown == MAIN_MENU
        assert all(strip.cell_length <= 46 for strip in held.phone.query_one(WireLog).lines)


async def test_while_a_lookup_takes_its_time_it_says_so_and_can_be_hung_up(app: App) -> None:
    clock = Clock()
    async with phone(engine(app), clock=clock) as held:
        await held.press("enter")
        await held.send("1", "2")
        held.phone.query_one("#typed", Input).value = SLOW
        await held.start("enter")
        clock.now = 2.0
        async with asyncio.timeout(3):
            while held.facts["session"].startswith("3:00"):
                await held.pilot.pause(0.05)
        assert held.facts["session"] == "2:58 left of 3:00, waiting 2 s of 5"
        await held.start("1", "enter")
        assert held.typed == "1"
        await held.start("f6")
        assert held.subscriber.armed is None
        assert (held.shown, held.typed, held.subscriber.call) == ("", CODE, None)
        assert any('"event": "abort"' in entry.said for entry in held.wire)


async def test_between_calls_the_end_key_clears_the_dial_pad(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.press("escape")
        assert held.typed == ""
        await held.press("enter")
        assert held.wire == []
        await held.send("*1#")
        assert "این کد دستوری در این سامانه نیست" in held.shown


async def test_leaving_hangs_up(app: App) -> None:
    notes = Notes()
    async with phone(engine(app), recorder=notes) as held:
        await held.press("enter")
        await held.pilot.press("ctrl+q")
        await held.pilot.pause()
    assert notes.said[-1] == ("trouble", "hang-up")


async def test_each_trouble_key_can_be_clicked_and_shows_that_it_is_armed(app: App) -> None:
    async with phone(engine(app)) as held:
        for name in ("f4", "f5", "f6", "f7"):
            await held.click(f"#{name}")
            assert [key.id for key in held.phone.query(TroubleKey) if key.has_class("armed")] == [name]
        await held.press("f7")
        assert held.subscriber.armed is None


async def test_every_trouble_is_on_a_key(app: App) -> None:
    async with phone(engine(app)) as held:
        await held.press("f2")
        assert held.facts[""] == "no call is open"
        await held.press("enter")
        await held.send("1")
        await held.press("f2")
        assert (held.shown, held.typed) == (DROPPED, CODE)
        await held.press("enter")
        assert "ادامه" in held.shown
        await held.press("f3")
        assert held.wire[-2].said == held.wire[-5].said
        await held.press("f4")
        await held.send("2")
        assert held.wire[-1].said == "both got the same screen"
        await held.press("f7")
        await held.send("1")
        assert any("that reply is lost" in entry.said for entry in held.wire)
        await held.press("f6")
        await held.send("1")
        assert (held.shown, held.typed) == ("", CODE)
        assert held.facts[""] == "hung up while it was on its way"
        await held.press("f5", "enter")
        assert (held.shown, held.facts[""]) == (WAIT, "held up: it comes after the next one")
        await held.press("escape", "enter")
        assert held.shown == MAIN_MENU
        assert held.wire[-3].said == "what was held up arrives; nobody reads the answer"


async def test_a_network_that_fails_is_said_on_the_phone_and_a_retry_mends_it(app: App) -> None:
    broken = WireReply(b"Oops", "text/plain", 500)
    carrier = Failing(InProcess(app.door("reference"), app.service), [None, broken])
    async with phone(through(carrier)) as held:
        await held.press("enter")
        await held.send("1")
        assert (held.shown, held.typed) == (NO_NETWORK, CODE)
        assert held.facts[""] == "the gateway got HTTP 500: Oops"
        await held.press("f3")
        assert (held.shown.split("\n")[0], held.typed) == ("استعلام", "")
    async with phone(through(Away())) as held:
        await held.press("f3")
        assert held.facts[""] == "nothing was sent yet"
        await held.press("enter")
        assert (held.shown, held.facts[""]) == (NO_NETWORK, "http://127.0.0.1:9 does not answer: ClientConnectorError")
