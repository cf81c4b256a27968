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
        self._wants = {name: _wants(screen) for name, screen in menu.screens.items()}
        self._pages: dict[tuple[str, Place, bool, int], Page] = {}
        self.can_offer = not self._offer("").next_key

    def page(self, session: Session) -> Page:
        """The page that the subscriber of `session` reads."""
        if session.offered:
            return self._offer(self.menu.words.wrong_key if session.mistakes else "")
        if self._wants[session.screen]:
            return page(self._content(session), session.at, self.profile)
        key = (session.screen, session.at, session.mistakes > 0, min(len(session.behind), 2))
        if key not in self._pages:
            self._pages[key] = page(self._content(session), session.at, self.profile)
        return self._pages[key]

    def has(self, session: Session) -> bool:
        """Whether the screen of `session` can be filled in, and has anything left to show at its place."""
        if not self._wants[session.screen] <= session.answers.keys() | session.facts.keys():
            return False
        return session.at == TOP or self._content(session).has(session.at)

    def _folded(self, text: str) -> str:
        return fold_out(text, self.profile)

    def _offer(self, note: str) -> Page:
        """The question whether to go on. Its keys are fixed, so it is one page; a narrow line goes without its text."""
        words = self.menu.words
        labels = (words.go_on_yes, words.go_on_no)
        content = self._fold(Content(words.go_on, words.next, labels, (None, None), note=note))
        for version in (content, replace(content, text=""), replace(content, text="", note="")):
            laid = page(version, TOP, self.profile)
            if not laid.next_key:
                break
        return laid

    def _content(self, session: Session) -> Content:
        words, given = self.menu.words, {**session.answers, **session.facts}
        known = {name: printable(given[name]) for name in self._wants[session.screen]}
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

    def _foot(self, session: Session) -> tuple[tuple[str, str], ...]:
        """The ways back. One step behind the start both keys lead to the same screen, and one line says so."""
        words = self.menu.words
        if (session.screen, session.at) == (self.menu.start, TOP):
            return ()
        return ((words.back_key, words.back), (words.home_key, words.home))[: len(session.behind)]

    def _fold(self, content: Content) -> Content:
        return replace(
            content,
            text=self._folded(content.text).strip(),
            next_word=self._folded(content.next_word),
            labels=tuple(self._folded(label).strip() for label in content.labels),
            foot=tuple((key, self._folded(word)) for key, word in content.foot),
            note=self._folded(content.note),
        )


def _wants(screen: Choose | Ask | LookUp | End) -> frozenset[str]:
    return frozenset[str]().union(*(placeholders(text) for _, text in texts(screen)))


def _filled(text: str, known: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda match: known[match[1]], text) if "{" in text else text
