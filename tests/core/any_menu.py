"""Menus at random, all of them proven, and what subscribers and backends may do to them."""

from typing import Any

from hypothesis import strategies as st

from tests.core.build import ENGLISH, WORDS
from ussd.core.checks import Contract, Finding, findings
from ussd.core.checks.keys import HIDES
from ussd.core.menu import Ask, Choose, Menu
from ussd.core.profile import Profile

CONTRACTS = {
    "registry": Contract({"found": {"name"}, "missing": set(), "unavailable": set()}, {"name": 2000}),
    "centre": Contract(
        {"open": {"place", "hours"}, "closed": {"place"}, "unavailable": set()}, {"place": 2000, "hours": 2000}
    ),
}
ANSWERS = {
    "digits(1)": ["1", "0", "۷"],
    "digits(1-8)": ["1", "00", "12345678"],
    "national_code": ["0007569602", "۷۴۰۷۲۶۸۹۴۰"],
    "mobile": ["09123456789", "+98 912 345 6789"],
    "insurance_number": ["12345678"],
}
SAVED = ("code", "line", "place")
PLACEHOLDERS = [f"{{{name}}}" for name in (*SAVED, "name", "hours")]

_LONG_FACTS = [" " * 2000, "x" * 2000, "ی" * 2000, "نام " * 500, "\u200c" * 2000, "👨‍👩‍👧" * 300, "e" + "\u0301" * 1000]
_NASTY_FACTS = ["", " ", "\u202eabc\u202c", "{code}", "}{", "a\nb\r\nc", "\ud800", "1-next", "\x00\x1b[2J", "²۳٤"]
facts = st.text(st.characters(), max_size=30) | st.sampled_from(_LONG_FACTS + _NASTY_FACTS)
profiles = st.builds(
    Profile,
    max_octets=st.integers(80, 160) | st.just(160),
    max_chars=st.none() | st.integers(40, 182),
    zwnj=st.sampled_from(["keep", "drop", "space"]),
    letters=st.sampled_from(["persian", "arabic"]),
    digits=st.sampled_from(["ascii", "persian"]),
)

_plain = st.sampled_from(
    [
        "Text",
        "متن",
        "نوبت‌دهی بیمه‌ای",
        "استعلام استحقاق",
        "word " * 60,
        "کلمه\n" * 40,
        "ا" * 120,
        "👍🏽" * 45,
        "[€]" * 40,
    ]
)
_parts = st.lists(_plain | st.sampled_from(PLACEHOLDERS), min_size=1, max_size=4).map(" ".join).map(str.strip)
_texts = st.tuples(_plain, _parts).map(" ".join)
_labels = _parts.map(lambda text: text.replace("\n", " ")[:200]).filter(lambda text: text.count("{") == text.count("}"))


@st.composite
def menus(draw: st.DrawFn) -> Menu:
    """Any menu in which the checks find nothing but ways back that are hidden, which the engine must stand."""
    kinds = draw(st.lists(st.sampled_from(["choose", "choose", "ask", "look_up"]), max_size=7))
    names = [f"s{number}" for number in range(len(kinds))] + ["end0", "end1", "end2"]
    screens: dict[str, Any] = {name: {"end": draw(_texts)} for name in names[len(kinds) :]}
    for number, kind in enumerate(kinds):
        screens[names[number]] = _DRAWN[kind](draw, names, kinds, number)
    given = {
        "code": "*1#",
        "start": names[0],
        "resume": draw(st.sampled_from(["ask", "continue", "restart"])),
        "words": draw(st.sampled_from([ENGLISH, WORDS])),
        "screens": _reached(screens, names[0]),
    }
    for finding in _found(given):
        _mend(given, finding)
    assert _found(given) == []
    return Menu.model_validate(given)


def _found(given: dict[str, Any]) -> list[Finding]:
    """What is wrong, once no way back is hidden."""
    words = given["words"].model_copy(update={"back_key": "*", "home_key": "#"})
    menu = Menu.model_validate(given | {"words": words})
    found = findings(menu, CONTRACTS)
    assert HIDES not in {one.rule for one in found}
    return found


def _choose(draw: st.DrawFn, names: list[str], kinds: list[str], number: int) -> dict[str, Any]:
    others = draw(st.lists(st.sampled_from(names), max_size=draw(st.sampled_from([3, 12]))))
    keys = draw(st.permutations(["0", "00", "1", "3", "9", "12", *[None] * 20]))
    options = [
        {"label": draw(_labels), "goto": target, "key": key}
        for target, key in zip([names[number + 1], *others], keys, strict=False)
    ]
    return {"choose": draw(_texts), "options": draw(st.permutations(options)), "live": draw(st.booleans())}


def _ask(draw: st.DrawFn, names: list[str], kinds: list[str], number: int) -> dict[str, Any]:
    return {
        "ask": draw(_texts),
        "save_as": draw(st.sampled_from(SAVED)),
        "check": draw(st.sampled_from(sorted(ANSWERS))),
        "sorry": draw(st.none() | st.just("نادرست")),
        "goto": names[number + 1],
        "live": draw(st.booleans()),
    }


def _look_up(draw: st.DrawFn, names: list[str], kinds: list[str], number: int) -> dict[str, Any]:
    """One that leads to other lookups only further on, so that they never go round in a circle."""
    backend = draw(st.sampled_from(sorted(CONTRACTS)))
    ahead = [name for at, name in enumerate(names) if at > number or kinds[at] != "look_up"]
    outcomes = {outcome: draw(st.sampled_from(ahead)) for outcome in CONTRACTS[backend].outcomes}
    outcomes[draw(st.sampled_from(sorted(outcomes)))] = names[number + 1]
    return {"look_up": backend, "given": draw(st.permutations([*SAVED, "name"])), "outcomes": outcomes}


_DRAWN = {"choose": _choose, "ask": _ask, "look_up": _look_up}


def _reached(screens: dict[str, Any], start: str) -> dict[str, Any]:
    reached, ahead = {start}, [start]
    while ahead:
        screen = screens[ahead.pop()]
        targets = [option["goto"] for option in screen.get("options", ())] + list(screen.get("outcomes", {}).values())
        new = {*targets, *([screen["goto"]] if "goto" in screen else [])} - reached
        reached |= new
        ahead += new
    return {name: screen for name, screen in screens.items() if name in reached}


def _mend(given: dict[str, Any], finding: Finding) -> None:
    """Take away what not every way fills in; what else a menu can be wrong in is never drawn."""
    *around, last = finding.loc
    part: Any = given
    for step in around:
        part = part[step]
    name = finding.message.rpartition(" ")[2]
    if around[-1] == "given":
        given["screens"][around[1]]["given"] = [one for one in given["screens"][around[1]]["given"] if one != name]
    else:
        part[last] = part[last].replace(name, "-")


def typed(menu: Menu, screen: str, shown: str) -> st.SearchStrategy[str]:
    """What a subscriber may type at a screen: mostly what it offers, and anything else."""
    keys = [line.partition("-")[0] for line in shown.split("\n") if "-" in line[:5]]
    good = ["0", "00", *keys]
    match menu.screens[screen]:
        case Ask(check=check):
            good += ANSWERS[check]
        case Choose(options=options):
            good += [option.key for option in options if option.key]
    return st.sampled_from(good) | st.sampled_from(good) | st.text(max_size=8) | st.just("9" * 5000)
