"""SECURITY.md names what is there: each file, each test, and versions that are at least those that it asks for."""

import ast
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import aiohttp
import pytest

from tests.server import ussd
from ussd.web.parser import LEAST, ParserError, check_parser

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()
THREATS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.partition("## The oldest")[0].splitlines()
    if re.match(r"\| (?!threat|--)", line)
]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def claimed_in(file: Path) -> frozenset[str]:
    """The tests of a file as pytest names them, from its source."""
    top = ast.parse(file.read_text()).body
    inner = [(f"{one.name}::", each) for one in top if isinstance(one, ast.ClassDef) for each in one.body]
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(
        f"{of}{one.name}" for of, one in [*(("", one) for one in top), *inner] if isinstance(one, functions)
    )


def test_every_threat_has_a_place_where_it_is_met_and_a_test_that_holds_it() -> None:
    assert len(THREATS) > 20
    for threat, control, where, held_by in THREATS:
        assert threat, control
        assert quoted(where), threat
        assert quoted(held_by), threat


def test_every_file_that_it_names_is_there() -> None:
    named = {name for name in quoted(PAGE) if re.fullmatch(r"[\w./-]+(/|\.(md|py|txt|yaml|lua|conf))", name)}
    named |= {name.partition("::")[0] for name in quoted(PAGE) if "::" in name}
    assert len(named) > 50
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_test_that_it_names_is_there() -> None:
    nodes = [node for *_, held_by in THREATS for node in quoted(held_by)]
    assert [node for node in nodes if not re.fullmatch(r"tests/[\w/]+\.py::(Test\w+::)?test_\w+", node)] == []
    missing = [
        node for node in nodes for file, _, name in [node.partition("::")] if name not in claimed_in(ROOT / file)
    ]
    assert missing == []


def test_requests_are_read_by_the_parser_in_c() -> None:
    check_parser()


def test_a_server_that_would_read_them_by_another_parser_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIOHTTP_NO_EXTENSIONS", "1")
    refused = ussd(tmp_path, "serve", "--port", "0", "--admin-port", "0", fresh=True)
    assert refused.returncode == 1
    assert refused.stderr == "aiohttp would read requests by its parser in Python: its extension in C is not loaded\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["3.14.3", "3.9.5", "3.14.3rc1", "3.14"])
def test_an_aiohttp_with_a_known_hole_is_refused_by_its_number(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(aiohttp, "__version__", version)
    with pytest.raises(ParserError, match=rf"aiohttp is {version}, and before 3\.14\.4 "):
        check_parser()


@pytest.mark.parametrize("version", ["3.14.4", "3.15.0", "4.0.0a1"])
def test_a_newer_one_is_not(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(aiohttp, "__version__", version)
    check_parser()


def test_no_library_is_older_than_its_last_known_hole() -> None:
    floors = dict(re.findall(r"^\| ([a-z]+) \| ([0-9.]+) \|", PAGE, re.MULTILINE))
    assert floors.keys() == {"aiohttp", "redis"}
    assert parts(floors["aiohttp"]) == LEAST, "the server asks for the same"
    assert {name for name, least in floors.items() if parts(version(name)) < parts(least)} == set()
    pinned = dict(re.findall(r"^([a-z]+)==([0-9.]+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert {name for name, least in floors.items() if parts(pinned[name]) < parts(least)} == set()
    ranges = re.findall(r'"([a-z]+)(?:\[\w+\])?>=([0-9.]+)', (ROOT / "pyproject.toml").read_text())
    assert {name for name, least in ranges if name in floors and parts(least)[:2] < parts(floors[name])[:2]} == set()


def parts(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
