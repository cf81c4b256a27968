"""Each check has a file of its one fault; each fault says which check found it, and what may be done."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.core.build import CONTRACTS, FAULTS, SHIPPED, WORDS
from ussd.core.checks import ANY_LINE, Lines
from ussd.core.loader import MenuError, load_all, load_menu
from ussd.core.profile import Profile
from ussd.core.strict_yaml import Fault
from ussd.doors import lines
from ussd.settings import Settings

CLASHES, NARROW = FAULTS.parent / "clashes", FAULTS.parent / "narrow"
EXPECTED = re.compile(r"# fault ([0-9]+:[0-9]+: .*)\n")
NALO: Lines = {"nalo": Profile(max_chars=120)}
ALL_RULES = {
    *("yaml", "shape", "language", "dead-link", "unreached", "no-end", "lookup-circle", "outcome-unhandled"),
    *("outcome-unknown", "backend-unknown", "rule-unknown", "placeholder-unbound", "given-unbound", "brace"),
    *("empty-screen", "key-twice", "key-hides", "pages", "letters", "published", "shortcode-twice", "shortcode-hides"),
}


def faults_of(path: Path, shown: Lines = ANY_LINE) -> tuple[Fault, ...]:
    with pytest.raises(MenuError) as caught:
        load_menu(path, WORDS, CONTRACTS, shown)
    return caught.value.faults


def clashes_in(folder: Path, tmp_path: Path) -> tuple[Fault, ...]:
    for path in (SHIPPED / "common.yaml", *folder.glob("*.yaml")):
        (tmp_path / path.name).write_text(path.read_text())
    try:
        load_all(tmp_path, CONTRACTS)
    except MenuError as error:
        return error.faults
    return ()


def by_file(faults: tuple[Fault, ...]) -> Mapping[str, list[str]]:
    said: dict[str, list[str]] = {}
    for fault in faults:
        said.setdefault(Path(fault.file).name, []).append(f"{fault.line}:{fault.column}: {fault.message}")
    return said


@pytest.mark.parametrize("name", sorted(path.name for path in CLASHES.iterdir()))
def test_menus_that_are_in_each_others_way_are_faults_and_no_others(name: str, tmp_path: Path) -> None:
    expected = {path.name: EXPECTED.findall(path.read_text()) for path in (CLASHES / name).iterdir()}
    assert by_file(clashes_in(CLASHES / name, tmp_path)) == {file: said for file, said in expected.items() if said}


@pytest.mark.parametrize("name", sorted(path.stem for path in NARROW.glob("*.yaml")))
def test_a_line_that_counts_characters_too_has_faults_of_its_own(name: str) -> None:
    path = NARROW / f"{name}.yaml"
    assert list(by_file(faults_of(path, NALO)).values()) == [EXPECTED.findall(path.read_text())]
    load_menu(path, WORDS, CONTRACTS)


def test_every_fault_has_a_check_and_a_hint_and_every_check_a_file(tmp_path: Path) -> None:
    found = [fault for path in FAULTS.glob("*.yaml") for fault in faults_of(path)]
    for folder in CLASHES.iterdir():
        (tmp_path / folder.name).mkdir()
        found += clashes_in(folder, tmp_path / folder.name)
    assert [str(fault) for fault in found if not fault.hint or "\n" in fault.hint] == []
    assert {fault.rule for fault in found} == ALL_RULES


def test_lines_that_show_the_same_are_told_of_once() -> None:
    path = FAULTS / "too_many_pages_when_filled_in.yaml"
    shown = {"a": Profile(), "b": Profile(deadline=9.0), "c": Profile(), "d": Profile(max_chars=79)}
    assert [fault.message for fault in faults_of(path, shown)] == [
        "may take 2 pages of 160 octets (a, b and 1 more), and 1 is allowed",
        "may take 2 pages of 160 octets and 79 characters (d), and 1 is allowed",
    ]


def test_a_fault_of_pages_says_what_was_counted() -> None:
    [fault] = faults_of(FAULTS / "too_many_pages_when_filled_in.yaml")
    assert fault.hint == "shorten it; counted are {code} with 5, {name} with 30 characters, or allow more: `pages: 2`"


def test_the_shipped_menus_have_no_fault_on_any_line_that_is_built_in() -> None:
    shown = lines(Settings())
    assert {"nalo", "reference", "smpp"} <= shown.keys()
    assert load_all(SHIPPED, CONTRACTS, shown)
