"""`ussd load`, as its users and their scripts rely on it."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.conftest import ENTITLED, MAIN_MENU
from tests.gateways.smpp.network import free_port
from tests.homes import a_home
from tests.server import USSD, Server, environment, ussd
from tests.test_cli_load_open import FIELDS

CONFIGURATION = """
gateways:
  mci:
    format: smpp
    smpp:
      host: 127.0.0.1
      port: %s
      system_id: tamin
      password_env: MCI_PASSWORD
      dialect: tata
      enquire_link: 200ms
      response_timeout: 500ms
"""

TOOK = "p50 [0-9.]+, p90 [0-9.]+, p99 [0-9.]+, p99.9 [0-9.]+, max [0-9.]+ ms"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that is right."""
    with a_home() as home:
        server = Server(home, drain="0s")
        yield server
        assert server.stop() == 0


@pytest.fixture(scope="module")
def smsc_port() -> Iterator[int]:
    """Where a server that is right looks for its SMSC."""
    port = free_port()
    with a_home() as home, pytest.MonkeyPatch.context() as variables:
        variables.setenv("MCI_PASSWORD", "hush1234")
        configuration = home / "ussd.yaml"
        configuration.write_text(CONFIGURATION % port)
        server = Server(home, "--config", str(configuration), drain="0s")
        yield port
        assert server.stop() == 0


def load(tmp_path: Path, *arguments: str) -> CompletedProcess[str]:
    return ussd(tmp_path, "load", *arguments)


@pytest.mark.parametrize("gateway", ["reference", "africastalking"])
def test_one_object_says_what_was_done_how_fast_and_what_was_wrong(
    server: Server, tmp_path: Path, gateway: str
) -> None:
    url = f"http://127.0.0.1:{server.port}"
    run = load(tmp_path, "--url", url, "--gateway", gateway, "--dialogues", "30", "--at-once", "4", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    said = json.loads(run.stdout)
    alone = {"seconds", "callbacks_per_second", "client_was_late", "waited_for_connection", "steps"}
    assert said.keys() == FIELDS | alone
    assert (said["dialogues"], said["callbacks"], said["failed"], said["wrong"]) == (30, 120, {}, {})
    assert (said["begun"], said["finished"], said["dropped"], said["shed"]) == (30, 30, 0, {})
    assert 0 < said["ms"]["p50"] <= said["ms"]["p90"] <= said["ms"]["p99"] <= said["ms"]["p99.9"] <= said["ms"]["max"]
    assert {kind: one["count"] for kind, one in said["kinds"].items()} == {"dial": 30, "going_on": 90, "shed": 0}
    assert said["callbacks_per_second"] == pytest.approx(120 / said["seconds"], rel=0.1)
    assert said["goodput"] == pytest.approx(30 / said["seconds"], rel=0.1)
    assert said["steps"] == []
    assert list(tmp_path.iterdir()) == []


def test_a_person_reads_a_table(server: Server, tmp_path: Path) -> None:
    options = ("--dialogues", "5", "--code", "*4*1420*1#", "--inputs", "2", "--lines-from", "989160100000")
    run = load(tmp_path, "--url", f"http://127.0.0.1:{server.port}/gateways/reference", *options)
    assert (run.returncode, run.stderr) == (0, "")
    assert re.fullmatch(
        r"dialogues  5\n"
        r"finished   5: [0-9.]+ a second\n"
        r"shed       0\n"
        r"callbacks  10 in [0-9.]+ s: [0-9.]+ a second\n"
        rf"answered   {TOOK}\n"
        rf"dial       {TOOK}; 5\n"
        rf"going on   {TOOK}; 5\n"
        rf"lag        {TOOK}\n"
        r"failed     0\n"
        r"wrong      0\n",
        run.stdout,
    )


@pytest.mark.parametrize(
    ("gateway", "line"), [("reference", "989130100000"), ("africastalking", "989140100000"), ("nalo", "989150100000")]
)
def test_the_server_that_is_shipped_stands_duplicates_drops_and_who_leaves(
    server: Server, tmp_path: Path, gateway: str, line: str
) -> None:
    mix = ("--duplicates", "0.3", "--drops", "0.2", "--leave", "0.3", "--think", "0.01", "--lines-from", line)
    where = ("--url", f"http://127.0.0.1:{server.port}", "--gateway", gateway)
    run = load(tmp_path, *where, *mix, "--rate", "40", "--seconds", "1", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    said = json.loads(run.stdout)
    assert (said["failed"], said["wrong"]) == ({}, {})
    assert said["finished"] + said["dropped"] + sum(said["shed"].values()) == said["dialogues"] > 15
    assert said["dropped"] > 0


async def test_what_failed_and_what_was_wrong_is_counted_by_kind_and_is_exit_1(tmp_path: Path) -> None:
    async def handle(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        match int((await request.json())["msisdn"]) % 100000:
            case 2 | 3:
                return web.Response(status=503)
            case 4:
                return web.json_response({"text": "another", "ends": True})
            case _:
                return web.json_response({"text": "that", "ends": True})

    served = web.Application()
    served.router.add_post("/gateways/reference", handle)
    async with TestServer(served) as server:
        options = ("--dialogues", "9", "--inputs", "", "--header", "Authorization: Bearer secret")
        command = (*USSD, "load", "--url", str(server.make_url("")), *options)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env=environment(tmp_path)
        )
        said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert said.decode().endswith("\nfailed     2; HTTP 503: 2\nwrong      1; another text: 1\n")


def test_a_server_that_is_not_there_is_exit_1(tmp_path: Path) -> None:
    run = load(tmp_path, "--url", "http://127.0.0.1:9", "--json")
    assert (run.returncode, run.stderr) == (1, "")
    assert json.loads(run.stdout)["failed"] == {"ConnectionRefusedError": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "start `ussd serve`"),
        (("--url", "http://192.0.2.1:8080"), "--yes-elsewhere"),
        (("--url", "http://localhost.example:8080"), "--yes-elsewhere"),
        (("--url", "127.0.0.1:8080"), "--yes-elsewhere"),
        (("--url", "http://127.0.0.1:8080", "--dialogues", "0"), "--dialogues"),
        (("--url", "http://127.0.0.1:8080", "--gateway", "none"), "--gateway"),
        (("--rate", "0"), "--rate"),
        (("--rate", "fast"), "--rate"),
        (("--rate", "50:10s,500"), "--rate"),
        (("--rate", "50:0s"), "--rate"),
        (("--rate", "50", "--dialogues", "10"), "--dialogues"),
        (("--rate", "50", "--at-once", "10"), "--at-once"),
        (("--rate", "50:10s", "--seconds", "5"), "--seconds"),
        (("--evenly",), "--rate"),
        (("--think", "1"), "--rate"),
        (("--duplicates", "1.5"), "--duplicates"),
        (("--gateway", "parlayx", "--duplicates", "0.1"), "--duplicates"),
        (("--gateway", "smpp", "--leave", "0.1"), "--leave"),
        (("--gateway", "smpp", "--connections", "2"), "--connections"),
        (("--histogram", "nowhere/load.hgrm"), "nowhere is no folder"),
    ],
)
def test_a_load_that_is_not_meant_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    run = load(tmp_path, *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr


def test_a_load_elsewhere_that_is_meant_is_done(tmp_path: Path) -> None:
    run = load(tmp_path, "--url", "http://0.0.0.0:9", "--yes-elsewhere", "--json")
    assert (run.returncode, json.loads(run.stdout)["dialogues"]) == (1, 1)


def test_an_smpp_gateway_is_dialled_and_loaded_where_its_server_looks_for_the_smsc(
    smsc_port: int, tmp_path: Path
) -> None:
    here = ("--gateway", "smpp", "--listen", f"127.0.0.1:{smsc_port}", "--dialect", "tata", "--json")
    dialled = ussd(tmp_path, "dial", "*4*1420#", "--inputs", f"1 2 {ENTITLED}", *here)
    waiting = f"waiting up to 35 s for a server that binds to 127.0.0.1:{smsc_port}\n"
    assert (dialled.returncode, dialled.stderr) == (0, waiting)
    main, _, _, answer = [json.loads(line) for line in dialled.stdout.splitlines()]
    assert (main["text"], answer["ends"]) == (MAIN_MENU, True)
    loaded = load(tmp_path, "--dialogues", "20", *here)
    assert (loaded.returncode, loaded.stderr) == (0, waiting)
    said = json.loads(loaded.stdout)
    assert (said["dialogues"], said["callbacks"], said["failed"], said["wrong"]) == (20, 80, {}, {})


def test_an_smpp_gateway_is_loaded_in_an_open_loop_too(smsc_port: int, tmp_path: Path) -> None:
    here = ("--gateway", "smpp", "--listen", f"127.0.0.1:{smsc_port}", "--dialect", "tata", "--json")
    rate = ("--rate", "40", "--evenly", "--seconds", "0.5")
    loaded = load(tmp_path, *here, *rate, "--drops", "0.2", "--lines-from", "989130100000")
    said = json.loads(loaded.stdout)
    assert (loaded.returncode, said["dialogues"], said["failed"], said["wrong"]) == (0, 20, {}, {})
    assert said["finished"] + said["dropped"] == 20


def test_the_link_lives_while_nobody_types(smsc_port: int, tmp_path: Path) -> None:
    command = (*USSD, "dial", "*4*1420#", "--gateway", "smpp", "--listen", f"127.0.0.1:{smsc_port}")
    options = ("--dialect", "tata", "--msisdn", "989120000008", "--json")
    with Popen((*command, *options), stdin=PIPE, stdout=PIPE, text=True, env=environment(tmp_path)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert MAIN_MENU in json.loads(process.stdout.readline())["text"]
        time.sleep(1.5)
        process.stdin.write("1\n")
        process.stdin.flush()
        assert "استعلام" in json.loads(process.stdout.readline())["text"]
        process.stdin.close()
    assert process.returncode == 0


@pytest.mark.parametrize("command", [("dial", "*4*1420#"), ("load",)])
def test_without_a_place_for_its_smsc_an_smpp_gateway_is_a_usage_error(tmp_path: Path, command: tuple[str]) -> None:
    run = ussd(tmp_path, *command, "--gateway", "smpp")
    assert (run.returncode, run.stdout) == (2, "")
    for said in ("ussd serve --config", "--listen 127.0.0.1:2775"):
        assert said in run.stderr


@pytest.mark.parametrize(
    "place", ["10.0.0.1:2775", "0.0.0.0:2775", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ":1"]
)
def test_nothing_listens_but_on_this_machine(tmp_path: Path, place: str) -> None:
    run = load(tmp_path, "--gateway", "smpp", "--listen", place)
    assert (run.returncode, run.stdout) == (2, "")
    assert "--listen" in run.stderr


def test_a_place_that_is_taken_is_exit_1(server: Server, tmp_path: Path) -> None:
    run = load(tmp_path, "--gateway", "smpp", "--listen", f"127.0.0.1:{server.port}")
    assert (run.returncode, run.stdout) == (1, "")
    assert re.search("address already in use", run.stderr, re.IGNORECASE)
