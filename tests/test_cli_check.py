"""`ussd check` on a terminal and in CI: every fault at its place, for the lines that are configured."""

import json
from pathlib import Path

import pytest

from tests.core.build import FAULTS, SHIPPED
from tests.server import ussd

MENU = """\
code: "*9#"
start: main
pages: 1
screens:
  main:
    choose: منوی اصلی این کد دستوری
    options:
      - {label: نخستین گزینه, goto: bye}
      - {label: دومین گزینه, goto: by}
  bye: {end: 100%}
"""


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    path = tmp_path / "a menu, mine.yaml"
    path.write_text(MENU)
    return path


def test_a_fault_has_its_hint_on_the_line_below(tmp_path: Path, menu: Path) -> None:
    run = ussd(tmp_path, "check", str(menu))
    assert (run.returncode, run.stdout) == (1, f"{menu}:9:36: no such screen: by\n    was bye meant?\n")


def test_json_is_one_object_a_fault(tmp_path: Path, menu: Path) -> None:
    run = ussd(tmp_path, "check", str(menu), str(FAULTS / "duplicate_key.yaml"), "--format", "json")
    assert run.returncode == 1
    faults = [json.loads(line) for line in run.stdout.splitlines()]
    first, second, third = sorted(faults, key=lambda fault: fault["rule"])
    assert first == {
        "file": str(menu),
        "line": 9,
        "column": 36,
        "message": "no such screen: by",
        "rule": "dead-link",
        "hint": "was bye meant?",
    }
    assert {second["rule"], third["rule"]} == {"yaml"}
    assert ussd(tmp_path, "check", "--format", "json").stdout == ""


def test_github_reads_a_fault_as_a_workflow_command(tmp_path: Path, menu: Path) -> None:
    run = ussd(tmp_path, "check", str(menu), "--format", "github")
    file = str(menu).replace(",", "%2C")
    said = "no such screen: by%0Awas bye meant?"
    assert run.stdout == f"::error file={file},line=9,col=36,title=dead-link::{said}\n"


def test_what_github_would_read_as_its_own_is_escaped(tmp_path: Path, menu: Path) -> None:
    menu.write_text(MENU.replace("by}", "bye}") + 'published: ["100%", "a\\r\\nb"]\n')
    run = ussd(tmp_path, "check", str(menu), "--format", "github")
    assert run.returncode == 1
    assert [line.partition("title=published::")[2].partition(" is not")[0] for line in run.stdout.splitlines()] == [
        "100%25",
        "a%0D%0Ab",
    ]


def test_the_lines_are_those_of_the_configuration_or_the_one_that_is_named(tmp_path: Path, menu: Path) -> None:
    menu.write_text(MENU.replace("by}", "bye}"))
    assert ussd(tmp_path, "check", str(menu)).returncode == 0
    narrow = tmp_path / "ussd.yaml"
    narrow.write_text("gateways: {mine: {format: nalo, profile: {max_octets: 110}}, other: {format: reference}}\n")
    shared = "does not fit one screen of 110 octets and 120 characters (mine)"
    fault = "may take 2 pages of 110 octets and 120 characters (mine), and 1 is allowed"
    found = ussd(tmp_path, "check", str(menu), "--config", str(narrow))
    assert found.returncode == 1
    assert (shared in found.stdout, fault in found.stdout) == (True, False)
    assert ussd(tmp_path, "check", str(menu), "--config", str(narrow), "--gateway", "other").returncode == 0
    unknown = ussd(tmp_path, "check", str(menu), "--config", str(narrow), "--gateway", "nobody")
    assert (unknown.returncode, unknown.stderr) == (1, "no gateway nobody here (there are mine, other)\n")


def test_menus_are_checked_beside_each_other(tmp_path: Path) -> None:
    both = [str(path) for path in sorted((FAULTS.parent / "clashes/hidden_option").iterdir())]
    run = ussd(tmp_path, "check", *both)
    assert run.returncode == 1
    assert run.stdout.startswith(f"{both[0]}:2:7: hides what 99 leads to")
    assert [ussd(tmp_path, "check", path).returncode for path in both] == [0, 0]


def test_what_is_wrong_with_shared_words_is_said_once(tmp_path: Path) -> None:
    for path in SHIPPED.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    words = tmp_path / "common.yaml"
    words.write_text(words.read_text().replace('back_key: "0"', 'back_key: "00"'))
    run = ussd(tmp_path, "check", menus=str(tmp_path))
    assert run.returncode == 1
    assert run.stdout.count("the key 00 is the one that goes back") == 1
