"""Screens of every kind made up at random, and an oracle for them that shares no code with the engine's measure."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple

import gsm0338

from ussd.core.profile import Profile
from ussd.core.screen import Content, Page, page
from ussd.core.session import TOP, Place
from ussd.core.text import fold_out

_GSM = gsm0338.Codec()
OCTETS = 160
_ZWJ = "\u200d"
_JOINERS = ("\u200c", _ZWJ)
_ESCAPE, _UNKNOWN = "\x1b", "\x00"
"""An escape is no letter, though that encoder has it for one; a null it has not."""
PIECES: Sequence[str] = (
    "تأمین", "اجتماعی", "نوبت\u200cدهی", "می\u200cشود", "کد ملی:", "۱۲۳۴۵۶", "٠١٢", "بیمار", "ۀ", "هٔ", "اً",
    "National", "code:", "0123456789", "x", "[", "]", "{", "}", "^", "|", "~", "\\", "€", "[€]" * 9, "@", "£", "Δ",
    "ç", "Ç",     "\n", "\n\n", "\r\n", " ", "   ", "\t", "\u00a0", "1-بعدی", "0-بازگشت", "00-", "#", "*",
    "😀", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "🇮🇷", "🇮🇷🇮🇷🇮", "❤\ufe0f", "1\ufe0f\u20e3", "𝒳", "𐎠",
    "🏴\U000e0067\U000e0062\U000e007f",
    "e\u0301", "o" + "\u0308" * 5, "\u0301", "ب" + "\u064b\u0651" * 8, "ต็", "각", "\u1112\u1161\u11ab", "क्षि",
    "\u200e", "\u202e", "\ufeff", "\u2028", "\x00", "\x1b", "\f", "�",
)  # fmt: skip
PROFILES = (
    *(Profile(max_octets=octets) for octets in (160, 160, 160, 140, 80)),
    *(Profile(max_chars=units) for units in (160, 70, 182, 40)),
    Profile(zwnj="keep"),
    Profile(zwnj="space", digits="persian"),
    Profile(letters="arabic", digits="persian", max_octets=120),
)


def text(random: Random, most: int = 40) -> str:
    """Words and much else; now and then one long thing, or 10 kB of it."""
    drawn = random.random()
    if drawn < 0.0015:
        return (random.choice(PIECES) + random.choice(PIECES)) * (10_000 // 8)
    if drawn < 0.05:
        return random.choice(PIECES) * random.randrange(1, 120)
    joint = random.choice(("", " ", " ", "\n"))
    return joint.join(random.choices(_alphabet(random), k=random.randrange(1, most)))


def _alphabet(random: Random) -> Sequence[str]:
    """A few pieces of all, so that some screens are of one alphabet; or any letter that there is."""
    if random.random() < 0.1:
        return [
            chr(random.choice((random.randrange(0x20, 0xD800), random.randrange(0x10000, 0x1FFFF)))) for _ in range(9)
        ]
    return random.choices(PIECES, k=random.randrange(1, 8))


def content(random: Random, profile: Profile) -> Content:
    """A screen as a menu's words and the facts filled into them make it."""
    much = random.random() < 0.1
    labels = [_folded(text(random, 6), profile) for _ in range(random.choice((4, 12, 30) if much else (0, 0, 1, 3)))]
    labels = [label for label in labels if label]
    words = [_folded(random.choice(("بعدي", "next", "بازگشت", "شروع", "[€]")), profile) for _ in range(3)]
    foot = (("0", words[1]), ("00", words[2]))[: random.randrange(3)]
    pinned = tuple(random.choice((None, None, None, str(10 + place))) for place in range(len(labels)))
    note = _folded(text(random, 8), profile)[:60].strip() if random.random() < 0.3 else ""
    written = _folded(text(random, 40 if much else 12), profile)
    return Content(written if written or labels else "x", words[0], tuple(labels), pinned, foot, note)


def _folded(written: str, profile: Profile) -> str:
    return fold_out(written, profile).strip()


def pages(shown: Content, profile: Profile, most: int = 400) -> Iterator[tuple[Place, Page]]:
    """Its pages, each with the place where it begins; as many as there are. A note stands on the first alone."""
    at = TOP
    for _ in range(most):
        laid = page(shown, at, profile)
        yield at, laid
        if not laid.next_key:
            return
        at = laid.next
        shown = replace(shown, note="")


def octets(written: str) -> tuple[int, int]:
    """What a text takes in the air interface by two encoders of others, and the units that it has there.

    Raises UnicodeEncodeError for half a surrogate pair.
    """
    try:
        septets = len(_GSM.encode(written.replace(_ESCAPE, _UNKNOWN))[0])
    except ValueError:
        coded = len(written.encode("utf-16-be"))
        return coded, coded // 2
    return -(-septets * 7 // 8), septets


def faults(written: str, profile: Profile) -> list[str]:
    """What is wrong with one screen."""
    try:
        took, units = octets(written)
    except UnicodeEncodeError:
        return ["half a surrogate pair"]
    found = []
    if took > min(profile.max_octets, OCTETS):
        found.append(f"{took} octets")
    if profile.max_chars is not None and units > profile.max_chars:
        found.append(f"{units} units")
    if not written.strip():
        found.append("empty")
    return found


def is_torn(shown: Content, at: Place, following: Place) -> bool:
    """Whether the page between two places ends inside of what belongs together, though it need not.

    What is longer than a page in one piece has to be torn: then all of the page is of that piece.
    """
    if following.label:
        return _is_torn(
            shown.labels[following.option], at.label if following.option == at.option else 0, following.label
        )
    return _is_torn(shown.text, at.text, following.text)


def _is_torn(whole: str, begin: int, end: int) -> bool:
    if not begin < end < len(whole) or not _belong(whole, begin, end):
        return False
    return not all(_belong(whole, begin, place) for place in range(begin + 1, end))


def _belong(whole: str, begin: int, place: int) -> bool:
    """Whether the letters around a place belong together: marks, joined emojis, tones, halves of a flag.

    Which halves make a flag is a matter of where the page began.
    """
    before, after = whole[place - 1], whole[place]
    if before.isspace() or _controls(before):
        return False
    marks = unicodedata.category(after) in ("Mn", "Me") or after in (_ZWJ, "\ufe0f") or "🏻" <= after <= "🏿"
    return marks or before == _ZWJ or (_is_flag(after) and _flags(whole[begin:place]) % 2 == 1)


def _controls(letter: str) -> bool:
    """Whether nothing can stand on a letter: a control, or a format character that is neither a joiner nor a tag."""
    kind = unicodedata.category(letter)
    return kind == "Cc" or (kind == "Cf" and letter not in _JOINERS and not "\U000e0020" <= letter <= "\U000e007f")


def _is_flag(letter: str) -> bool:
    return "🇦" <= letter <= "🇿"


def _flags(written: str) -> int:
    """How many of its last letters are halves of flags."""
    return next((number for number, letter in enumerate(reversed(written)) if not _is_flag(letter)), len(written))


class Seen(NamedTuple):
    """What came of many screens."""

    screens: int
    of_text: int
    """Screens of a text or a label that goes on behind them."""
    faults: list[str]


def many_screens(seed: int, screens: int) -> Seen:
    """Make up that many and look at each."""
    random, found, looked, going_on = Random(seed), [], 0, 0
    while looked < screens:
        profile = random.choice(PROFILES)
        shown = content(random, profile)
        for at, laid in pages(shown, profile):
            looked += 1
            going_on += bool(laid.next_key)
            wrong = faults(laid.text, profile)
            if laid.next_key and is_torn(shown, at, laid.next):
                wrong.append("torn")
            found += [f"{fault}: {laid.text!r} of {profile}, seed {seed}, screen {looked}" for fault in wrong]
    return Seen(looked, going_on, found)
