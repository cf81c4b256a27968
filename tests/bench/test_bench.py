"""The benchmark: who is compared, on what terms, and what comes of it."""

import json
import os
import re
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.bench.flow import CODE, requests
from simulator.bench.peers import peers
from simulator.bench.processes import BenchFailed, cores, cpu_seconds, free_port, pinned, reason, serving
from simulator.bench.right import answers
from simulator.bench.steps import steps
from tests.conftest import MAIN_MENU, PROMPT
from tests.server import ussd
from ussd.core.strict_yaml import FileError

PEERS = Path(__file__).parent / "peers"
ENGINES = ["ussd-airflow-engine", "ussd-builder", "ussd-menu-builder", "ussdflow"]
LIAR = """
import os
from urllib.parse import parse_qs

from aiohttp import web

SAID = {answers!r}


async def handle(request):
    text = parse_qs((await request.read()).decode(), keep_blank_values=True)["text"][0]
    place = text.count("*") + 1 if text else 0
    return web.Response(text="CON " + "ک" * 90 if place == 2 else SAID[place])


served = web.Application()
served.router.add_post("/gateways/africastalking", handle)
web.run_app(served, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
"""


def peer(folder: Path, name: str = "other", install: str = "nothing", serve: tuple[str, ...] = ("node",)) -> Path:
    """The folder of one more engine."""
    (folder / name).mkdir(parents=True)
    written = {"name": name, "install": install, "serve": serve, "patched": "Nothing is.", "answers": answers()}
    (folder / name / "peer.yaml").write_text(json.dumps(written, ensure_ascii=False))
    return folder / name


def test_the_dialogue_is_that_of_the_menu_that_is_shipped() -> None:
    first, inquiry, prompt, last = answers()
    assert (first, prompt) == (f"CON {MAIN_MENU}", f"CON {PROMPT}")
    assert inquiry.startswith("CON استعلام\n")
    assert last == "END از حمایت درمانی برخوردار میباشید.\nکد پیگیری: n000000"


def test_requests_are_as_long_as_they_say() -> None:
    for request, typed in zip(requests(8080), ("", "1", "1%2A2", "1%2A2%2A0007569602"), strict=True):
        head, _, body = request.decode().partition("\r\n\r\n")
        assert f"content-length: {len(body)}" in head.split("\r\n")
        assert body.endswith(f"&text={typed}")


def test_every_peer_says_what_the_engine_says() -> None:
    found = {one.folder.name: one for one in peers(PEERS)}
    assert list(found) == ENGINES
    for one in found.values():
        assert tuple(text.rstrip("\n") for text in one.flow.answers) == answers()
        assert not one.flow.own_codes
        assert len(one.patched) > 40


def test_peers_are_pinned_and_name_nowhere_to_get_them_from() -> None:
    for file in PEERS.rglob("*.json"):
        assert "http" not in file.read_text()
    for name in ("ussd-builder", "ussd-menu-builder"):
        wanted = json.loads((PEERS / name / "package.json").read_text())["dependencies"]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", number) for number in wanted.values())
    for name in ("ussdflow", "ussd-airflow-engine"):
        lines = (PEERS / name / "requirements.txt").read_text().splitlines()
        assert all(re.fullmatch(r"[\w.-]+==\d[\w.]+", line) for line in lines)


def test_a_peer_is_copied_and_installed_once(tmp_path: Path) -> None:
    folder = peer(tmp_path / "peers")
    [one] = peers(tmp_path / "peers")
    place = one.installed(tmp_path / "cache")
    assert place.parent == tmp_path / "cache"
    assert {path.name for path in place.iterdir()} == {"peer.yaml", "installed"}
    (folder / "server.js").touch()
    assert one.installed(tmp_path / "cache") == place
    assert (place / "server.js").exists()


def test_a_peer_that_cannot_be_installed_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (peer(tmp_path / "peers", install="npm") / "package.json").write_text("{}")
    [one] = peers(tmp_path / "peers")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BenchFailed, match="npm is not installed here"):
        one.installed(tmp_path / "cache")


def test_an_installation_that_failed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (peer(tmp_path / "peers", install="npm") / "package.json").write_text("{}")
    [one] = peers(tmp_path / "peers")
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho Error: no such package at https://example.org/a/b\necho bye\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for _ in range(2):
        with pytest.raises(BenchFailed, match=r"npm failed: Error: no such package at \.\.\."):
            one.installed(tmp_path / "cache")
    npm.write_text("#!/bin/sh\n")
    assert (one.installed(tmp_path / "cache") / "installed").exists()


def test_a_file_that_is_no_peer_is_refused_with_its_place(tmp_path: Path) -> None:
    (peer(tmp_path) / "peer.yaml").write_text("name: other\ninstall: cargo\n")
    with pytest.raises(FileError, match=r"peer\.yaml:2:10"):
        peers(tmp_path)


def test_a_peers_processes_see_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer(tmp_path)
    [one] = peers(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "/here")
    monkeypatch.setenv("USSD_SECRET", "s" * 32)
    given = one.environment(tmp_path)
    assert not [name for name in given if name.startswith(("PYTHON", "USSD_"))]
    assert given["PATH"].startswith(str(tmp_path / "venv" / "bin"))


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    for command, said in (
        ((sys.executable, "-c", "import nothing_at_all"), "No module named 'nothing_at_all'"),
        (("no-such-program",), "no-such-program does not start: No such file"),
    ):
        with pytest.raises(BenchFailed, match=said), serving(command, free_port(), {}, tmp_path, tmp_path / "log"):
            pass


def test_the_reason_is_the_last_error_and_names_no_place() -> None:
    assert reason(b"ValueError: /home/me/.x/y.py is bad\nbye\n") == "ValueError: ... is bad"
    assert reason(b"one\n\n two \n\n") == "two"
    assert reason(b"") == "it said nothing"


def test_what_a_process_took_is_known_with_its_children() -> None:
    before, began = cpu_seconds(os.getpid()), time.process_time()
    assert before is not None
    while time.process_time() < began + 0.2:
        pass
    after = cpu_seconds(os.getpid())
    assert after is not None
    assert after - before == pytest.approx(0.2, abs=0.1)
    assert cpu_seconds(2**22 + 1) is None


def test_what_is_started_is_pinned_and_this_process_is_not() -> None:
    before, here = os.sched_getaffinity(0), cores()
    assert here.count == len(before)
    with pinned(min(before)):
        assert os.sched_getaffinity(0) == {min(before)}
    with pinned(None):
        assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before


@pytest.mark.alone
def test_pure_steps_are_timed_for_each_menu_that_is_shipped() -> None:
    found = steps(most=20, times=5)
    assert len(found) == 4
    assert 0 < found[CODE].median <= found[CODE].slowest
    assert all(0 < one.timed <= 20 for one in found.values())


@pytest.mark.alone
def test_a_run_counts_everything_and_finds_who_lies(tmp_path: Path) -> None:
    others, report = tmp_path / "others", tmp_path / "RESULTS.md"
    (peer(others, "liar", serve=(sys.executable, "server.py")) / "server.py").write_text(
        dedent(LIAR.format(answers=answers()))
    )
    peer(others, "silent", serve=(sys.executable, "-c", "import nothing_at_all"))
    options = ("--rounds", "1", "--seconds", "0.5", "--connections", "8", "--json")
    run = ussd(tmp_path / "home", "bench", *options, "--peers", str(others), "--write", str(report))
    assert run.returncode == 1, run.stderr
    said = json.loads(run.stdout)
    assert said.keys() == {
        *("date", "rounds", "seconds", "connections", "cores", "load_average", "versions"),
        *("contenders", "absent", "ratios", "ratios_of_menus_alone", "step_microseconds"),
    }
    engine, menus, floor, liar = said["contenders"].values()
    assert (said["rounds"], said["seconds"], said["connections"]) == (1, 0.5, 8)
    assert (engine["kind"], engine["wrong"], engine["failed"], engine["too_long"]) == ("engine", {}, {}, 0)
    assert (floor["kind"], floor["wrong"], floor["failed"], floor["too_long"]) == ("floor", {}, {}, 0)
    assert (menus["kind"], menus["wrong"], menus["failed"], menus["too_long"]) == ("menus", {}, {}, 0)
    assert liar["kind"] == "peer"
    assert liar["too_long"] == sum(liar["wrong"].values()) > 0
    for one in (engine, menus, floor):
        assert one["answered"] > 0
        assert 0 < one["p50"] <= one["p99"]
        assert min(one["per_cpu_second"], one["redis_per_cpu_second"], one["server_busy"], one["load_busy"]) > 0
        assert max(one["rate"]["all"]) == one["rate"]["best"] > 0
    assert said["ratios"].keys() == {"floor", "liar"}
    for ratio in said["ratios"]["floor"].values():
        assert min(ratio["all"]) <= ratio["median"] <= max(ratio["all"])
    assert said["absent"] == {
        "silent": "the server does not start: ModuleNotFoundError: No module named 'nothing_at_all'"
    }
    assert said["versions"]["server"]
    written = report.read_text()
    assert f"{said['date']} (UTC), by `ussd bench --rounds 1 " in written
    assert "| engine over liar (not all right) |" in written
    assert "- liar: Nothing is." in written


def test_peers_that_are_not_there_are_a_usage_error(tmp_path: Path) -> None:
    run = ussd(tmp_path, "bench", "--peers", str(tmp_path / "none"))
    assert (run.returncode, run.stdout) == (2, "")
    assert "--peers" in run.stderr
