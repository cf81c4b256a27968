"""A changed menu is served from the next dial on; who is in the old one ends in the old one, in every process."""

import asyncio
import itertools
import json
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request

import pytest
from aiohttp import ClientSession

from tests.server import Server, asked

SHIPPED = Path(__file__).parent.parent / "menus"
OLD, NEW = "استحقاق درمان", "درمان من"


@pytest.fixture
def home(home: Path) -> Path:
    """With menus of its own."""
    shutil.copytree(SHIPPED, home / "menus")
    return home


def start(home: Path, **settings: str) -> Server:
    return Server(home, drain="0", menus=str(home / "menus"), **settings)


def change(home: Path, old: str = OLD, new: str = NEW) -> None:
    file = home / "menus" / "1420.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError


def send(server: Server, session: str, event: str = "begin", **fields: str) -> str:
    wire = {"session": session, "msisdn": f"98912{int(session):07}", "event": event, **fields}
    url = f"http://127.0.0.1:{server.port}/gateways/reference"
    status, body = asked(Request(url, json.dumps(wire).encode(), {"Content-Type": "application/json"}))
    assert status == 200
    return str(json.loads(body)["text"])


def inquiries(server: Server, session: str) -> str:
    return send(server, session, dialled="*4*1420*1#")


def taken(server: Server) -> float:
    return server.metrics()["ussd_menus_taken_total"]


def test_a_change_is_taken_and_who_is_in_the_old_menu_ends_in_it(home: Path) -> None:
    with closing(start(home)) as server:
        assert OLD in inquiries(server, "1")
        change(home, 'ask: {fa: "کد ملی خود را وارد نمایید:"', 'ask: {fa: "کد ملی:"')
        until(lambda: taken(server) == 1)
        assert send(server, "1", "continue", input="2") == "کد ملی خود را وارد نمایید:"
        assert send(server, "2", dialled="*4*1420*1*2#") == "کد ملی:"


def test_a_key_that_means_something_else_by_now_means_what_was_shown(home: Path) -> None:
    with closing(start(home)) as server:
        inquiries(server, "1")
        file = home / "menus" / "1420.yaml"
        swapped = file.read_text().replace("goto: pension}", "goto: ?}")
        swapped = swapped.replace("goto: insurance_record}", "goto: pension}")
        file.write_text(swapped.replace("goto: ?}", "goto: insurance_record}"))
        until(lambda: taken(server) == 1)
        assert "حقوق مستمری" in send(server, "1", "continue", input="3")


def test_a_broken_file_changes_nothing_and_the_log_and_the_metrics_say_so(home: Path) -> None:
    with closing(start(home)) as server:
        change(home, "goto: pension}", "goto: nowhere}")
        until(lambda: server.metrics()["ussd_menus_refused_total"] == 1)
        assert OLD in inquiries(server, "1")
        assert taken(server) == 0
        change(home, "goto: nowhere}", "goto: pension}")
        change(home)
        until(lambda: NEW in inquiries(server, str(time.monotonic_ns() % 10_000_000)))
        server.stop()
        [refused] = [json.loads(line) for line in server.log if '"menus_refused"' in line]
        assert refused["faults"][0].endswith("no such screen: nowhere")


def test_who_goes_on_in_a_process_that_never_had_the_old_menu_ends_in_the_old_menu(home: Path) -> None:
    with closing(start(home)) as old:
        first = inquiries(old, "1")
        old.kill()
    change(home)
    with closing(start(home)) as new:
        assert NEW in inquiries(new, "2")
        assert OLD in first
        assert send(new, "1", "continue", input="9").endswith(first)
        assert send(new, "1", "continue", input="2") == "کد ملی خود را وارد نمایید:"


def test_a_process_that_has_not_read_the_change_yet_goes_on_in_the_new_menu(home: Path) -> None:
    with closing(start(home)) as new, closing(start(home, watch="false")) as old:
        change(home)
        until(lambda: taken(new) == 1)
        first = inquiries(new, "1")
        assert NEW in first
        assert OLD in inquiries(old, "2")
        assert send(old, "1", "continue", input="9").endswith(first)


def test_without_watching_sighup_takes_the_change(home: Path) -> None:
    with closing(start(home, watch="false")) as server:
        change(home)
        time.sleep(0.3)
        assert OLD in inquiries(server, "1")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: taken(server) == 1)
        assert NEW in inquiries(server, "2")


def test_a_new_file_is_a_new_shortcode_and_one_that_is_gone_is_unknown(home: Path) -> None:
    with closing(start(home)) as server:
        assert "نیست" in send(server, "1", dialled="*123#")
        (home / "menus" / "mine.yaml").write_text('code: "*123#"\nstart: a\nscreens: {a: {end: سلام}}\n')
        until(lambda: taken(server) == 1)
        assert send(server, "2", dialled="*123#") == "سلام"
        (home / "menus" / "mine.yaml").unlink()
        until(lambda: taken(server) == 2)
        assert "نیست" in send(server, "3", dialled="*123#")


def test_what_is_too_much_for_a_narrow_line_is_a_warning_and_is_served_all_the_same(home: Path) -> None:
    narrow = home / "ussd.yaml"
    narrow.write_text("gateways: {reference: {format: reference, auth: none, profile: {max_octets: 80}}}\n")
    with closing(Server(home, "--config", str(narrow), drain="0", menus=str(home / "menus"))) as server:
        assert send(server, "1", dialled="*4*1420#").endswith("بعدي")
        until(lambda: any('"menus_cramped"' in line for line in list(server.log)))


OLD_PROMPT, NEW_PROMPT = "کد ملی خود را وارد نمایید:", "کد ملی شما:"


@dataclass
class Callers:
    """Lines that dial and answer as long as they are let, each dialogue from a line of its own."""

    client: ClientSession
    going: bool = True
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    read: list[tuple[str, str]] = field(default_factory=list)
    """Both screens of each dialogue."""

    async def call(self) -> None:
        while self.going:
            number = next(self.numbers)
            inquiry = await self._shown(number, event="begin", dialled="*4*1420*1#")
            await asyncio.sleep(random.uniform(0, 0.3))
            self.read.append((inquiry, await self._shown(number, event="continue", input="2")))

    async def _shown(self, number: int, **fields: str) -> str:
        wire = {"session": f"s{number}", "msisdn": f"98912{number:07}", **fields}
        async with self.client.post("/gateways/reference", json=wire) as reply:
            assert reply.status == 200
            return str((await reply.json())["text"])


async def test_under_load_no_callback_fails_and_no_dialogue_mixes_two_editions(home: Path) -> None:
    """Both texts of a dialogue change at once, again and again; each dialogue has both of one edition."""
    file = home / "menus" / "1420.yaml"
    old = file.read_text()
    assert OLD in old
    assert OLD_PROMPT in old
    written = (old, old.replace(OLD, NEW).replace(OLD_PROMPT, NEW_PROMPT))
    with closing(await asyncio.to_thread(start, home)) as server:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as client:
            callers = Callers(client)
            calls = [asyncio.create_task(callers.call()) for _ in range(16)]
            for number in range(6):
                file.write_text(written[(number + 1) % 2])
                await asyncio.sleep(0.6)
            callers.going = False
            await asyncio.gather(*calls)
    assert {NEW in inquiry for inquiry, _ in callers.read} == {True, False}
    assert {(OLD in inquiry, NEW in inquiry, prompt) for inquiry, prompt in callers.read} == {
        (True, False, OLD_PROMPT),
        (False, True, NEW_PROMPT),
    }
