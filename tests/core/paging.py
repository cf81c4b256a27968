"""Screens of every shape for the tests of paging, and pages taken apart into what they show."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

from ussd.core.profile import Profile
from ussd.core.screen import Content, Page, page
from ussd.core.session import TOP, Place

BACK, HOME = ("0", "بازگشت"), ("00", "شروع")

_word = st.one_of(
    st.text("ابپتثجکگیمنوهٔ\u200c", min_size=1, max_size=10),
    st.text("abcdefgh0123456789-€[]", min_size=1, max_size=12),
    st.sampled_from(["👨‍👩‍👧", "🇮🇷🇮🇷", "👍🏽" * 30, "e" + "\u0301" * 100, "ا" * 100, "x" * 200, "1-بعدي", "0-بازگشت؟"]),
)
_line = st.lists(_word, min_size=1, max_size=8).map(" ".join)
labels = st.one_of(_word, _line).map(str.strip).filter(bool)
notes = st.just("") | _line.map(lambda line: line[:60].strip())
texts = st.lists(_line | st.just("   "), max_size=5).map("\n".join).map(str.strip)
next_words = st.sampled_from(["بعدي", "next", "دوازده حرفه", "x" * 12])
profiles = st.builds(
    Profile,
    max_octets=st.integers(80, 160) | st.just(160),
    max_chars=st.none() | st.integers(40, 182),
    digits=st.sampled_from(["ascii", "persian"]),
)


@st.composite
def contents(draw: st.DrawFn, *, foot: bool = True, most: int = 40) -> Content:
    """Any screen: up to 40 options, some with keys of their own."""
    choices = draw(st.lists(labels, max_size=most))
    keys = draw(st.permutations(["0", "00", "1", "2", "7", "11", "*"[:0] or "9", "123"]))
    places = draw(st.lists(st.sampled_from(range(len(choices))), max_size=4, unique=True)) if choices else []
    pinned: list[str | None] = [None] * len(choices)
    for place, key in zip(places, keys, strict=False):
        pinned[place] = key
    text = draw(texts if choices else texts.filter(bool))
    ways_back = draw(st.sampled_from([(), (BACK,), (BACK, HOME)])) if foot else ()
    return Content(text, draw(next_words), tuple(choices), tuple(pinned), ways_back)


@dataclass(frozen=True)
class Shown:
    """A page, where it begins, and what it shows: its text or a piece of a label, and its options in their order."""

    at: Place
    page: Page
    text: str
    labels: tuple[tuple[str, str], ...]
    foot: tuple[str, ...]


def walk(content: Content, profile: Profile, at: Place = TOP) -> Iterator[Shown]:
    """Every page that the next lines lead to. Ends with an AssertionError where they lead on for ever."""
    letters = len(content.text) + sum(map(len, content.labels)) + len(content.labels)
    for _ in range(letters + 2):
        laid = page(content, at, profile)
        yield taken_apart(content, at, laid, profile)
        if not laid.next_key:
            return
        at = laid.next
    raise AssertionError("the next lines never end")


def taken_apart(content: Content, at: Place, laid: Page, profile: Profile) -> Shown:
    """Read a page line by line from its end, as a subscriber does; it must be made of nothing else."""
    lines = laid.text.split("\n")
    foot: list[str] = []
    for key, word in reversed(content.foot):
        if lines[-1] == f"{digits(key, profile)}-{word}":
            foot.insert(0, key)
            lines.pop()
    if laid.next_key:
        assert lines.pop() == f"{digits(laid.next_key, profile)}-{content.next_word}"
    labels: list[tuple[str, str]] = []
    for key in reversed(list(laid.options)):
        start = f"{digits(key, profile)}-"
        line = lines.pop()
        assert line.startswith(start)
        labels.insert(0, (key, line.removeprefix(start)))
    return Shown(at, laid, "\n".join(lines), tuple(labels), tuple(foot))


def digits(key: str, profile: Profile) -> str:
    """A key as the line shows it."""
    return key.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) if profile.digits == "persian" else key


def squeezed(text: str) -> str:
    """A text without its white space."""
    return "".join(text.split())
