"""`ussd new`: a menu to begin with, which passes all that is asked of one."""

from pathlib import Path

import pytest

from tests.core.build import CONTRACTS, SHIPPED, WORDS
from tests.server import ussd
from ussd.core.loader import load_menu
from ussd.core.menu import Ask, Choose, End
from ussd.core.schema import FILE


def installed(home: Path, *arguments: str, stdin: str = "") -> tuple[int, str, str]:
    run = ussd(home, *arguments, stdin=stdin, menus=str(home / "menus"))
    return run.returncode, run.stdout, run.stderr


def test_what_it_writes_passes_check_and_test(tmp_path: Path) -> None:
    code, said, _ = installed(tmp_path, "new", "laundry")
    menu, transcript = tmp_path / "menus/laundry.yaml", tmp_path / "menus/laundry.txt"
    assert (code, said.splitlines()[:2]) == (0, [str(menu), str(transcript)])
    assert said.splitlines()[3:] == [f"ussd check {menu}", f"ussd test {transcript}", "ussd dial '*123#'"]
    assert installed(tmp_path, "check") == (0, "1 menu, no fault\n", "")
    assert installed(tmp_path, "test", str(transcript)) == (0, "1 transcript, no difference\n", "")
    code, shown, _ = installed(tmp_path, "dial", "*123*1*1234#", "--plain")
    assert (code, "1234" in shown) == (0, True)


def test_a_changed_word_is_a_difference_to_its_transcript(tmp_path: Path) -> None:
    installed(tmp_path, "new", "laundry")
    menu = tmp_path / "menus/laundry.yaml"
    menu.write_text(menu.read_text().replace("Sample laundry", "Simple laundry"))
    code, said, _ = installed(tmp_path, "test", str(tmp_path / "menus/laundry.txt"))
    assert code == 1
    assert "Sample laundry" in said
    assert "Simple laundry" in said


def test_an_empty_folder_gets_the_shared_words_and_the_schema(tmp_path: Path) -> None:
    installed(tmp_path, "new", "laundry")
    for name in ("common.yaml", FILE):
        assert (tmp_path / "menus" / name).read_text() == (SHIPPED / name).read_text()
    own = (SHIPPED / "common.yaml").read_text().replace("next: {fa: بعدي", "next: {fa: بیشتر")
    (tmp_path / "menus/common.yaml").write_text(own)
    assert installed(tmp_path, "new", "second", "--code", "*124#")[0] == 0
    assert (tmp_path / "menus/common.yaml").read_text() == own


def test_it_has_two_languages_a_question_and_an_end() -> None:
    menu = load_menu(SHIPPED.parent / "ussd/cli/new.yaml", WORDS, CONTRACTS)
    assert menu.languages == ("fa", "en")
    assert {type(screen) for screen in menu.screens.values()} == {Choose, Ask, End}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("laundry", "--code", "*124#"), "there already: "),
        (("second",), "the shortcode *123# has a menu already"),
        (("second", "--code", "*123*1#"), "hides what 1 leads to in the menu of *123#"),
        (("second", "--code", "124"), "not a shortcode: 124 (one is *123#)"),
        (("../second",), "not a name for a menu: ../second"),
        (("common",), "not a name for a menu: common"),
    ],
)
def test_what_it_cannot_write_is_said_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    installed(tmp_path, "new", "laundry")
    before = {path: path.read_bytes() for path in tmp_path.rglob("menus/*")}
    code, printed, wrong = installed(tmp_path, "new", *arguments)
    assert (code, printed) == (1, "")
    assert said in wrong
    assert {path: path.read_bytes() for path in tmp_path.rglob("menus/*")} == before


def test_words_in_other_languages_are_told_of_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "menus").mkdir()
    words = (SHIPPED / "common.yaml").read_text().replace("[fa, en]", "[fa, de]").replace(" en: ", " de: ")
    (tmp_path / "menus/common.yaml").write_text(words.replace("\n  en: ", "\n  de: "))
    code, _, wrong = installed(tmp_path, "new", "laundry")
    assert code == 1
    assert "the shared words are not there in en" in wrong
    assert not (tmp_path / "menus/laundry.yaml").exists()
