"""The command line, as its users and their scripts rely on it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ENTITLED, LAPSED, MAIN_MENU, PROMPT
from tests.homes import a_home
from tests.server import ussd


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One installation for all of these; each test dials from a line of its own."""
    with a_home() as home:
        yield home


def screens(home: Path, *arguments: str) -> list[dict[str, object]]:
    run = ussd(home, "dial", *arguments, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_the_dialogue_as_json(home: Path) -> None:
    main, inquiry, prompt, answer = screens(home, "*4*1420#", "--inputs", f"1 2 {ENTITLED}")
    assert main == {"text": MAIN_MENU, "ends": False, "alphabet": "ucs2", "octets": 144}
    assert inquiry["ends"] is False
    assert prompt["text"] == PROMPT
    assert re.fullmatch("از حمایت درمانی برخوردار میباشید\\.\nکد پیگیری: n[0-9]{6}", str(answer["text"]))
    assert answer["ends"] is True


def test_a_direct_dial_and_persian_digits_as_json(home: Path) -> None:
    [answer] = screens(home, f"*4*1420*1*2*{LAPSED}#")
    assert str(answer["text"]).startswith("از حمایت درمانی برخوردار نمیباشید.\nکد پیگیری: n")
    assert len(screens(home, "*۴*۱۴۲۰#", "--inputs", "۱ ۲ ۰۰۹۲۰۰۰۳۰۴", "--msisdn", "۰۹۱۲۰۰۰۰۰۰۷")) == 4


def test_the_handset_hangs_up_where_nothing_more_is_typed_and_a_redial_goes_on(home: Path) -> None:
    line = ("--msisdn", "989120000003")
    assert [screen["text"] for screen in screens(home, "*4*1420*1*2*1111111111#", *line)] == [
        f"کد ملی معتبر نیست.\n{PROMPT}"
    ]
    offer, prompt = screens(home, "*4*1420#", "--inputs", "1", *line)
    assert "ادامه" in str(offer["text"])
    assert prompt["text"] == PROMPT


def test_without_a_terminal_the_answers_are_read_from_standard_input(home: Path) -> None:
    run = ussd(home, "dial", "*4*1420#", "--msisdn", "989120000004", stdin="1\n2\n")
    assert run.stdout.startswith(f"{MAIN_MENU}\n\n")
    assert run.stdout.endswith(f"{PROMPT}\n\n")


@pytest.mark.parametrize("gateway", ["reference", "africastalking"])
def test_every_gateway_carries_the_same_screens(home: Path, gateway: str) -> None:
    dialled = screens(home, "*4*1420#", "--inputs", "9 5 0 1 2", "--gateway", gateway, "--msisdn", "989120000005")
    assert [screen["text"] for screen in dialled][-1] == PROMPT


def test_a_server_that_is_not_there_is_one_line_and_exit_1(home: Path) -> None:
    run = ussd(home, "dial", "*4*1420#", "--url", "http://127.0.0.1:9")
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch("http://127.0.0.1:9 does not answer: \\w+\n", run.stderr)


def test_a_tracking_code_is_found_and_names_nobody_unless_asked(home: Path) -> None:
    [answer] = screens(home, f"*4*1420*1*2*{ENTITLED}#", "--msisdn", "989120000006")
    code = str(answer["text"])[-7:]
    told = ussd(home, "track", code)
    assert told.returncode == 0
    for said in (code, "*4*1420#", "reference", "entitled", "Asia/Tehran"):
        assert said in told.stdout
    assert re.search("date +14[0-9]{2}-[0-9]{2}-[0-9]{2}\n", told.stdout)
    assert ENTITLED not in told.stdout
    assert "989120000006" not in told.stdout
    shown = ussd(home, "track", code, "--show-person").stdout
    assert ENTITLED in shown
    assert "989120000006" in shown
    assert re.search(f"^national code +{ENTITLED}$", shown, re.MULTILINE)


def test_who_was_asked_about_by_insurance_number_is_shown_under_that_name(home: Path) -> None:
    [answer] = screens(home, "*1666*2*00000105#", "--msisdn", "989120001666")
    code = str(answer["text"])[-7:]
    told = ussd(home, "track", code).stdout
    assert "overlap_unchecked" in told
    assert "00000105" not in told
    shown = ussd(home, "track", code, "--show-person").stdout
    assert re.search("^insurance number +00000105$", shown, re.MULTILINE)
    assert "national code" not in shown


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("n000000", "--date", "1399-12-30"), 1, "no n000000 on 1399-12-30\n"),
        (("n000000", "--date", "1400-12-30"), 2, "1400-12-30"),
        (("570134",), 2, ""),
        (("n57013",), 2, ""),
    ],
)
def test_a_code_or_a_day_that_is_none(home: Path, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    run = ussd(home, "track", *arguments)
    assert run.returncode == exit_code
    assert said in run.stderr
    assert run.stdout == ""


def test_the_menus_that_are_shipped_have_no_fault(home: Path) -> None:
    run = ussd(home, "check")
    assert run.returncode == 0
    assert "no fault" in run.stdout


def test_every_fault_of_a_file_is_printed_with_its_place(home: Path) -> None:
    menu = home / "mine.yaml"
    menu.write_text('code: "*9#"\nstart: main\nscreens:\n  main: {end: "{x}"}\n  main: {end: a}\n')
    run = ussd(home, "check", str(menu))
    assert run.returncode == 1
    assert run.stdout == f"{menu}:5:3: the key main is here twice, first in line 4\n    keep one of the two\n"


def test_migrate_says_what_it_did_and_may_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        run = ussd(tmp_path, "migrate")
        assert (run.returncode, run.stdout) == (0, "the ledger is at this version's schema\n")


def test_an_unmigrated_ledger_is_refused_where_migrating_at_start_is_off(tmp_path: Path) -> None:
    run = ussd(tmp_path, "track", "n000000", migrate="false")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["", "dial", "serve", "check", "track", "migrate"])
def test_every_command_answers_help(home: Path, command: str) -> None:
    run = ussd(home, *filter(None, [command]), "--help")
    assert run.returncode == 0
    assert run.stdout.startswith("Usage: ")


def test_an_unknown_option_is_a_usage_error(home: Path) -> None:
    assert ussd(home, "dial", "*4*1420#", "--nonsense").returncode == 2
