"""P10: consecutive codes do not tell the next one, and a code alone opens nothing."""

import math
from array import array
from collections.abc import Iterator, Sequence
from itertools import count, pairwise, product
from pathlib import Path
from urllib.request import Request

from simulator.call import CallFailed
from tests.conftest import ENTITLED, LINE, Handset
from tests.core.paging import digits
from tests.outside import Said, Site
from tests.promises.report import Kept
from tests.promises.scale import LONG, SEED, many
from tests.server import Server, asked, ussd
from ussd.app import App
from ussd.core.profile import Profile
from ussd.doors import formats
from ussd.keys import Keys
from ussd.ledger.codes import LETTERS, code
from ussd.ledger.permutation import SIZE

SEQUENCES = many(2, 6)
LENGTH = many(20_000, SIZE)
LAGS = (1, 2)
HALF = 1_000
UNLIKELY = 1e-7
"""How likely a run is in which chance alone looks like a rule."""


def sequence(number: int) -> Sequence[int]:
    """The codes of one letter of one day, in the order in which they are given."""
    keys, day = Keys(f"a secret of the tests, of seed {SEED}, 32 octets".encode()), f"1405-08-{1 + number // 23:02}"
    first = number % len(LETTERS) * SIZE
    return array("I", (int(code(keys, day, first + counter)[1:]) for counter in range(LENGTH)))


def most_by_chance(mean: float, places: int) -> int:
    """More than any of so many places gets by chance, where each gets `mean` of a Poisson distribution."""
    likely, count, tail = math.exp(-mean), 0, 1.0
    while tail * places > UNLIKELY:
        tail -= likely
        count += 1
        likely *= mean / count
        if tail < 1e-12:  # what is left of it is the arithmetic's
            tail = likely
    return count


def test_p10_consecutive_codes_tell_nothing_of_the_next(kept: Kept) -> None:
    offsets = {lag: array("I", bytes(4 * SIZE)) for lag in LAGS}
    halves = {name: array("I", bytes(4 * HALF)) for name in ("first", "last")}
    again = straight_on = 0
    for number in range(SEQUENCES):
        codes = sequence(number)
        again += LENGTH - len(set(codes))
        for lag in LAGS:
            for one, other in zip(codes, codes[lag:], strict=False):
                offsets[lag][(other - one) % SIZE] += 1
        for one, other in pairwise(codes):
            halves["first"][(other // HALF - one // HALF) % HALF] += 1
            halves["last"][(other - one) % HALF] += 1
        straight_on += sum(
            (2 * two - one) % SIZE == three for one, two, three in zip(codes, codes[1:], codes[2:], strict=False)
        )
    drawn = SEQUENCES * LENGTH
    best, bound = max(map(max, offsets.values())), most_by_chance(drawn / SIZE, SIZE)
    uneven = {name: _chi_square(counts) for name, counts in halves.items()}
    kept.seen(
        f"guesses at the next code: offset from the last or the last but one, either half, straight on, seed {SEED}",
        f"{drawn:,} codes of {SEQUENCES} letters",
        f"the most frequent offset came {best} times, chance gives up to {bound}; straight on hit {straight_on} times",
    )
    assert again == 0
    assert best <= bound
    assert straight_on <= most_by_chance(drawn / SIZE, 1)
    assert all(one < HALF + 6 * math.sqrt(2 * HALF) for one in uneven.values()), uneven


def _chi_square(counts: Sequence[int]) -> float:
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / mean


def shapes(tracking_code: str) -> Iterator[str]:
    """A code as somebody may type it, in whole and in part."""
    yield from (tracking_code, tracking_code.upper(), tracking_code[1:], f"{tracking_code}*1", f"{tracking_code}0000")
    yield digits(tracking_code, Profile(digits="persian"))


def another(tracking_code: str) -> str:
    """A code that nobody has, and that looks as good."""
    return tracking_code[0] + f"{(int(tracking_code[1:]) + 1) % SIZE:06}"


TYPED = (
    ("*4*1420#",),
    ("*4*1420#", "1"),
    ("*4*1420#", "1", "2"),
    ("*1666#",),
    ("*1666#", "1"),
    ("*1666#", "2"),
    ("*4*40#",),
)
"""Where it is typed."""
DIALLED = ("*4*1420*{}#", "*4*1420*1*2*{}#", "*1666*1*{}#", "*1666*2*{}#", "*4*40*{}#", "*{}#")


async def read(app: App, gateway: str, line: int, way: tuple[str, ...], typed: str) -> str:
    """What a stranger's line reads at the end of a way; a word where the gateway's format cannot say it."""
    call = Handset(app, str(line), gateway).call(way[0])
    try:
        reply = await call.dial()
        for one in (*way[1:], typed) if typed else ():
            reply = await call.type(one)
    except (CallFailed, UnicodeEncodeError) as refused:  # its format has no such letter, or takes no such callback
        return type(refused).__name__
    return reply.text


async def test_p10_a_code_alone_opens_nothing_over_any_gateway(kept: Kept, app: App) -> None:
    verdict = (await Handset(app, LINE).call(f"*4*1420*1*2*{ENTITLED}#").dial()).text
    tracking_code, gateways = verdict.split()[-1], formats() if LONG else ["africastalking", "reference"]
    ways = [(way, True) for way in TYPED] + [((string,), False) for string in DIALLED]
    lines, opened, tries = count(989130000000), [], 0
    for gateway, (way, types) in product(gateways, ways):
        for right, wrong in zip(shapes(tracking_code), shapes(another(tracking_code)), strict=True):
            told = [
                await read(app, gateway, next(lines), tuple(step.format(one) for step in way), one if types else "")
                for one in (right, wrong)
            ]
            tries += 1
            if told[0] != told[1] or verdict.split("\n")[0] in told[0]:
                opened.append((gateway, way, right))
    kept.seen(
        "another line that types or dials a code which there is, in whole and in part",
        f"{tries} tries over {len(gateways)} gateways",
        f"{len(opened)} read otherwise than a code that there is not",
    )
    assert not opened


FIELDS = ("mobile", "code", "national_code", "insurance_number", "purpose")
POSTS = ("/credit-codes", "/credit-codes/verify", "/inquiries", "/one-time-codes", "/one-time-codes/verify")


def over_the_api(site: Site, shape: str, key: str) -> Iterator[Said]:
    """Everything that a client may try with a code."""
    right = {"mobile": LINE, "code": shape, "national_code": ENTITLED, "purpose": "login"}
    for path in POSTS:
        yield site.post(path, {"code": shape}, key=f"{key}-0{path}")
        for name in FIELDS:
            yield site.post(path, {**right, name: shape}, key=f"{key}-{name}{path}")
        yield site.post(f"{path}/{shape}", {"code": shape})
    for method in ("GET", "DELETE"):
        yield site.ask(method, "/inquiries", {"mobile": LINE, "code": shape})
        yield site.ask(method, "/inquiries", {"code": shape})
        yield site.ask(method, f"/inquiries?code={shape}", {})
        yield site.ask(method, f"/inquiries/{shape}", {"mobile": LINE, "code": shape})
    for path in ("/tracking", "/tracking-codes", "/track", "/codes"):
        yield site.ask("GET", f"{path}/{shape}", {})


def test_p10_a_code_alone_opens_nothing_over_the_api(kept: Kept, tmp_path: Path) -> None:
    key = ussd(tmp_path, "clients", "add", "site").stdout.splitlines()[-1]
    server = Server(tmp_path)
    try:
        tracking_code = server.post(f"1*2*{ENTITLED}").split()[-1]
        strange, known = another(tracking_code), Site(server, key)
        pairs = [
            (right, wrong)
            for site in (known, Site(server, "ussd_no-key"), Site(server, ""))[: many(1, 3)]
            for right, wrong in zip(
                over_the_api(site, tracking_code, "r"), over_the_api(site, strange, "w"), strict=True
            )
        ]
        admin = [
            asked(Request(f"http://127.0.0.1:{server.admin_port}/{path}"))
            for path in (tracking_code, f"track/{tracking_code}", f"metrics?code={tracking_code}")
        ]
    finally:
        server.close()
    opened = [
        right
        for right, wrong in pairs
        if (right.status, right.body.replace(tracking_code, strange)) != (wrong.status, wrong.body)
        or (right.status < 300 and "tracking" in right.body)
    ]
    kept.seen(
        "a client, and whoever has no key or a wrong one, that come with a code and nothing else that fits it",
        f"{len(pairs)} requests",
        f"{len(opened)} answered otherwise than for a code that there is not",
    )
    assert not opened
    assert not [body for status, body in admin if tracking_code in body or ENTITLED in body]
