"""What is around a server: an SMS gateway that notes what it is given, and a web site that is a client of the API."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.request import Request

from tests.server import Server, asked


class SmsGateway(ThreadingHTTPServer):
    """An SMS gateway on loopback, which takes messages while its status is of 2xx."""

    def __init__(self) -> None:
        self.status = 202
        self.refused: list[dict[str, str]] = []
        self.took: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Counter)
        self.url = f"http://127.0.0.1:{self.server_port}"

    def code_to(self, msisdn: str, after: int = 0) -> str:
        """The code of the newest message that the number was sent, or was to be sent; of that after so many."""

        def found() -> list[str]:
            return [message["text"] for message in self.took + self.refused if message["to"] == msisdn]

        until(lambda: len(found()) > after)
        return re.sub(r"\D", "", found()[-1].splitlines()[-1])


class _Counter(BaseHTTPRequestHandler):
    server: SmsGateway

    def do_POST(self) -> None:
        """Note the message, and take it or not."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.status
        (self.server.took if status < 300 else self.server.refused).append(message)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def sms_gateway() -> Iterator[SmsGateway]:
    """A gateway that is open."""
    with SmsGateway() as gateway:
        serving = threading.Thread(target=gateway.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield gateway
        finally:
            gateway.shutdown()
            serving.join()


class Said(NamedTuple):
    """What the API says."""

    status: int
    body: str

    @property
    def fields(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Site:
    """A web site that has a key for the API."""

    server: Server
    key: str = field(repr=False)

    def post(
        self, path: str, fields: Mapping[str, object], key: str = "", headers: Mapping[str, str] | None = None
    ) -> Said:
        """A POST; `key` is an Idempotency-Key."""
        sent = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {}) | dict(headers or {})
        return self.ask("POST", path, sent, json.dumps(fields).encode())

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Said:
        """Any request below /api/v1."""
        url = f"http://127.0.0.1:{self.server.port}/api/v1{path}"
        own = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        return Said(*asked(Request(url, body, own | dict(headers), method=method)))


def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something that is about to be true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
