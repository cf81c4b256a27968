"""Right-to-left text on a terminal that does nothing for it, and on one that does."""

import pytest

from simulator.rtl import Writing, direction_of, is_visual

WRITING = Writing()


def read(lines: list[str]) -> list[str]:
    """Lines without the blanks that align them."""
    return [line.strip() for line in lines]


def test_persian_is_joined_and_reads_from_the_right() -> None:
    assert WRITING.lines("سلام", 8) == ["    ﻡﻼﺳ"[-8:].rjust(8)]
    assert read(WRITING.lines("کد پیگیری: n570134", 24)) == ["n570134 :ﯼﺮﯿﮕﯿﭘ ﺪﮐ"]


def test_options_of_a_persian_screen_have_their_keys_on_the_right_in_any_language() -> None:
    assert read(WRITING.lines("خدمات\n1-استعلام\n8-English", 24)) == ["ﺕﺎﻣﺪﺧ", "ﻡﻼﻌﺘﺳﺍ-1", "English-8"]


def test_an_english_screen_is_left_alone() -> None:
    assert WRITING.lines("Services\n1-Account", 10) == ["Services  ", "1-Account "]


@pytest.mark.parametrize("dialled", ["*4*1420#", "*4*1420*1*2*0007569602#", "*1666#"])
def test_a_dial_string_is_read_from_the_left_within_persian(dialled: str) -> None:
    [line] = read(WRITING.lines(f"کد {dialled} است", 40))
    assert dialled in line
    assert line.endswith("ﺪﮐ")


def test_a_dial_string_with_a_persian_word_in_it_keeps_its_order() -> None:
    assert read(WRITING.lines("بیاورید:\n*4*1420*1*2*کدملی#", 24))[1] == "*4*1420*1*2*ﯽﻠﻣﺪﮐ#"


def test_a_number_keeps_its_plus() -> None:
    assert read(WRITING.lines("تلفن: +982164501", 24)) == ["+982164501 :ﻦﻔﻠﺗ"]


def test_lines_are_cut_before_they_are_turned_about() -> None:
    lines = read(WRITING.lines("از حمایت درمانی برخوردار میباشید.", 24))
    assert lines == ["ﺭﺍﺩﺭﻮﺧﺮﺑ ﯽﻧﺎﻣﺭﺩ ﺖﯾﺎﻤﺣ ﺯﺍ", ".ﺪﯿﺷﺎﺒﯿﻣ"]


def test_brackets_are_mirrored_and_half_spaces_are_not_seen() -> None:
    assert read(WRITING.lines("«تأمین» می‌شود", 24)) == ["ﺩﻮﺷﯽﻣ «ﻦﯿﻣﺄﺗ»"]


@pytest.mark.parametrize(
    "text", ["", "\n", "ا" * 60, "a" * 60, "*" * 60, "ﷺ‌ـ", "\u202eabc\u202c", "👨‍👩‍👧 سلام", "آ\u064b\u064c"]
)
@pytest.mark.parametrize("visual", [True, False])
def test_every_line_is_as_wide_as_the_screen(text: str, visual: bool) -> None:
    writing = Writing(visual)
    assert {writing.width(line) for line in writing.lines(text, 24)} == {24}


def test_a_terminal_that_reorders_gets_the_text_as_it_is() -> None:
    assert Writing(visual=False).lines("1-استعلام", 12) == ["   1-استعلام"]


def test_a_screen_is_read_from_the_right_as_soon_as_one_letter_is() -> None:
    assert [direction_of(text) for text in ("", "1420", "abc", "8-English\n1-استعلام")] == ["L", "L", "L", "R"]


@pytest.mark.parametrize(
    "environment",
    [
        {"VTE_VERSION": "7600"},
        {"KONSOLE_VERSION": "230804"},
        {"MLTERM": "3.9.3"},
        {"TERM": "mlterm-256color"},
        {"TERM_PROGRAM": "Apple_Terminal"},
    ],
)
def test_terminals_that_are_known_to_reorder_are_left_to_do_it(environment: dict[str, str]) -> None:
    assert not is_visual("auto", environment)
    assert is_visual("visual", environment)


@pytest.mark.parametrize("environment", [{}, {"TERM": "xterm-256color"}, {"TERM_PROGRAM": "vscode"}])
def test_all_others_get_lines_in_order(environment: dict[str, str]) -> None:
    assert is_visual("auto", environment)
    assert not is_visual("logical", environment)
