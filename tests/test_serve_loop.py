"""The server on either event loop: the same dialogue, and the same stop that drops nobody."""

import asyncio
import json
import re
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ENTITLED, MAIN_MENU, PROMPT, SLOW
from tests.server import Server, ussd
from tests.test_serve_workers import serving, until
from ussd.web.loop import LoopError, new_loop

ANSWER = re.compile("END از حمایت درمانی برخوردار میباشید\\.\nکد پیگیری: n[0-9]{6}")


def loops_said(server: Server) -> set[str]:
    said = [json.loads(line) for line in list(server.log) if line.startswith("{")]
    return {one["loop"] for one in said if one["event"] == "serving"}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_dialogue_is_answered_and_a_stop_finishes_what_is_under_way(home: Path, loop: str) -> None:
    config = home / "ussd.yaml"
    config.write_text("gateways: {africastalking: {format: africastalking, profile: {deadline: 1.5s}}}\n")
    with closing(Server(home, "--config", str(config), loop=loop, drain="0.3s")) as server:
        assert server.post("") == f"CON {MAIN_MENU}"
        assert server.post("1*2") == f"CON {PROMPT}"
        answer = server.post(f"1*2*{ENTITLED}")
        assert ANSWER.fullmatch(answer)
        assert server.post(f"1*2*{ENTITLED}") == answer, "a retry"
        late: list[str] = []
        slow = threading.Thread(target=lambda: late.append(server.post(f"1*2*{SLOW}", "slow", "989120000002")))
        slow.start()
        time.sleep(0.2)
        assert server.stop() == 0
        slow.join()
        assert late[0].startswith("END پاسخی از سامانه نرسید.")
        assert server.events()[-1] == "stopped"
        assert loops_said(server) == {loop}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_workers_run_it_too(home: Path, loop: str) -> None:
    with closing(Server(home, "--workers", "2", loop=loop, drain="0")) as server:
        until(lambda: len(serving(server)) == 2)
        assert server.post("") == f"CON {MAIN_MENU}"
        assert server.stop() == 0
        assert server.events().count("stopped") == 2
        assert loops_said(server) == {loop}


def test_where_nothing_is_asked_for_it_is_the_fast_one_if_that_is_installed(home: Path) -> None:
    with closing(Server(home, drain="0")) as server:
        server.stop()
        assert loops_said(server) == {"uvloop"}


def test_without_uvloop_the_usual_loop_runs_unless_uvloop_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert new_loop("auto") is asyncio.new_event_loop
    assert new_loop("asyncio") is asyncio.new_event_loop
    with pytest.raises(LoopError, match="not installed: the extra `fast` has it"):
        new_loop("uvloop")


def test_another_name_is_a_fault_of_the_configuration(home: Path) -> None:
    refused = ussd(home, "serve", loop="gevent")
    assert refused.returncode == 1
    assert refused.stderr.startswith("USSD_LOOP")
