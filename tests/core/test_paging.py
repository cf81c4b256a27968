"""Paging: whatever a screen holds, all of it comes to the handset, a page of at most one USSD string at a time."""

from dataclasses import replace
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from tests.core.paging import contents, digits, notes, profiles, squeezed, taken_apart, walk
from ussd.core.profile import Profile
from ussd.core.screen import Content, page
from ussd.core.session import TOP
from ussd.core.text import fits, measure


def written(content: Content, profile: Profile, text: str, labels: int, *, more: bool) -> str:
    """A first page written out by hand."""
    free = (str(number) for number in count(1) if str(number) not in content.pinned)
    lines, taken = [text] if text else [], {*content.pinned}
    for key, label in zip(content.pinned[:labels], content.labels, strict=False):
        shown = key or next(free)
        taken.add(shown)
        lines.append(f"{digits(shown, profile)}-{label}")
    if more:
        taken.add(following := next(free))
        lines.append(f"{digits(following, profile)}-{content.next_word}")
    lines += [f"{digits(key, profile)}-{word}" for key, word in content.foot if key not in taken]
    return "\n".join(lines)


@given(contents(), profiles)
def test_every_page_fits_and_the_last_one_comes(content: Content, profile: Profile) -> None:
    pages = list(walk(content, profile))
    assert all(shown.page.text and fits(shown.page.text, profile) for shown in pages)
    assert [bool(shown.page.next_key) for shown in pages] == [True] * (len(pages) - 1) + [False]


@given(contents(), profiles)
def test_every_option_is_reachable_by_one_key_of_one_page(content: Content, profile: Profile) -> None:
    pages = list(walk(content, profile))
    assert [place for shown in pages for place in shown.page.options.values()] == list(range(len(content.labels)))
    for shown in pages:
        keys = [*(key for key, _ in shown.labels), *([shown.page.next_key] if shown.page.next_key else []), *shown.foot]
        assert len(set(keys)) == len(keys)
        assert not {shown.page.next_key, *shown.foot} & set(content.pinned)
        assert all(label for _, label in shown.labels)


@given(contents(), profiles)
def test_nothing_but_white_space_is_lost(content: Content, profile: Profile) -> None:
    text, labels = "", [""] * len(content.labels)
    for shown in walk(content, profile):
        if shown.text and shown.at.text < len(content.text):
            text += shown.text
        elif shown.text:
            labels[shown.at.option] += shown.text
        for place, (_, label) in zip(shown.page.options.values(), shown.labels, strict=True):
            labels[place] += label
    assert squeezed(text) == squeezed(content.text)
    assert [squeezed(label) for label in labels] == [squeezed(label) for label in content.labels]


@given(contents(), profiles)
def test_what_one_screen_holds_is_one_page(content: Content, profile: Profile) -> None:
    whole = written(content, profile, content.text, len(content.labels), more=False)
    laid = page(content, TOP, profile)
    assert (laid.text == whole and not laid.next_key) is fits(whole, profile)


@given(contents(most=5).filter(lambda content: content.labels), profiles)
def test_page_one_shows_an_option_wherever_one_fits(content: Content, profile: Profile) -> None:
    if fits(written(replace(content, foot=()), profile, content.text[:1], 1, more=True), profile):
        assert page(content, TOP, profile).options


@given(contents(foot=False), profiles)
def test_a_page_holds_as_many_options_as_fit(content: Content, profile: Profile) -> None:
    laid = page(content, TOP, profile)
    shown = len(laid.options)
    if laid.next_key and laid.next.text == len(content.text) and laid.next.label == 0:
        more = shown + 1 < len(content.labels)
        assert not fits(written(content, profile, content.text, shown + 1, more=more), profile)


@given(contents(), profiles, notes.filter(bool), st.data())
def test_a_page_under_a_note_offers_what_it_shows_and_loses_no_option(
    content: Content, profile: Profile, note: str, data: st.DataObject
) -> None:
    plain = data.draw(st.sampled_from(list(walk(content, profile))))
    noted = replace(content, note=note)
    laid = page(noted, plain.at, profile)
    shown = taken_apart(content, plain.at, laid, profile)
    assert fits(laid.text, profile)
    for place, (_, label) in zip(laid.options.values(), shown.labels, strict=True):
        assert content.labels[place].endswith(label)
        assert label == content.labels[place] or place == plain.at.option
    later = walk(content, profile, laid.next) if laid.next_key else ()
    reached = [*laid.options.values(), *(place for one in later for place in one.page.options.values())]
    assert reached == list(range(plain.at.option, len(content.labels)))


@given(contents(), profiles, notes.filter(bool), st.data())
def test_a_note_is_shown_wherever_anything_fits_under_it(
    content: Content, profile: Profile, note: str, data: st.DataObject
) -> None:
    plain = data.draw(st.sampled_from(list(walk(content, profile))))
    shown = page(replace(content, note=note), plain.at, profile).text
    assert shown.startswith(f"{note}\n") or not fits(f"{note}\n😀\n99-{content.next_word}", profile)


def test_twelve_persian_options_of_twenty_letters_are_all_reachable() -> None:
    labels = tuple(letter * 20 for letter in "ابپتثجچحخدذر")
    pages = list(walk(Content("خدمات", "بعدي", labels, (None,) * 12), Profile()))
    assert [measure(shown.page.text).octets <= 160 for shown in pages] == [True] * len(pages)
    assert [label for shown in pages for _, label in shown.labels] == list(labels)
    assert ["".join(key for key, _ in shown.labels) for shown in pages] == ["12", "123", "123", "123", "1"]


def test_a_next_line_that_makes_its_page_cheaper_still_leads_somewhere() -> None:
    """The brackets of GSM-7 cost two septets, but one UTF-16 unit each beside a Persian digit."""
    pages = list(walk(Content("[" * 40, "next"), Profile(max_chars=70, digits="persian")))
    assert [shown.text for shown in pages] == ["[" * 39, "["]


def test_a_note_that_only_a_next_line_makes_cheap_enough_gives_way() -> None:
    """As above: without the next line, which would lead to an empty page, the brackets are 82 septets."""
    assert page(Content("x", "بعدي", note="[" * 41), TOP, Profile(max_chars=70)).text == "x"


def test_a_label_that_fits_no_screen_beside_a_next_line_keeps_its_last_piece_beside_its_key() -> None:
    pages = list(walk(Content("متن", "بعدي", ("ا" * 73, "ب" * 20), (None, None)), Profile()))
    assert [shown.page.text for shown in pages] == [
        "متن\n1-بعدي",
        f"{'ا' * 72}\n1-بعدي",
        f"1-ا\n2-{'ب' * 20}",
    ]


def test_numbers_skip_the_keys_that_are_pinned_on_any_page() -> None:
    labels = tuple(f"{number:02} {'x' * 30}" for number in range(10))
    pinned = (None, None, "2", None, None, None, None, None, "1", None)
    pages = list(walk(Content("Choose", "next", labels, pinned), Profile()))
    assert [list(shown.page.options) for shown in pages] == [["3", "4", "2", "5"], ["3", "4", "5", "6"], ["1", "3"]]
    assert [shown.page.next_key for shown in pages] == ["6", "7", ""]


def test_a_pinned_key_hides_the_way_back_that_it_takes_the_place_of() -> None:
    content = Content("Choose", "next", ("stop",), ("0",), foot=(("0", "back"), ("00", "home")))
    assert page(content, TOP, Profile()).text == "Choose\n0-stop\n00-home"


def test_the_ways_back_give_way_to_the_first_option() -> None:
    content = Content("خدمات", "بعدي", ("ا" * 60, "ب" * 10), (None, None), foot=(("0", "بازگشت"), ("00", "شروع")))
    assert page(content, TOP, Profile()).text == f"خدمات\n1-{'ا' * 60}\n2-بعدي"


def test_a_note_stands_in_the_place_of_the_text_where_it_would_cost_an_option() -> None:
    content = Content("ا" * 40, "بعدي", ("ب" * 10, "پ" * 10), (None, None))
    assert page(content, TOP, Profile()).text == f"{'ا' * 40}\n1-{'ب' * 10}\n2-{'پ' * 10}"
    noted = page(replace(content, note="گزینه معتبر نیست."), TOP, Profile())
    assert noted.text == f"گزینه معتبر نیست.\n1-{'ب' * 10}\n2-{'پ' * 10}"


def test_digits_are_shown_as_the_line_shows_them_and_heard_in_any_form() -> None:
    content = Content("منو", "بعدي", ("الف", "ب"), (None, "12"), foot=(("0", "بازگشت"),))
    laid = page(content, TOP, Profile(digits="persian"))
    assert laid.text == "منو\n۱-الف\n۱۲-ب\n۰-بازگشت"
    assert laid.options == {"1": 0, "12": 1}
