"""YAML to Menu, or every fault of it at once, each at its line and column."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import CONTRACTS, FAULTS, SHIPPED, SHIPPED_CONTRACTS, SOUND, WORDS
from ussd.core.loader import MenuError, load_all, load_menu, load_words, menu_files
from ussd.core.menu import Choose, End, Menu
from ussd.core.strict_yaml import MAX_OCTETS, Fault, FileError, parse

# In a file of `faults`, the first lines say what is wrong with the rest of it.
EXPECTED = re.compile(r"# fault ([0-9]+:[0-9]+: .*)\n")
MENUS = [path.read_text() for path in menu_files(SHIPPED) + sorted(SOUND.glob("*.yaml"))]
STRAWS = [*"{}[]:|#~0ی\n\t\x00\"'", "- ", "&a ", "*a", "!x ", "<<: ", "? ", "  "]
wounds_of_a_text = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(STRAWS) | st.text(max_size=3)),
    min_size=1,
    max_size=3,
)


def faults_of(path: Path) -> list[str]:
    with pytest.raises(MenuError) as caught:
        load_menu(path, WORDS, CONTRACTS)
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def menu_or_faults(octets: bytes, folder: Path) -> Menu | MenuError:
    path = folder / "menu.yaml"
    path.write_bytes(octets)
    try:
        return load_menu(path, WORDS, CONTRACTS)
    except MenuError as error:
        return error


@pytest.mark.parametrize("name", sorted(path.stem for path in FAULTS.glob("*.yaml")))
def test_every_fault_of_a_file_is_reported_at_its_place_and_in_order(name: str) -> None:
    path = FAULTS / f"{name}.yaml"
    expected = EXPECTED.findall(path.read_text())
    assert expected
    assert faults_of(path) == expected


@pytest.mark.parametrize("name", sorted(path.stem for path in SOUND.glob("*.yaml")))
def test_a_menu_without_faults_loads(name: str) -> None:
    assert isinstance(load_menu(SOUND / f"{name}.yaml", WORDS, CONTRACTS), Menu)


def test_keys_stay_as_they_are_written() -> None:
    menu = load_menu(SOUND / "keys.yaml", WORDS, CONTRACTS)
    main, bye = menu.screens["main"], menu.screens["bye"]
    assert isinstance(main, Choose)
    assert [option.key for option in main.options] == ["0", "00", "012", "12", None]
    assert main.live is True
    assert bye == End(end="12:30")


def test_a_menu_may_write_some_of_the_shared_words_for_itself() -> None:
    menu = load_menu(SOUND / "everything.yaml", WORDS, CONTRACTS)
    assert (menu.words.next, menu.words.back_key) == ("بیشتر", "9")
    assert menu.words.home_key == WORDS.home_key


def test_the_menus_that_are_shipped_have_no_faults() -> None:
    assert "*4*1420#" in load_all(SHIPPED, SHIPPED_CONTRACTS)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", ["1:1: missing field: code", "1:1: missing field: screens", "1:1: missing field: start"]),
        (b"# nothing\n", ["1:1: missing field: code", "1:1: missing field: screens", "1:1: missing field: start"]),
        (b"~", ["1:1: a menu is a mapping: code, start, screens"]),
        (b"code: a\nstart: \xff\n", ["2:1: not UTF-8"]),
        (b"\xff\xfec\x00o\x00", ["1:1: not UTF-8"]),
        (b"a: \xed\xa0\x80", ["1:1: not UTF-8"]),
        ("کد: *۱#".encode("cp1256", "replace"), ["1:1: not UTF-8"]),
        (b"code: a\nb: \xc2\x81\n", ["2:1: a character that is not YAML"]),
        (b"[" * 100_000, ["1:33: nested too deep"]),
        (b"- " * 100_000, ["1:65: nested too deep"]),
        (b"? " * 100_000, ["1:65: nested too deep"]),
        (b"{a: " * 100_000, ["1:129: nested too deep"]),
        (b"a" * (MAX_OCTETS + 1), [f"1:1: larger than {MAX_OCTETS} octets"]),
    ],
    ids=lambda value: repr(value[:12]),
)
def test_a_file_that_is_no_menu_at_all(tmp_path: Path, octets: bytes, expected: list[str]) -> None:
    path = tmp_path / "menu.yaml"
    path.write_bytes(octets)
    assert faults_of(path) == expected


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert faults_of(tmp_path / "none.yaml") == ["1:1: cannot be read: No such file or directory"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert isinstance(menu_or_faults(b"\xef\xbb\xbf" + MENUS[0].encode(), tmp_path), Menu)


def test_the_shared_words_are_checked_too(tmp_path: Path) -> None:
    words = tmp_path / "common.yaml"
    words.write_text((SHIPPED / "common.yaml").read_text().replace("next: {", "nextt: {"))
    with pytest.raises(MenuError) as caught:
        load_words(words)
    assert [str(fault) for fault in caught.value.faults] == [
        f"{words}:3:1: missing field: next",
        f"{words}:5:1: unknown field: nextt",
    ]


def test_shared_words_that_fit_no_screen_are_a_fault(tmp_path: Path) -> None:
    words = tmp_path / "common.yaml"
    words.write_text((SHIPPED / "common.yaml").read_text().replace("ended: {fa: ", f"ended: {{fa: {'ا' * 81}"))
    with pytest.raises(MenuError, match="does not fit one screen of 160 octets"):
        load_words(words)


def test_a_folder_reports_the_faults_of_all_its_menus_at_once(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text((SHIPPED / "common.yaml").read_text())
    for name in ("start_missing", "unknown_rule"):
        (tmp_path / f"{name}.yaml").write_text((FAULTS / f"{name}.yaml").read_text())
    with pytest.raises(MenuError) as caught:
        load_all(tmp_path, CONTRACTS)
    assert [(Path(fault.file).stem, fault.message) for fault in caught.value.faults] == [
        ("start_missing", "no such screen: first"),
        ("unknown_rule", "no such input rule: digit(5)"),
    ]


def test_two_menus_of_one_shortcode_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text((SHIPPED / "common.yaml").read_text())
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text((SOUND / "keys.yaml").read_text())
    with pytest.raises(MenuError, match=r"b\.yaml:2:7: the shortcode \*1# has a menu already"):
        load_all(tmp_path, CONTRACTS)


def test_a_folder_without_menus_serves_nothing(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text((SHIPPED / "common.yaml").read_text())
    with pytest.raises(MenuError, match="no menu here"):
        load_all(tmp_path, CONTRACTS)


@given(octets=st.binary() | st.text().map(str.encode) | st.text("{}[]:-?,&*!|>'\"%@`#~ \n\tab01").map(str.encode))
def test_any_octets_are_a_document_or_faults(octets: bytes) -> None:
    faults: tuple[Fault, ...] | None = None
    try:
        parse(octets, "menu.yaml")
    except FileError as error:
        faults = error.faults
    assert faults is None or all(fault.line >= 1 and fault.column >= 1 for fault in faults)
    assert faults != ()


@given(octets=st.binary(max_size=100) | st.text("{}[]:-?,&*!|>'\"%@`#~ \n\tcodestar01", max_size=100).map(str.encode))
def test_any_octets_are_a_menu_or_faults(octets: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = menu_or_faults(octets, tmp_path_factory.getbasetemp())
    assert isinstance(found, Menu) or found.faults


@given(text=st.sampled_from(MENUS), wounds=wounds_of_a_text)
def test_a_mutilated_menu_is_a_menu_or_faults(
    tmp_path_factory: pytest.TempPathFactory, text: str, wounds: list[tuple[float, int, str]]
) -> None:
    for where, length, straw in wounds:
        place = int(where * len(text))
        text = text[:place] + straw + text[place + length :]
    found = menu_or_faults(text.encode(), tmp_path_factory.getbasetemp())
    assert isinstance(found, Menu) or found.faults
