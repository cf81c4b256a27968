"""Menus in several languages: each text in each of them, and one session that may go from one to another."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.core.build import CONTRACTS, SHIPPED, SHIPPED_CONTRACTS
from ussd.core.engine import Dialled, Engine, Finish, LookedUp, Show, Typed
from ussd.core.loader import MenuError, load_all, load_menu, load_words
from ussd.core.machine import Moves
from ussd.core.menu import Menu, Words, texts
from ussd.core.profile import Profile
from ussd.core.session import Session

MENU = """\
code: "*1#"
languages: [fa, en]
start: main
screens:
  main:
    choose: {fa: سلام ۱۲, en: Hello ۱۲}
    options:
      - {label: {fa: کد, en: Code}, goto: code}
      - {label: {fa: English, en: Farsi}, goto: main, language: {fa: en, en: fa}}
  code:
    ask: {fa: "کد:", en: "Code:"}
    save_as: code
    check: digits(3)
    sorry: {fa: نه, en: No}
    goto: bye
  bye: {end: "= {code}"}
"""
WORDS = load_words(SHIPPED / "common.yaml")


def menu(tmp_path: Path, text: str = MENU, words: Words = WORDS) -> Menu:
    (tmp_path / "mine.yaml").write_text(text)
    return load_menu(tmp_path / "mine.yaml", words, CONTRACTS)


def faults(tmp_path: Path, text: str, words: Words = WORDS) -> list[str]:
    with pytest.raises(MenuError) as caught:
        menu(tmp_path, text, words)
    return [str(fault).removeprefix(f"{tmp_path}/mine.yaml:") for fault in caught.value.faults]


def said(engine: Engine, *typed: str, session: Session | None = None) -> list[str]:
    """What is read, each session stored and read back between two steps."""
    session, effect = engine.step(session or engine.start(), Dialled())
    shown = []
    for text in (*typed, None):
        assert isinstance(effect, Show | Finish)
        shown.append(effect.text)
        if text is not None:
            session, effect = engine.step(Session.loads(session.dumps()), Typed(text))
    return shown


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    loaded = menu(tmp_path)
    return Engine(loaded, Moves(loaded), Profile())


def test_the_first_language_is_spoken_until_another_is_chosen(engine: Engine) -> None:
    assert said(engine, "2", "1", "x", "123") == [
        "سلام 12\n1-کد\n2-English",
        "Hello 12\n1-Code\n2-Farsi",
        "Code:",
        "No\nCode:",
        "= 123",
    ]


def test_one_may_come_back_from_it(engine: Engine) -> None:
    assert said(engine, "2", "2", "1")[2:] == ["سلام 12\n1-کد\n2-English", "کد:"]


def test_the_ways_back_are_in_the_language_too_and_lead_to_pages_in_it(engine: Engine) -> None:
    assert said(engine, "1", "0", "2", "1", "0")[-1] == "Hello 12\n1-Code\n2-Farsi"
    assert said(engine, "2", "9")[-1].startswith("No such option.")
    assert said(engine, "2", "1", "x", "x", "x")[-1] == "Three answers were not valid.\nPlease dial again."


def test_a_session_may_begin_in_a_language_or_in_one_that_the_menu_does_not_have(engine: Engine) -> None:
    assert said(engine, session=Session("*1#", "main", language="en"))[0].startswith("Hello")
    assert said(engine, session=Session("*1#", "main", language="de"))[0].startswith("سلام")


def test_persian_digits_are_for_persian_texts(tmp_path: Path) -> None:
    loaded = menu(tmp_path)
    engine = Engine(loaded, Moves(loaded), Profile(digits="persian"))
    assert [text.splitlines()[0] for text in said(engine, "2")] == ["سلام ۱۲", "Hello 12"]


def test_a_dropped_session_is_offered_and_goes_on_in_its_language(engine: Engine) -> None:
    dropped = Session("*1#", "code", language="en")
    session, effect = engine.step(engine.start(), Dialled((), dropped))
    assert effect == Show("Your last call was cut off.\nGo on with it?\n1-Go on\n2-Start anew")
    assert engine.step(session, Typed("1"))[1] == Show("Code:")
    assert engine.step(session, Typed("2"))[1] == Show("Hello 12\n1-Code\n2-Farsi")


def test_a_text_that_is_not_there_in_each_language_is_a_fault_at_its_place(tmp_path: Path) -> None:
    assert faults(tmp_path, MENU.replace(", en: Code}", "}")) == ["8:17: no text in en"]
    assert faults(tmp_path, MENU.replace("en: Code}", "en: Code, de: Kode}")) == ["8:36: not one of the languages: de"]
    assert faults(tmp_path, MENU.replace("languages: [fa, en]\n", ""))[0].endswith(
        "one text a language, and no languages are listed"
    )


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("[fa, en, fa]", "a language is here twice"),
        ("[fa, english]", "no text in english"),
        ("[fa, en, de]", "no text in de"),
    ],
)
def test_languages_that_do_not_do_are_faults(tmp_path: Path, listed: str, said: str) -> None:
    assert any(said in fault for fault in faults(tmp_path, MENU.replace("[fa, en]", listed)))


def test_an_option_leads_to_a_language_of_the_menu(tmp_path: Path) -> None:
    assert faults(tmp_path, MENU.replace("language: {fa: en, en: fa}", "language: de")) == [
        "9:65: not one of the languages: de"
    ]


def test_the_shared_words_are_needed_in_each_language(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text(
        "\n".join(f"{name}: {text!r}" for name, text in WORDS.model_dump().items() if isinstance(text, str))
    )
    persian = load_words(tmp_path / "common.yaml")
    assert faults(tmp_path, MENU, persian) == [
        "2:12: the shared words are not there in en",
        "2:12: the shared words are not there in fa",
    ]


def test_a_fault_of_one_language_is_said_at_its_text(tmp_path: Path) -> None:
    found = faults(tmp_path, MENU.replace("en: Hello ۱۲", 'en: "Hello {nobody}"'))
    assert len(found) == 1
    assert found[0].startswith("6:31: ")
    assert "nobody" in found[0]


def test_a_text_that_is_written_once_is_the_same_in_each(engine: Engine) -> None:
    assert said(engine, "1", "123")[-1] == said(engine, "2", "1", "123")[-1] == "= 123"


@pytest.mark.parametrize("code", ["*4*1420#", "*1666#", "*4*1420*99#", "*4*40#"])
def test_every_shipped_menu_is_there_in_persian_and_english(code: str) -> None:
    shipped = load_all(SHIPPED, SHIPPED_CONTRACTS)[code]
    assert shipped.languages == ("fa", "en")
    for name, screen in shipped.spoken("en").screens.items():
        assert [text for _, text in texts(screen) if not text.isascii()] in ([], ["فارسی"]), name


def test_a_verdict_never_reads_otherwise_in_the_other_language() -> None:
    shipped = load_all(SHIPPED, SHIPPED_CONTRACTS)
    for code, lookup in (("*4*1420#", "entitlement"), ("*1666#", "inpatient")):
        engine = Engine(shipped[code], Moves(shipped[code]), Profile())
        for outcome in SHIPPED_CONTRACTS[lookup].outcomes:
            screen = Session(code, lookup, answers={"national_code": "0007569602"})
            verdicts = []
            for language in ("fa", "en"):
                waiting = Session(code, lookup, answers=screen.answers, language=language)
                _, effect = engine.step(waiting, LookedUp(outcome, {"tracking_code": "n570134"}))
                assert isinstance(effect, Finish)
                verdicts.append(effect.text)
            persian, english = verdicts
            assert _entitled(persian, ("برخوردار",), ("برخوردار نیست", "برخوردار نمی")) == _entitled(
                english, ("ntitled",), ("not entitled",)
            ), outcome
            assert ("بررسی نشد" in persian) == ("NOT CHECKED" in english)
            assert ("n570134" in persian) == ("n570134" in english)


def _entitled(text: str, yes: Sequence[str], no: Sequence[str]) -> bool | None:
    if any(word in text for word in no):
        return False
    return True if any(word in text for word in yes) else None
