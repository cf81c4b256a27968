"""What a session's screen says: its text with the answers and facts filled in, its note, and the ways back."""

from collections.abc import Mapping
from dataclasses import replace

from ussd.core.menu import PLACEHOLDER, Ask, Choose, End, LookUp, Menu, placeholders, texts
from ussd.core.profile import Profile
from ussd.core.screen import Content, Page, page
from ussd.core.session import TOP, Place, Session
from ussd.core.text import fold_out, printable

GO_ON, START_ANEW = "1", "2"
"""The keys of the question whether to go on with a dropped session."""


class Wording:
    """The words of one menu on one gateway's line."""

    def __init__(self, menu: Menu, profile: Profile) -> None:
        """Pages that hold nobody's answers are laid out once and kept: a menu has few of them."""
        self.menu, self.profile = menu, profile
        self.wants = {name: _wants(screen) for name, screen in menu.screens.items()}
        self._pages: dict[tuple[str, Place, bool, int], Page] = {}

    def page(self, session: Session) -> Page:
        """The page that the subscriber of `session` reads."""
        if session.offered:
            return page(self._offer(session), TOP, self.profile)
        if self.wants[session.screen]:
            return page(self._content(session), session.at, self.profile)
        key = (session.screen, session.at, session.mistakes > 0, min(len(session.behind), 2))
        if key not in self._pages:
            self._pages[key] = page(self._content(session), session.at, self.profile)
        return self._pages[key]

    def folded(self, text: str) -> str:
        """A text as the handsets of this line show it."""
        return fold_out(text, self.profile)

    def _offer(self, session: Session) -> Content:
        words = self.menu.words
        note = words.wrong_key if session.mistakes else ""
        return self._fold(Content(words.go_on, words.next, (words.go_on_yes, words.go_on_no), (None, None), note=note))

    def _content(self, session: Session) -> Content:
        words, known = self.menu.words, {**session.answers, **session.facts}
        match self.menu.screens[session.screen]:
            case Choose(choose=text, options=options):
                labels = tuple(_filled(one.label, known) for one in options)
                pinned = tuple(one.key for one in options)
                content = Content(
                    _filled(text, known), words.next, labels, pinned, self._foot(session), words.wrong_key
                )
            case Ask(ask=text, sorry=sorry):
                content = Content(_filled(text, known), words.next, note=sorry or words.wrong_answer)
            case End(end=text):
                content = Content(_filled(text, known), words.next, note=words.wrong_key)
            case LookUp():
                raise AssertionError(f"the lookup {session.screen} is never shown")
        return self._fold(content if session.mistakes else replace(content, note=""))

    def _foot(self, session: Session) -> tuple[str, ...]:
        """The ways back. One step behind the start both keys lead to the same screen, and one line says so."""
        words = self.menu.words
        lines = (f"{words.back_key}-{words.back}", f"{words.home_key}-{words.home}")
        return lines[: len(session.behind)]

    def _fold(self, content: Content) -> Content:
        return replace(
            content,
            text=self.folded(content.text),
            next_word=self.folded(content.next_word),
            labels=tuple(map(self.folded, content.labels)),
            foot=tuple(map(self.folded, content.foot)),
            note=self.folded(content.note),
        )


def _wants(screen: Choose | Ask | LookUp | End) -> frozenset[str]:
    return frozenset[str]().union(*(placeholders(text) for _, text in texts(screen)))


def _filled(text: str, known: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: printable(known[match[1]]), text) if "{" in text else text
