"""How many pages a screen may take, whatever is filled in: no more than are allowed, on every line.

Each value is taken as one long word of its greatest width, which is the worst that it can be as long as a page holds
it: then whatever really is there ends each page at the same word or further on. What no page holds may be written so
that each page is nearly half empty, and is counted so.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ussd.core.checks.finding import Contract, Finding, Lines, Loc
from ussd.core.checks.lines import limits
from ussd.core.inputs import rule, width
from ussd.core.menu import PLACEHOLDER, Ask, Choose, End, LookUp, Menu, placeholders, texts
from ussd.core.profile import Profile
from ussd.core.screen import Content, Page, page
from ussd.core.session import TOP, Place
from ussd.core.text import GSM7_EXTENSION, fold_out

CHOOSE, OTHERWISE = 3, 2
"""Pages of a choosing screen, and of any other, where a menu does not say how many are allowed."""
MOST = 99
_WIDE, _NARROW = "ن", "x"
"""A letter that makes its page UCS-2, and one that does not; no profile folds them."""
_RUN = re.compile(r"\S+")

Widths = Mapping[str, int]


def too_many(menu: Menu, contracts: Mapping[str, Contract], lines: Lines) -> Iterator[Finding]:
    """Screens that may take more pages than allowed, and what follows from a question of several pages."""
    known = widths(menu, contracts)
    for gateway, profile in lines.items():
        paper = Paper(menu, known, profile)
        for name, screen in menu.screens.items():
            if not isinstance(screen, LookUp):
                yield from _found(menu, name, screen, paper, limits(gateway, profile))


def _found(menu: Menu, name: str, screen: Choose | Ask | End, paper: "Paper", line: str) -> Iterator[Finding]:
    allowed = menu.pages or (CHOOSE if isinstance(screen, Choose) else OTHERWISE)
    needed, unheld = paper.pages(name)
    if unheld is not None:
        loc: Loc = ("screens", name, "options", unheld, "label")
        yield Finding(loc, f"one line does not fit a screen of {line}", "pages", _shorter(screen, paper))
    elif needed > allowed:
        count = f"{needed} pages" if needed < MOST else f"{MOST} pages or more"
        said = f"may take {count} of {line}, and {allowed} {'is' if allowed == 1 else 'are'} allowed"
        more = f", or allow more: `pages: {needed}`" if needed < MOST else ""
        yield Finding(("screens", name, _kind(screen)), said, "pages", _shorter(screen, paper) + more)
    if needed > 1 and isinstance(screen, Ask) and (accepts := rule(screen.check)) and accepts("1"):
        said = f"{screen.check} accepts 1, which is the key of the next line here: may take {needed} pages of {line}"
        yield Finding(("screens", name, "check"), said, "key-hides", "shorten the question, or ask for more digits")


def _shorter(screen: Choose | Ask | End, paper: "Paper") -> str:
    names = sorted(frozenset[str]().union(*(placeholders(text) for _, text in texts(screen))))
    filled = ", ".join(f"{{{name}}} with {paper.widths[name]}" for name in names)
    return f"shorten it; counted are {filled} characters" if filled else "shorten it"


def _kind(screen: Choose | Ask | End) -> str:
    return "choose" if isinstance(screen, Choose) else "ask" if isinstance(screen, Ask) else "end"


def widths(menu: Menu, contracts: Mapping[str, Contract]) -> Widths:
    """Every answer and fact of a menu, and how many characters it may have."""
    found: dict[str, int] = {}
    for screen in menu.screens.values():
        match screen:
            case Ask(save_as=name, check=check):
                found[name] = max(found.get(name, 0), width(check))
            case LookUp(look_up=backend):
                for name, wide in contracts[backend].widths.items():
                    found[name] = max(found.get(name, 0), wide)
    return found


@dataclass(frozen=True, slots=True)
class Paper:
    """The screens of a menu as one line shows them at their longest."""

    menu: Menu
    widths: Widths
    profile: Profile

    def pages(self, name: str) -> tuple[int, int | None]:
        """The pages that a screen may take, up to MOST; and the first of its options that no page holds."""
        contents = self._contents(name)
        at, count = TOP, 1
        while count < MOST:
            seen = [one if (name, at) != (self.menu.start, TOP) else replace(one, foot=()) for one in contents]
            laid = [(one, page(one, at, self.profile)) for one in seen]
            if any(_unheld(one, at, shown) for one, shown in laid):
                return count, at.option
            at = min(self._least(one, at, shown) for one, shown in laid)
            if not contents[0].has(at):
                break
            count += 1
        return count, None

    def _least(self, content: Content, at: Place, laid: Page) -> Place:
        """Where the next page begins at the least, be the values shorter, and the ways back fewer, than here.

        Without room for the ways back a page goes without them and shows more; what is shorter may have kept them.
        """
        following = _following(content, laid)
        crowded = bool(content.foot) and not laid.text.endswith(_foot(content, self.profile))
        if content.labels and at == TOP and (crowded or _inside_word(content.text, following.text)):
            return Place(0, 1)
        if not crowded:
            return following
        if at.text == len(content.text):
            return Place(at.text, at.option + 1)
        one_way = page(replace(content, foot=content.foot[:1]), at, self.profile)
        return min(following, _following(content, one_way))

    def _contents(self, name: str) -> list[Content]:
        """A screen with its longest values in UCS-2; where characters count, in GSM-7 too: a few there are two."""
        screen = self.menu.screens[name]
        filled = self.profile.max_chars and any("{" in text for _, text in texts(screen))
        return [self._content(screen, letter) for letter in (_WIDE, _NARROW)[: 2 if filled else 1]]

    def _content(self, screen: Choose | Ask | LookUp | End, letter: str) -> Content:
        words = self.menu.words
        foot: tuple[tuple[str, str], ...] = ()
        labels: tuple[str, ...] = ()
        pinned: tuple[str | None, ...] = ()
        match screen:
            case Choose(choose=text, options=options):
                foot = tuple(
                    (key, self._folded(word))
                    for key, word in ((words.back_key, words.back), (words.home_key, words.home))
                )
                labels = tuple(self._longest(one.label, letter, 0) for one in options)
                pinned = tuple(one.key for one in options)
            case Ask(ask=text) | End(end=text):
                pass
            case LookUp():
                raise AssertionError("a lookup is never shown")
        bare = Content("", self._folded(words.next), labels, pinned, foot)
        return replace(bare, text=self._longest(text, letter, self._room(bare)))

    def _longest(self, text: str, letter: str, room: int) -> str:
        """A text with the longest that can be filled in; what is longer than `room`, where there is any, as pages."""
        if "{" in text:
            text = _RUN.sub(lambda run: self._filled(run[0], letter, room), text)
        return self._folded(text).strip()

    def _filled(self, run: str, letter: str, room: int) -> str:
        word = PLACEHOLDER.sub(lambda name: letter * self.widths[name[1]], run)
        units = len(word) + sum(one in GSM7_EXTENSION for one in word)
        if word == run or not room or units <= room:
            return word
        # Two pages that follow each other hold more than one page does.
        return " ".join([letter * room] * (2 * units // room + 2))

    def _room(self, bare: Content) -> int:
        """The characters of UCS-2 that a page has for its text beside the next line and the ways back."""
        most = self.profile.max_octets // 2
        taken = [f"\n1-{bare.next_word}", *(f"\n{key}-{word}" for key, word in bare.foot)]
        return max(min(most, self.profile.max_chars or most) - sum(map(len, taken)), 1)

    def _folded(self, text: str) -> str:
        return fold_out(text, self.profile)


def _unheld(content: Content, at: Place, laid: Page) -> bool:
    """Whether an option that belongs on a page has no room there, even without the ways back."""
    return laid.next.label > 0 or (at == TOP and bool(content.labels) and not laid.options)


def _following(content: Content, laid: Page) -> Place:
    return laid.next if laid.next_key else Place(len(content.text), len(content.labels))


def _foot(content: Content, profile: Profile) -> str:
    return "\n".join(f"{fold_out(key, profile)}-{word}" for key, word in content.foot)


def _inside_word(text: str, end: int) -> bool:
    return 0 < end < len(text) and not text[end - 1].isspace()
