"""Nobody's number is anywhere in clear: in a log line, in Redis, in the database."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server, ussd

# Numbers that nothing else here has; the codes have right check digits, so that they are looked up and stored.
LINES = ("989361112233", "989364445566")
CODES = ("7407268940", "9995396191", "9959321576", "9904829039")
WRONG = "7559200152"
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path, as the sockets under it need."""
    with tempfile.TemporaryDirectory(prefix="ussd-") as home:
        yield Path(home)


def forms(number: str) -> list[bytes]:
    """A number as it might be written, in any digits, alphabet or grouping."""
    written = [number, number.translate(PERSIAN), number.translate(ARABIC)]
    grouped = [f"{number[:3]}-{number[3:9]}-{number[9:]}", f"{number[:4]} {number[4:7]} {number[7:]}"]
    texts = [form for text in written for form in (text, text.removeprefix("98"))]
    octets = [text.encode(coding) for text in texts for coding in ("utf-8", "utf-16-le", "utf-16-be")]
    return octets + [text.encode() for text in grouped] + [number.encode().hex().encode()]


def plant(server: Server) -> None:
    """Every way in which a number comes in, and every way in which an answer to it fails."""
    for line in LINES:
        for number, code in enumerate((*CODES, WRONG, CODES[0].translate(PERSIAN))):
            session = f"{line}-{number}"
            for typed in ("", "1", "1*2", f"1*2*{code}", f"1*2*{code}*{code}"):
                server.post(typed, session, line)
        server.post(f"1*2*{CODES[1]}", f"{line}-direct", line)
        server.post(f"9*{CODES[1]}", f"{line}-lost", line)
        server.post("x" * 5000 + CODES[0], f"{line}-long", line)
    server.post("1", "no-number", f"{LINES[0]}x")


def test_no_number_of_a_person_is_anywhere_in_clear(home: Path) -> None:
    server = Server(home, log_level="debug", drain="0")
    try:
        plant(server)
        server.stop()
    finally:
        server.close()
    assert server.events().count("callback_answered") > 20
    assert {"lookup_late", "lookup_failed", "callback_refused"} & set(server.events())
    kept = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert any("appendonly" in path.name and octets for path, octets in kept.items())
    assert any(path.name == "ledger.sqlite3" and len(octets) > 10_000 for path, octets in kept.items())
    kept[Path("the log")] = "".join(server.log).encode()
    found = [
        (path.name, number)
        for path, octets in kept.items()
        for number in (*LINES, *CODES, WRONG)
        if any(form in octets for form in forms(number))
    ]
    assert not found


def test_a_dial_on_the_terminal_logs_no_number_either(home: Path) -> None:
    run = ussd(home, "dial", f"*4*1420*1*2*{CODES[2]}#", "--msisdn", LINES[0], log_level="debug")
    assert run.returncode == 0
    assert "callback_answered" in run.stderr
    assert not any(form in run.stderr.encode() for number in (LINES[0], CODES[2]) for form in forms(number))
