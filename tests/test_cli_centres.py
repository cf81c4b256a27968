"""`ussd centres`, as those who keep the centres' contracts use it."""

import json
import re
from pathlib import Path

import pytest

from tests.server import ussd

HEADER = "name,code,lines,valid_from,valid_to\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "centres.csv"


def said(home: Path, *arguments: str) -> str:
    run = ussd(home, "centres", *arguments)
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


def refused(home: Path, *arguments: str) -> str:
    run = ussd(home, "centres", *arguments)
    assert (run.returncode, run.stdout) == (1, "")
    return run.stderr


def test_a_centre_is_added_listed_and_removed(home: Path) -> None:
    lines = ("--line", "۰۹۱۲۰۰۰۰۰۱۷", "--line", "+98 912 000 0018", "--line", "09120000017")
    added = said(home, "add", "۱۷", "--name", "بیمارستان هفده", *lines, "--from", "۱۴۰۵/۱/۱", "--to", "1405-12-29")
    assert added == "centre 17 is added, with 2 lines\n"
    listed = "17\tبیمارستان هفده\t2 lines\t1405-01-01 to 1405-12-29\n"
    assert said(home, "list") == listed
    assert said(home, "list", "--show-lines") == f"{listed}\t989120000017\n\t989120000018\n"
    assert said(home, "remove", "۱۷") == "centre 17 is removed\n"
    assert said(home, "list") == ""


def test_without_days_a_contract_begins_today_and_has_no_end(home: Path) -> None:
    said(home, "add", "17", "--name", "مرکز", "--line", "09120000017")
    assert re.fullmatch("17\tمرکز\t1 line\t14[0-9]{2}-[0-9]{2}-[0-9]{2} until further notice\n", said(home, "list"))


def test_what_cannot_be_added_is_one_line_that_names_no_number(home: Path) -> None:
    said(home, "add", "17", "--name", "مرکز", "--line", "09120000017")
    again = ("--name", "مرکز", "--line", "09120000017")
    assert refused(home, "add", "17", *again) == "centre 17 is there already\n"
    assert refused(home, "add", "18", *again) == "a line of centre 18 is centre 17's already\n"
    assert (
        refused(home, "add", "18", *again, "--line", "5") == "number 2 of its lines is not an Iranian mobile number\n"
    )
    assert refused(home, "add", "18", *again, "--to", "1405-12-31") == "its last day is not a Jalali day, 1405-08-30\n"


def test_a_centre_that_is_not_there_is_not_removed(home: Path) -> None:
    assert refused(home, "remove", "17") == "there is no centre 17\n"


def test_a_file_is_taken_as_a_whole_and_replaces_what_is_known(home: Path, file: Path) -> None:
    said(home, "add", "17", "--name", "کهنه", "--line", "09120000017", "--from", "1404-01-01")
    file.write_text(
        f"{HEADER}نو,۱۷,09120000018,1405-01-01,\nهجده,18,09120000017;09120000019,1405-01-01,\n", "utf-8-sig"
    )
    assert said(home, "import", str(file)) == "2 centres taken\n"
    listed = "17\tنو\t1 line\t1405-01-01 until further notice\n18\tهجده\t2 lines\t1405-01-01 until further notice\n"
    assert said(home, "list") == listed


def test_of_a_file_with_bad_rows_each_is_named_and_nothing_is_taken(home: Path, file: Path) -> None:
    file.write_text(f"{HEADER}یک,1,09120000001,,\nدو,2,5,,\n,3,09120000003,,\n")
    assert refused(home, "import", str(file)) == (
        f"{file}:3: number 1 of its lines is not an Iranian mobile number\n{file}:4: it has no name\n"
    )
    assert said(home, "list") == ""


def test_of_a_file_that_claims_lines_of_others_each_row_is_named_and_nothing_is_taken(home: Path, file: Path) -> None:
    said(home, "add", "17", "--name", "هفده", "--line", "09120000017", "--line", "09120000018", "--from", "1405-01-01")
    file.write_text(f"{HEADER}یک,1,09120000001,,\nدو,2,09120000002 09120000017,,\nسه,3,09120000018,,\n")
    assert refused(home, "import", str(file)) == (
        f"{file}:3: one of its lines is centre 17's\n{file}:4: one of its lines is centre 17's\n"
    )
    assert said(home, "list") == "17\tهفده\t2 lines\t1405-01-01 until further notice\n"


def test_a_file_that_is_not_there_is_a_usage_error(home: Path) -> None:
    assert ussd(home, "centres", "import", "nowhere.csv").returncode == 2


def test_a_report_says_what_a_centre_asked_by_day_and_outcome(home: Path) -> None:
    assert refused(home, "report", "17") == "there is no centre 17\n"
    said(home, "add", "17", "--name", "هفده", "--line", "09120000017")
    assert said(home, "report", "17") == ""
    for code in ("0007569602", "0109136756", "7407268940"):
        dialled = ussd(home, "dial", f"*1666*1*{code}#", "--msisdn", "989120000017", "--json")
        assert json.loads(dialled.stdout)["ends"] is True
    assert re.fullmatch("14[0-9]{2}-[0-9]{2}-[0-9]{2}\tentitled 2\toverlap 1\n", said(home, "report", "۱۷"))


def test_no_command_leaves_a_line_in_clear_in_the_home(home: Path, file: Path) -> None:
    file.write_text(f"{HEADER}یک,1,09135557799,,\n")
    said(home, "import", str(file))
    said(home, "list", "--show-lines")
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert "یک".encode() in stored
    assert b"9135557799" not in stored


@pytest.mark.parametrize("command", [(), ("add",), ("remove",), ("list",), ("import",), ("report",)])
def test_every_command_answers_help(home: Path, command: tuple[str, ...]) -> None:
    assert said(home, *command, "--help").startswith("Usage: ")
