"""P12: no national code, number, code or answer is in a log line, a metric, a traceback, Redis or SQL in clear."""

import asyncio
import json
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from urllib.request import Request

from aiohttp import ClientSession, TCPConnector
from redis import Redis

from tests.canaries import PERSIAN, Canaries, cells, files, logged
from tests.outside import SmsGateway, sms_gateway
from tests.promises.forked import FORKED
from tests.promises.leaks import Leaks, lines_of, written
from tests.promises.report import Kept
from tests.promises.sabotage import Script, run
from tests.promises.scale import SEED, many
from tests.server import Server, asked, ussd
from ussd.redis_server import own_server

LINES = tuple(f"98936111{number}" for number in range(2200, 2230))
CENTRES_LINE = "989120001666"
CODES = ("7407268940", "9995396191", "9959321576", "0092000304", "9990579792")
WRONG, INSURANCE_NUMBER, WRONG_CREDIT_CODE = "7559200152", "4815162342", "4929017716430558"
SENTENCES = ("مجوز برخورداری", "دارنده کد ملی", "کد اعتباری استحقاق", "کد اعتباری شما", "از حمایت درمانی")
LOG_LINES = many(250, 100_000)
AT_ONCE = 24
STEP = many(100, 1)
"""Every function is broken, or every so many-th."""


def test_p12_a_number_is_found_in_whatever_form_it_is_written(kept: Kept) -> None:
    missed = [
        f"{number}: {form}"
        for number in (LINES[0], CODES[0], WRONG_CREDIT_CODE)
        for form, octets in written(number).items()
        if not Leaks(frozenset({number}), frozenset()).found_in(
            {"there": b'{"event": "x", "value": "' + octets + b'"}\n'}
        )
    ]
    nowhere = Leaks(frozenset(LINES), frozenset(SENTENCES)).found_in(
        {"there": b'{"ms": 12.5, "at": "2026-11-21T20:30"}'}
    )
    forms = 3 * len(written(LINES[0]))
    kept.seen(
        "numbers written down on purpose, so that the next two can fail", f"{forms} forms", f"{len(missed)} missed"
    )
    assert not missed
    assert not nowhere


class Sender:
    """Callers and clients, with canaries wherever anything can be written."""

    def __init__(self, server: Server, session: ClientSession, key: str, seed: int) -> None:
        self._callbacks = f"http://127.0.0.1:{server.port}/gateways"
        self._api = f"http://127.0.0.1:{server.port}/api/v1"
        self._session, self._key, self._random, self._numbers = session, key, Random(seed), count()

    async def send(self) -> None:
        number, line, code = next(self._numbers), self._random.choice(LINES), self._random.choice(CODES)
        match self._random.randrange(20):
            case 0:
                await self._call(number, line, f"1*2*{code}")
            case 1:
                await self._call(number, line, f"1*2*{WRONG}*{code.translate(PERSIAN)}")
            case 2:
                await self._call(
                    number, CENTRES_LINE, f"{self._random.choice((f'1*{code}', f'2*{INSURANCE_NUMBER}'))}", "*1666#"
                )
            case 3:
                await self._call(number, line, "", self._random.choice(("*4*1420*99#", "*4*40#", f"*4*1420*{code}#")))
            case 4 | 5:
                await self._ask(number, line, code)
            case 6:
                await self._post(f"{self._callbacks}/{line}/{code}?text={code}", data={"phoneNumber": line})
            case 7:
                await self._call(f"{line}-{code}-{number}", line, f"{code}*{line}*{code}")  # type: ignore[arg-type]
            case 8 | 9 | 10:
                await self._call(number, line, "")
            case 11:
                body = json.dumps({"session": line, "msisdn": code, "event": "begin", line: code})
                await self._post(
                    f"{self._callbacks}/reference", data=body, headers={"Content-Type": "application/json"}
                )
            case _:
                await self._call(number, f"{line}x", code, f"{code}#")

    async def _call(self, number: int, line: str, typed: str, dialled: str = "*4*1420#") -> None:
        fields = {"sessionId": f"s-{number}", "phoneNumber": f"+{line}", "serviceCode": dialled, "text": typed}
        await self._post(f"{self._callbacks}/africastalking", data=fields)

    async def _ask(self, number: int, line: str, code: str) -> None:
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": f"{line}-{number}"}
        wrong = {"mobile": line, "code": WRONG_CREDIT_CODE, "national_code": code}
        path, fields = self._random.choice(
            (
                ("/inquiries", wrong),
                ("/inquiries", wrong | {code: line}),
                (f"/inquiries?mobile={line}", wrong),
                ("/credit-codes", {"mobile": line}),
                ("/one-time-codes", {"mobile": line, "purpose": f"for {line}"}),
                (f"/{line}", {"code": code}),
            )
        )
        await self._post(self._api + path, json=fields, headers=headers)

    async def _post(self, url: str, **given: object) -> None:
        async with self._session.post(url, **given) as reply:  # type: ignore[arg-type]
            await reply.read()


async def sent(server: Server, key: str) -> None:
    """Until the log is long enough."""
    async with ClientSession(connector=TCPConnector(limit=AT_ONCE)) as session:
        sender = Sender(server, session, key, SEED)

        async def one() -> None:
            while len(server.log) < LOG_LINES:
                await sender.send()

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))


def credit_code(server: Server, line: str) -> str:
    return server.post("", f"credit-{line}", line, dialled="*4*1420*99#").splitlines()[1].replace("-", "")


def test_p12_nobodys_number_is_in_a_log_a_metric_redis_or_the_database(kept: Kept, home: Path) -> None:
    with sms_gateway() as gateway, own_server(home) as url, closing(Redis.from_url(url)) as redis:
        redis.config_set("slowlog-log-slower-than", 0)
        redis.config_set("slowlog-max-len", many(500, 20_000))
        key = ussd(home, "clients", "add", "clinic").stdout.splitlines()[-1]
        limits = {"dials_per_minute": "0", "dials_per_hour": "0", "people_per_day": "0", "wrong_codes": "0"}
        server = Server(home, log_level="debug", drain="0", sms_url=gateway.url, redis_url=url, **limits)
        try:
            asyncio.run(sent(server, key))
            codes = [credit_code(server, line) for line in LINES[: many(3, 20)]]
            metrics = asked(Request(f"http://127.0.0.1:{server.admin_port}/metrics"))[1].encode()
            places = {f"{name}, open": octets for name, octets in files(home).items()}
            places |= {"metrics": metrics, "SLOWLOG": repr(redis.slowlog_get(20_000)).encode()}
            server.stop()
        finally:
            server.close()
        places |= {"the log": "".join(server.log).encode(), "standard output": server.printed.encode(), **files(home)}
    secrets = Leaks(
        frozenset({*LINES, *CODES, WRONG, INSURANCE_NUMBER, WRONG_CREDIT_CODE, CENTRES_LINE, *codes}),
        frozenset({*SENTENCES, key[5:]}),
    )
    found = secrets.found_in(places)
    alone = Canaries(short=_one_time(gateway)).standing_alone_in([*cells(home / "ledger.sqlite3"), *logged(server.log)])
    size = sum(map(len, places.values())) / 1024 / 1024
    kept.seen(
        "national codes, lines, credit codes, one-time codes and answers wherever one may be written; every log level; "
        "also in Persian and Arabic digits, base64, hexadecimal, UTF-16, for URLs and in groups",
        f"{lines_of(server.log):,} log lines, {size:,.0f} MiB of log, metrics, SLOWLOG, Redis' file, SQLite, WAL",
        f"{len(found) + len(alone)} found",
    )
    assert not found, found[:5]
    assert not alone
    assert lines_of(server.log) >= LOG_LINES - 5
    assert any("appendonly" in name and octets for name, octets in places.items())
    assert {"callback_answered", "callback_refused", "api_request"} <= set(server.events())


def _one_time(gateway: SmsGateway) -> set[str]:
    """The one-time codes that were sent; its other messages have longer ones."""
    last = [
        "".join(filter(str.isdigit, message["text"].splitlines()[-1])) for message in gateway.took + gateway.refused
    ]
    return {code for code in last if len(code) == 5}


async def test_p12_an_exception_that_holds_a_number_is_logged_without_it(
    kept: Kept, home: Path, redis_url: str
) -> None:
    key = ussd(home, "clients", "add", "clinic", redis_url=redis_url).stdout.splitlines()[-1]
    script = Script(LINES[0], CENTRES_LINE, CODES[0], key)
    log, result = home / "log", home / "result"
    process = FORKED.Process(target=run, args=(home, redis_url, script, STEP, log, result))
    process.start()
    await asyncio.to_thread(process.join, many(60, 500))
    process.kill()
    said, lines = json.loads(result.read_text()), log.read_text()
    secrets = Leaks(frozenset({LINES[0], CENTRES_LINE, CODES[0], "4929017716430557"}), frozenset({key[5:], *SENTENCES}))
    found = secrets.found_in({"the log": lines.encode()})
    frames = sum('"frames"' in line for line in lines.splitlines())
    kept.seen(
        "an exception with all arguments in its message, raised in one function after another of ussd/ and gateways/",
        f"{said['functions']} functions, {said['fired']} exceptions, {len(lines.splitlines()):,} log lines",
        f"{len(found)} numbers in {frames:,} tracebacks, {len(said['shown'])} shown to a caller",
    )
    assert not found
    assert not said["shown"]
    assert said["fired"] > said["functions"] / 2
    assert frames > said["functions"] / 4
    assert "Sabotage" in lines
