"""What is written on a handset: one page of a screen, laid out so that one USSD string holds it.

A page begins at a Place and says where the next one begins, so its layout depends on nothing but what it shows, and
what was typed is read against exactly what was shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from ussd.core.profile import Profile
from ussd.core.session import TOP, Place
from ussd.core.text import cut, fits, fold_out


@dataclass(frozen=True, slots=True)
class Content:
    """A whole screen, its placeholders filled in and its letters folded, before it is cut into pages.

    Text and labels have no white space at their ends: a page of nothing else would be an empty one.
    """

    text: str
    next_word: str
    labels: tuple[str, ...] = ()
    pinned: tuple[str | None, ...] = ()
    """The key of each option that has one of its own, on every page."""
    foot: tuple[tuple[str, str], ...] = ()
    """Keys and words at the end of every page: the ways back."""
    note: str = ""
    """What was wrong with the last answer."""

    def has(self, at: Place) -> bool:
        """Whether anything is left to show at a place."""
        return at.text < len(self.text) or at.option < len(self.labels)

    def numbers(self) -> Iterator[str]:
        """1, 2, 3 ... without those that are pinned anywhere on the screen, so that no key means two things."""
        number = 0
        while True:
            number += 1
            if str(number) not in self.pinned:
                yield str(number)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it is shown."""

    text: str
    options: Mapping[str, int] = field(default_factory=dict)
    """The keys shown, and the option that each chooses."""
    next_key: str = ""
    """The key of the next line; empty on the last page."""
    next: Place = TOP


def last(text: str, profile: Profile) -> str:
    """A screen that nothing follows, and that no menu writes; its beginning on a line too narrow for it."""
    folded = fold_out(text, profile).strip()
    return folded if fits(folded, profile) else cut(folded, lambda some: fits(some, profile))[0]


def page(content: Content, at: Place, profile: Profile) -> Page:
    """The page of a screen that begins at `at`.

    A line too narrow for the ways back goes without their lines, though their keys work, and then without the note.
    """
    bare = replace(content, foot=())
    for version in (content, bare, replace(bare, note="")):
        laid = _noted(version, at, profile) if version.note else _laid_out(version, at, profile)
        leads_on = not laid.next_key or version.has(laid.next)
        if fits(laid.text, profile) and leads_on and not (version.foot and _starved(version, at, laid)):
            break
    return laid


def _starved(content: Content, at: Place, laid: Page) -> bool:
    """Whether a page has no room for an option that belongs on it."""
    return not laid.options and at.option < len(content.labels) and (at == TOP or laid.next.label > 0)


def _noted(content: Content, at: Place, profile: Profile) -> Page:
    """The same page under a note; where that costs it options, the note stands in the place of the text above them."""
    plain = _laid_out(replace(content, note=""), at, profile)
    noted = _laid_out(content, at, profile)
    text_ends_here = not plain.next_key or plain.next.text == len(content.text)
    if noted.options == plain.options or not text_ends_here:
        return noted
    return _laid_out(content, at._replace(text=len(content.text)), profile)


def _laid_out(content: Content, at: Place, profile: Profile) -> Page:
    """Everything that is left, if one screen holds it; else as much as fits above the next line."""
    rest, left = content.text[at.text :], len(content.labels) - at.option
    whole = _page(content, at, rest, left, None, profile)
    if fits(whole.text, profile):
        return whole

    def holds(text: str, shown: int) -> bool:
        """Whether they fit above a next line, with something left behind it."""
        more = shown < left or text != rest
        return more and fits(_page(content, at, text, shown, TOP, profile).text, profile)

    # Page one always shows an option, even where its text goes on behind the next line.
    least = 1 if at == TOP and left and holds(cut(rest, lambda text: holds(text, 1))[0], 1) else 0
    if not holds(rest, least):
        text, end = cut(rest, lambda text: holds(text, least))
        return _page(content, at, text, least, Place(at.text + end, at.option + least), profile)
    shown = least
    while shown < left and holds(rest, shown + 1):
        shown += 1
    if shown or rest:
        return _page(content, at, rest, shown, Place(len(content.text), at.option + shown), profile)
    # A label that no screen holds is read in pieces, the last of them beside its key.
    label = content.labels[at.option][at.label :]
    piece, end = cut(label, lambda text: text != label and holds(text, 0))
    return _page(content, at, piece, 0, Place(at.text, at.option, at.label + end), profile)


def _page(content: Content, at: Place, text: str, shown: int, following: Place | None, profile: Profile) -> Page:
    """The page with `text` and `shown` options, numbered, and a next line where anything follows."""
    lines = [line for line in (content.note, text) if line]
    numbers = content.numbers()
    options: dict[str, int] = {}
    for place, label in islice(enumerate(content.labels), at.option, at.option + shown):
        key = content.pinned[place] or next(numbers)
        options[key] = place
        lines.append(_line(key, label[at.label :] if place == at.option else label, profile))
    next_key = next(numbers) if following else ""
    if next_key:
        lines.append(_line(next_key, content.next_word, profile))
    taken = {*content.pinned, *options, next_key}
    lines += (_line(key, word, profile) for key, word in content.foot if key not in taken)
    return Page("\n".join(lines), options, next_key, following or TOP)


def _line(key: str, word: str, profile: Profile) -> str:
    return f"{fold_out(key, profile)}-{word}"
