"""An engine in a process of its own, in which one function after another raises what a careless library might.

That is an exception whose message holds all that the function was given: each line of the log has to do without it.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.test_utils import TestClient, TestServer

import ussd.log
from ussd.app import App, running
from ussd.settings import Settings
from ussd.web.api import routes as api_routes
from ussd.web.callbacks import MAX_BODY, routes

ROOT = str(Path(__file__).parents[2])
_OURS = (f"{ROOT}/ussd/", f"{ROOT}/gateways/")
_LET_BE = (f"{ROOT}/ussd/log.py", f"{ROOT}/ussd/settings/", f"{ROOT}/ussd/cli/")
_BROKEN = ClientTimeout(4)
"""Whoever is broken in its middle may never answer."""


class Sabotage(Exception):
    """Somebody's fault."""


@dataclass
class Saboteur:
    """Watches every call of a function of ours, and breaks one."""

    met: dict[CodeType, None] = field(default_factory=dict)
    target: CodeType | None = None
    fired: int = 0

    @property
    def watching(self) -> bool:
        return sys.gettrace() is not None

    def begin(self, target: CodeType | None = None) -> None:
        """Watch from here on; break `target` when it is called."""
        self.target = target
        sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(_OURS) or code.co_filename.startswith(_LET_BE):
            return
        if self.target is None:
            self.met.setdefault(code)
        elif code is self.target:
            self.fired += 1
            sys.settrace(None)
            raise Sabotage(repr(frame.f_locals))


@dataclass(frozen=True)
class Script:
    """Requests with canaries in all of their places."""

    line: str
    centre: str
    code: str
    key: str

    def callbacks(self, session: str) -> Iterator[dict[str, str]]:
        """In Africa's Talking's form."""
        dials = (("*4*1420#", ("", "1", "1*2", f"1*2*{self.code}")), ("*4*1420*99#", ("",)), ("*4*40#", ("",)))
        for dialled, all_typed in dials:
            for typed in all_typed:
                name = f"{session}-{dialled}"
                yield {"sessionId": name, "phoneNumber": f"+{self.line}", "serviceCode": dialled, "text": typed}
        centre = {"phoneNumber": f"+{self.centre}", "serviceCode": "*1666#"}
        yield {"sessionId": f"{session}-centre", **centre, "text": f"1*{self.code}"}
        yield {"sessionId": f"{session}-bad", "phoneNumber": f"+{self.line}x", "serviceCode": "1", "text": self.code}

    def questions(self, number: int) -> Iterator[tuple[str, str, dict[str, str], dict[str, str]]]:
        """Of the API: method, path, headers, fields."""
        mobile, headers = (
            {"mobile": self.line},
            {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"k{number}"},
        )
        asked = mobile | {"code": "4929017716430557", "national_code": self.code}
        yield "POST", "/inquiries", headers, asked
        yield "POST", "/credit-codes", headers, mobile
        yield "POST", "/one-time-codes", headers, mobile | {"purpose": f"p{number}"}
        yield "POST", "/one-time-codes/verify", headers, mobile | {"purpose": f"p{number}", "code": "90817"}
        yield "GET", "/inquiries", headers | mobile | {"code": "4929017716430557"}, {}
        yield "POST", "/inquiries", headers, asked | {"national_code": f"{self.code}x"}


@asynccontextmanager
async def served(settings: Settings, redis_url: str) -> AsyncIterator[tuple[App, ClientSession | TestClient]]:
    """A server of both, and a client of it."""
    async with running(settings, redis_url) as app:
        application = web.Application(client_max_size=MAX_BODY)
        application.add_routes([*routes(app.doors.values(), app.service), *api_routes(app.desks)])
        server = TestServer(application)
        await server.start_server(auto_decompress=False, access_log=None)
        async with TestClient(server) as client:
            yield app, client


async def _asked(client: Any, script: Script, number: int) -> list[str]:
    """All of the script, at once, as one request must not keep the others waiting; what came back."""

    async def one(method: str, path: str, **given: Any) -> str:
        with suppress(ClientError, TimeoutError):
            async with client.request(method, path, timeout=_BROKEN, **given) as reply:
                return f"{reply.status} {await reply.text()}"
        return ""

    callbacks = [one("POST", "/gateways/africastalking", data=each) for each in script.callbacks(f"s{number}")]
    questions = [
        one(method, f"/api/v1{path}", headers=headers, **({"json": fields} if method == "POST" else {}))
        for method, path, headers, fields in script.questions(number)
    ]
    return [await each for each in callbacks] + list(await asyncio.gather(*questions))


async def _all(settings: Settings, redis_url: str, script: Script, step: int) -> dict[str, Any]:
    saboteur, said, broken, number = Saboteur(), [], 0, 1
    async with AsyncExitStack() as stack:
        _, client = await stack.enter_async_context(served(settings, redis_url))
        saboteur.begin()
        healthy = await _asked(client, script, 0)
        sys.settrace(None)
        targets = list(saboteur.met)[::step]
        for target in targets:
            number += 1
            saboteur.begin(target)
            said += await _asked(client, script, number)
            sys.settrace(None)
            after = [one async for one in _again(client, script, number)]
            if not all(one.startswith("200") for one in after):
                broken += 1
                await stack.aclose()
                _, client = await stack.enter_async_context(served(settings, redis_url))
    shown = [one for one in said if "Sabotage" in one or "Traceback" in one]
    return {"functions": len(targets), "fired": saboteur.fired, "healthy": healthy, "shown": shown, "anew": broken}


async def _again(client: Any, script: Script, number: int) -> AsyncIterator[str]:
    """Whether all is well when nobody breaks anything any more."""
    callback = {"phoneNumber": f"+{script.line}", "serviceCode": "*4*1420#", "text": ""}
    with suppress(ClientError, TimeoutError):
        given = {"sessionId": f"again-{number}", **callback}
        async with client.post("/gateways/africastalking", data=given, timeout=_BROKEN) as reply:
            yield f"{reply.status} {await reply.text()}"
            return
    yield ""


def run(home: Path, redis_url: str, script: Script, step: int, log: Path, result: Path) -> None:
    """Be that process."""
    with log.open("w", buffering=1) as stderr:
        sys.stderr = stderr
        ussd.log.configure("json", "debug")
        unlimited = {"dials_per_minute": 0, "dials_per_hour": 0, "people_per_day": 0, "wrong_codes": 0, "watch": False}
        settings = Settings(home=home, redis_url=redis_url, **unlimited)  # type: ignore[arg-type]
        result.write_text(json.dumps(asyncio.run(_all(settings, redis_url, script, step))))
