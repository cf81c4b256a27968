"""What is proven of a menu, where one file of `tests/menus/faults` would not show it."""

import pytest

from tests.core.build import BYE, CONTRACTS, WORDS, ask, choose, look_up
from ussd.core.checks import findings, word_findings
from ussd.core.menu import Choose, End, Menu, Option


def found(screens: dict[str, object], **fields: object) -> list[str]:
    """The findings of a menu, each as its place and what is said."""
    given = {"code": "*1#", "start": next(iter(screens)), "words": WORDS, "screens": screens}
    menu = Menu.model_validate(given | fields)
    return [f"{' '.join(map(str, one.loc))}: {one.message}" for one in findings(menu, CONTRACTS)]


def test_an_answer_is_bound_where_every_way_asks_for_it() -> None:
    screens = {
        "main": choose("main", "a>first", "b>second"),
        "first": ask("code?", "both"),
        "second": ask("code?", "both"),
        "both": {"end": "code {code}"},
    }
    assert found(screens) == []


def test_an_answer_is_not_bound_where_one_way_passes_the_question() -> None:
    screens = {
        "main": choose("main", "a>first", "b>both"),
        "first": ask("code?", "both"),
        "both": {"end": "code {code}"},
    }
    assert found(screens) == ["screens both end: not every way here fills in {code}"]


def test_an_answer_stays_bound_around_a_loop() -> None:
    screens = {
        "main": ask("code?", "menu"),
        "menu": choose("{code}", "again>menu", "look>look", "end>bye"),
        "look": look_up("menu", "menu", "bye", ("code",)),
        "bye": {"end": "bye {code}"},
    }
    assert found(screens) == []


def test_a_loop_cannot_bind_what_it_wants_itself() -> None:
    screens = {"main": choose("{code}", "again>ask", "end>bye"), "ask": ask("code?", "main"), "bye": BYE}
    assert found(screens) == ["screens main choose: not every way here fills in {code}"]


def test_a_fact_is_bound_by_the_outcome_that_gives_it_and_by_no_other() -> None:
    screens = {
        "main": look_up("known", "unknown", "bye"),
        "known": {"end": "name {name}"},
        "unknown": {"end": "name {name}"},
        "bye": BYE,
    }
    assert found(screens) == ["screens unknown end: not every way here fills in {name}"]


def test_a_fact_may_be_handed_to_the_next_lookup() -> None:
    screens = {
        "main": look_up("again", "bye", "bye"),
        "again": look_up("known", "bye", "bye", ("name",)),
        "known": {"end": "name {name}"},
        "bye": BYE,
    }
    assert found(screens) == []


def test_a_lookup_that_leads_to_itself_would_wait_for_ever() -> None:
    screens = {"main": look_up("bye", "main", "bye"), "bye": BYE}
    assert found(screens) == ["screens main: the lookup main leads back to itself with no screen between"]


def test_a_lookup_may_come_round_again_behind_a_screen() -> None:
    screens = {"main": look_up("menu", "bye", "bye"), "menu": choose("menu", "again>main", "end>bye"), "bye": BYE}
    assert found(screens) == []


def test_a_menu_of_one_last_screen_is_whole() -> None:
    assert found({"main": BYE}) == []


def test_a_menu_may_be_made_of_screens_that_are_made_already() -> None:
    assert found({"main": Choose(choose="Main", options=(Option(label="a", goto="bye"),)), "bye": End(end="Bye")}) == []


def test_a_label_may_be_a_value_alone_since_its_number_is_shown_with_it() -> None:
    assert found({"main": look_up("menu", "bye", "bye"), "menu": choose("{name}", "{name}>bye"), "bye": BYE}) == []


@pytest.mark.parametrize("text", ["{name}", " {name} ", "{name}{name}", "\u200c{name}\n"])
def test_a_last_screen_of_values_alone_may_come_out_empty(text: str) -> None:
    screens = {"main": look_up("known", "bye", "bye"), "known": {"end": text}, "bye": BYE}
    assert found(screens) == ["screens known end: may come out as an empty screen: it has no words of its own"]


@pytest.mark.parametrize(
    "text", ["}{", "{", "{}", "{Name}", "{name", "{na me}", "{{name}}", "{name:>5}", "{0}", "{a.b}"]
)
def test_a_brace_is_a_placeholder_or_a_fault(text: str) -> None:
    screens = {"main": look_up("known", "bye", "bye"), "known": {"end": text}, "bye": BYE}
    assert found(screens)[0].startswith("screens known end: a brace")


def test_the_question_whether_to_go_on_must_fit_one_screen_with_its_answers() -> None:
    assert word_findings(WORDS.model_copy(update={"go_on": "ا" * 80, "go_on_yes": "بله", "go_on_no": "نه"})) != []
    assert word_findings(WORDS.model_copy(update={"go_on": "ا" * 69, "go_on_yes": "بله", "go_on_no": "نه"})) == []
    assert word_findings(WORDS.model_copy(update={"go_on": "ا" * 70, "go_on_yes": "بله", "go_on_no": "نه"})) != []


@pytest.mark.parametrize("name", ["too_many", "ended", "expired", "unknown_code", "apology"])
def test_a_shared_screen_must_fit_one_screen(name: str) -> None:
    assert word_findings(WORDS.model_copy(update={name: "ا" * 80})) == []
    assert [one.loc for one in word_findings(WORDS.model_copy(update={name: "ا" * 81}))] == [(name,)]
