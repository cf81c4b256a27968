"""`ussd registry`, as somebody who tries the engine against a registry starts and stops it."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.server import USSD, environment, ussd

QUESTION = {"operation_id": "op-1", "national_code": "0007569602", "service": "outpatient", "asked_by": "subscriber"}
PIPE = subprocess.PIPE


@contextmanager
def registry(home: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A registry that listens, and its address."""
    command = (*USSD, "registry", "--port", "0", *arguments)
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, env=environment(home)) as process:
        try:
            assert process.stdout is not None
            said, _, address = process.stdout.readline().strip().rpartition(" ")
            assert said == "registry on"
            yield process, address
        finally:
            process.kill()


def post(url: str, token: str | None = None) -> tuple[int, str]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urlopen(Request(url, json.dumps(QUESTION).encode(), headers), timeout=10) as reply:
            return reply.status, reply.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    with registry(tmp_path, "--token", "s3cret") as (process, address):
        assert address.startswith("http://127.0.0.1:")
        status, body = post(f"{address}/sso/inquiries", "s3cret")
        answer = json.loads(body)
        assert (status, answer["operation_id"], answer["entitled"]) == (200, "op-1", True)
        assert post(f"{address}/sso/inquiries")[0] == 401
        process.send_signal(number)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
    assert not list(tmp_path.iterdir()), "it leaves nothing behind"


def test_it_is_as_slow_and_as_broken_as_it_is_told_to_be(tmp_path: Path) -> None:
    with registry(tmp_path, "--delay", "0.3", "--fail-rate", "1") as (_, address):
        begun = time.monotonic()
        assert post(f"{address}/health/inquiries")[0] == 500
        assert time.monotonic() - begun >= 0.3


def test_it_stops_while_somebody_waits_for_an_answer_and_says_nothing_of_them(tmp_path: Path) -> None:
    with registry(tmp_path, "--delay", "60") as (process, address):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as line:
            body = json.dumps(QUESTION)
            head = ("POST /sso/inquiries HTTP/1.1", "Host: x", "Content-Type: application/json")
            line.sendall("\r\n".join((*head, f"Content-Length: {len(body)}", "", body)).encode())
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = ussd(tmp_path, "registry", "--port", str(taken.getsockname()[1]))
    assert (run.returncode, run.stdout) == (1, "")
    assert "in use" in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("wrong", [("--port", "65536"), ("--port", "0", "--fail-rate", "2"), ("--delay", "1"), ("x",)])
def test_a_usage_error_is_exit_code_2(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    assert ussd(tmp_path, "registry", *wrong).returncode == 2
