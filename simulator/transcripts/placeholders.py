"""Placeholders: the parts of a screen that vary from one run to the next.

`{tracking_code}` stands for any tracking code. `{tracking_code:1}` stands for the same text wherever it stands again,
also where it is typed, and for another than `{tracking_code:2}`.
"""

import re
from collections.abc import Iterator, Mapping

from ussd.core.text import fold_in

Known = Mapping[str, str]
"""What each numbered placeholder was found to stand for."""

_DIGIT = "[0-9۰-۹٠-٩]"
KINDS: Mapping[str, str] = {
    "tracking_code": rf"[a-z]{_DIGIT}{{6}}",
    "credit_code": rf"{_DIGIT}{{4}}(?:-{_DIGIT}{{4}}){{3}}",
    "one_time_code": rf"{_DIGIT}{{5}}",
    "digits": rf"{_DIGIT}+",
    "text": r".+",
}
"""Each placeholder, and the text that it may stand for, which is within one line."""
FOUND = ("tracking_code", "credit_code")
"""Those that a recorder tells by their looks; what else varies its author replaces."""

_WRITTEN = re.compile(r"\{([a-z_]+)(?::([0-9]{1,3}))?\}")
_SEEN = re.compile("|".join(rf"(?P<{name}>(?<![\w-]){KINDS[name]}(?![\w-]))" for name in FOUND))


def faults(text: str) -> Iterator[str]:
    """What is written as a placeholder and is none."""
    for match in _WRITTEN.finditer(text):
        if match[1] not in KINDS:
            yield f"no such placeholder: {match[0]} (there are {', '.join(f'{{{name}}}' for name in KINDS)})"


def numbered(text: str) -> frozenset[str]:
    """The placeholders of a text that stand for the same wherever they stand."""
    return frozenset(match[0] for match in _WRITTEN.finditer(text) if match[2])


def unnumbered(text: str) -> frozenset[str]:
    """Those that stand for another text each time."""
    return frozenset(match[0] for match in _WRITTEN.finditer(text) if not match[2])


def filled(text: str, known: Known) -> str:
    """A text with what is known in the place of its placeholders."""
    return _WRITTEN.sub(lambda match: known.get(match[0], match[0]), text)


def matched(pattern: str, text: str, known: Known) -> Known | None:
    """What is known after a text was read that is as the pattern says; None where it is not."""
    found = re.fullmatch(_grammar(pattern, known), text)
    if found is None:
        return None
    now = {**known, **{_name(group): value for group, value in found.groupdict().items()}}
    return now if _distinct(now) else None


def _distinct(known: Known) -> bool:
    told = {(name.partition(":")[0], fold_in(value)) for name, value in known.items()}
    return len(told) == len(known)


def _grammar(pattern: str, known: Known) -> str:
    parts, end = [], 0
    met: set[str] = set()
    for match in _WRITTEN.finditer(pattern):
        parts += [re.escape(pattern[end : match.start()]), _part(match, known, met)]
        met.add(match[0])
        end = match.end()
    return "".join([*parts, re.escape(pattern[end:])])


def _part(match: re.Match[str], known: Known, met: set[str]) -> str:
    name, number = match[1], match[2]
    if match[0] in known:
        return re.escape(known[match[0]])
    if not number:
        return f"(?:{KINDS[name]})"
    group = f"{name}_{number}"
    return f"(?P={group})" if match[0] in met else f"(?P<{group}>{KINDS[name]})"


def _name(group: str) -> str:
    name, _, number = group.rpartition("_")
    return f"{{{name}:{number}}}"


def codes(text: str) -> list[tuple[str, str]]:
    """The codes of a screen, each with the kind that it looks like."""
    return [(str(match.lastgroup), match[0]) for match in _SEEN.finditer(text)]


def placed(text: str, known: Known) -> str:
    """A screen with placeholders for its codes: by number those that are known, without one all others."""
    names = {value: name for name, value in known.items()}
    return _SEEN.sub(lambda match: names.get(match[0], f"{{{match.lastgroup}}}"), text)
