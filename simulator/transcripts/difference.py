"""What two screens differ in, for a person to read: line by line, with what nobody sees made visible."""

import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest

from simulator.transcripts import placeholders
from simulator.transcripts.replay import Difference
from simulator.transcripts.steps import Screen
from ussd.callback import Reply
from ussd.core.text import measure

_EXAMPLES = {"{tracking_code}": "n000000", "{credit_code}": "0000-0000-0000-0000", "{one_time_code}": "00000"}
_LOOK_ALIKE = str.maketrans("يىك", "ییک")


def told(file: str, difference: Difference) -> Iterator[str]:
    """The lines that tell of one difference."""
    expected, shown = difference.expected, difference.shown
    yield f"{file}:{difference.line}:1: another screen after {difference.after}"
    if isinstance(shown, str):
        yield f"  no screen came: {visible(shown)}"
        return
    yield f"  - {_size(difference, expected)}"
    yield f"  + shown, {_costs(shown.text)}{_ending(shown.ends)}"
    now = kept(difference.expected, shown, difference.known)
    yield from _lines([*expected.text.split("\n"), *_end(expected.ends)], [*now.split("\n"), *_end(shown.ends)])
    for name in sorted(placeholders.numbered(expected.text) & difference.known.keys()):
        yield f"  {name} was {difference.known[name]}"


def kept(expected: Screen, shown: Reply, known: placeholders.Known) -> str:
    """What is shown, with the placeholders of the lines that are as expected, and new ones for other codes."""
    patterns = [line for line in expected.text.split("\n") if "{" in line]
    return "\n".join(_kept(line, patterns, known) for line in shown.text.split("\n"))


def visible(text: str) -> str:
    """A text with names in the places of characters that nobody sees."""
    seen = "".join(_seen(letter) for letter in text)
    trailing = len(seen) - len(seen.rstrip(" "))
    return seen.rstrip(" ") + "·" * trailing


def _kept(line: str, patterns: Sequence[str], known: placeholders.Known) -> str:
    for pattern in patterns:
        if placeholders.matched(pattern, line, known) is not None:
            return pattern
    return placeholders.placed(line, known)


def _lines(expected: Sequence[str], shown: Sequence[str]) -> Iterator[str]:
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, expected, shown, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            yield from (f"    {visible(line)}" for line in expected[start:end])
        else:
            yield from _changed(expected[start:end], shown[other_start:other_end])


def _changed(expected: Sequence[str], shown: Sequence[str]) -> Iterator[str]:
    for old, new in zip_longest(expected, shown):
        if old is not None:
            yield f"  - {visible(old)}"
        if new is not None:
            yield f"  + {visible(new)}"
        if old and new and _plain(old) == _plain(new):
            yield f"      {_first_letters(old, new)}"


def _plain(line: str) -> str:
    """A line as it looks."""
    shown = (letter for letter in unicodedata.normalize("NFKC", line) if unicodedata.category(letter)[0] != "C")
    return " ".join("".join(shown).translate(_LOOK_ALIKE).split())


def _first_letters(old: str, new: str) -> str:
    """Which letters two lines that look alike differ in first."""
    first, second = next(pair for pair in zip_longest(old, new, fillvalue="") if pair[0] != pair[1])
    return f"they look alike: {_named(first)} was expected, {_named(second)} is shown"


def _named(letter: str) -> str:
    return f"U+{ord(letter):04X} {unicodedata.name(letter, 'unnamed')}" if letter else "nothing"


def _seen(letter: str) -> str:
    if letter.isprintable():
        return letter
    short = {"\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u00a0": "NBSP"}
    return f"‹{short.get(letter, f'U+{ord(letter):04X}')}›"


def _size(difference: Difference, expected: Screen) -> str:
    text = placeholders.filled(expected.text, {**_EXAMPLES, **difference.known})
    vague = "about " if "{" in text else ""
    return f"expected, {vague}{_costs(text)}{_ending(expected.ends)}"


def _costs(text: str) -> str:
    alphabet, _, octets = measure(text)
    return f"{octets} octets of {alphabet}"


def _ending(ends: bool) -> str:
    return ", the end" if ends else ""


def _end(ends: bool) -> list[str]:
    return ["="] if ends else []
