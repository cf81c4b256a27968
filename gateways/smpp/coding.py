"""Texts as SMPP carries them: data_coding, and the octets that it tells of.

SMPP 3.4, 5.2.19, says that 0 is whatever the SMSC's alphabet is, which for USSD is nearly always that of 3GPP TS
23.038, 6.2.1, one septet an octet and not packed; 1 is IA5, 3 Latin-1, 8 UCS-2, and 2 and 4 are octets that are no
text. Some SMSCs pass on the network's own CBS data coding scheme (23.038, 5): 15 is the default alphabet, 72 is UCS-2,
and 17 is UCS-2 behind two septets of language, which fill two octets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ussd.core.text import measure
from ussd.settings.smpp import Alphabet

ALPHABETS: Mapping[int, Alphabet] = {
    0: "gsm7",
    1: "ascii",
    3: "latin1",
    8: "ucs2",
    15: "gsm7",
    17: "ucs2_language",
    72: "ucs2",
}
"""What a data_coding stands for where nothing else is configured."""

_ESC = "\x1b"
# 23.038, 6.2.1: by code, with ESC in its place.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# 6.2.1.1: by the letter that has the same code without ESC.
_EXTENSION = dict(zip("\nΛ()/<=>¡e", "\f^{}\\[~]|€", strict=True))
_ESCAPED = re.compile(f"{_ESC}(.?)", re.DOTALL)
_CODES = {letter: bytes((code,)) for code, letter in enumerate(_BASIC) if letter != _ESC}
_CODES |= {letter: b"\x1b" + _CODES[behind] for behind, letter in _EXTENSION.items()}
# The septets of "fa" (ISO 639), packed: 23.038, 6.1.2.1.
_LANGUAGE = bytes((ord("f") | (ord("a") & 1) << 7, ord("a") >> 1))


class NotText(ValueError):
    """Octets that are no text in what their data_coding stands for, or a data_coding that stands for none."""


@dataclass(frozen=True, slots=True)
class Coding:
    """The data_coding values of one SMSC."""

    gsm7: int = 0
    """Of what we send in the default alphabet, or in the alphabet that stands in its place."""
    ucs2: int = 8
    """Of what we send that has other letters. 17 leaves 158 octets of a screen: say so in `profile`."""
    alphabets: Mapping[int, Alphabet] = field(default_factory=lambda: ALPHABETS)

    def __post_init__(self) -> None:
        """Refuse values that stand for what they cannot be."""
        if not self.alphabets.get(self.ucs2, "").startswith("ucs2"):
            raise ValueError("coding: `ucs2` is a value that `alphabets` has as ucs2 or ucs2_language")
        if self.alphabets.get(self.gsm7, "ucs2").startswith("ucs2"):
            raise ValueError("coding: `gsm7` is a value that `alphabets` has as gsm7, ascii or latin1")


def encode(text: str, coding: Coding) -> tuple[int, bytes]:
    """A screen's data_coding and octets: one octet a septet where all its letters have one there, else UCS-2."""
    if measure(text).alphabet == "gsm7" and (octets := _octets(text, coding.alphabets[coding.gsm7])) is not None:
        return coding.gsm7, octets
    octets = text.encode("utf-16-be", "replace")
    return coding.ucs2, _LANGUAGE + octets if coding.alphabets[coding.ucs2] == "ucs2_language" else octets


def _octets(text: str, alphabet: Alphabet) -> bytes | None:
    if alphabet == "gsm7":
        return b"".join(map(_CODES.__getitem__, text))
    try:
        return text.encode(alphabet)
    except UnicodeEncodeError:
        return None


def decode(data_coding: int, octets: bytes, alphabets: Mapping[int, Alphabet] = ALPHABETS) -> str:
    """The text of a message. Raises NotText, which does not repeat it."""
    try:
        match alphabets.get(data_coding):
            case None:
                raise NotText("its data_coding stands for no text here")
            case "gsm7":
                return _gsm7(octets)
            case "ucs2":
                return octets.decode("utf-16-be")
            case "ucs2_language":
                return octets[len(_LANGUAGE) :].decode("utf-16-be")
            case alphabet:
                return octets.decode(alphabet)
    except UnicodeDecodeError:
        raise NotText("not in the alphabet of its data_coding") from None


def _gsm7(octets: bytes) -> str:
    if not octets.isascii():
        raise NotText("not in the alphabet of its data_coding")
    return _ESCAPED.sub(_behind_escape, "".join(map(_BASIC.__getitem__, octets)))


def _behind_escape(escaped: re.Match[str]) -> str:
    """6.2.1.1: a code that the extension does not have is the default alphabet's letter, and a second ESC a space."""
    return _EXTENSION.get(escaped[1], escaped[1].replace("\x1b", " ") or " ")
