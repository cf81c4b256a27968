"""The guide of menus' authors tells the truth: its examples are menus, and what it lists is all there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from simulator.transcripts import placeholders
from simulator.transcripts.steps import Dial, Screen, Typed
from simulator.transcripts.transcript import parse as parse_transcript
from tests.core.build import CONTRACTS, FAULTS, ROOT, SHIPPED, WORDS
from ussd.backends import backends
from ussd.core import checks
from ussd.core.engine import Dialled, Effect, Engine, Fetch, LookedUp
from ussd.core.engine import Typed as Heard
from ussd.core.inputs import NAMED
from ussd.core.loader import MenuError, load_menu
from ussd.core.machine import Moves
from ussd.core.menu import PLACEHOLDER, Menu
from ussd.core.profile import Profile
from ussd.core.strict_yaml import parse

GUIDE = (SHIPPED / "README.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
KINDS = ("choose", "ask", "look_up", "end")


def framed(example: str) -> dict[str, Any]:
    """An example as a menu: keys of the file go into the first one; screens get a way there, and ends behind them."""
    data: Any = parse(example.encode(), "example").data
    if "code" in data:
        return dict(data)
    if not all(isinstance(part, dict) and part.keys() & set(KINDS) for part in data.values()):
        whole: Any = parse(EXAMPLES[0].encode(), "example").data
        return {**whole, **data}
    unbound = sorted(set(PLACEHOLDER.findall(example)) - _bound(data))
    ways = [f"ask_{name}" for name in unbound] + ["frame"]
    asked = {way: _question(name, after) for way, name, after in zip(ways, unbound, ways[1:], strict=False)}
    roots = [{"label": "x", "goto": name} for name in data if name not in _gotos(data)]
    ends = {name: {"end": "x"} for name in _gotos(data) - data.keys()}
    screens = {**asked, "frame": {"choose": "x", "options": roots}, **data, **ends}
    return {"code": "*1#", "start": ways[0], "screens": screens}


def _question(name: str, goto: str) -> dict[str, str]:
    return {"ask": "x", "save_as": name, "check": "digits(4)", "goto": goto}


def _bound(screens: Any) -> set[str]:
    """The names that screens fill in themselves."""
    facts = [CONTRACTS[screen["look_up"]].widths for screen in screens.values() if "look_up" in screen]
    return {screen["save_as"] for screen in screens.values() if "save_as" in screen}.union(*facts)


def _gotos(screens: Any) -> set[str]:
    found: set[str] = set()
    for screen in screens.values():
        found |= {option["goto"] for option in screen.get("options", [])} | set(screen.get("outcomes", {}).values())
        found |= {screen["goto"]} if "goto" in screen else set()
    return found


def loaded(data: object, folder: Path) -> Menu:
    path = folder / "example.yaml"
    path.write_text(json.dumps(data))
    return load_menu(path, WORDS, CONTRACTS)


def rows(header: str) -> list[str]:
    """The first cells of a table."""
    [table] = re.findall(rf"^\| {header} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", GUIDE, re.MULTILINE)
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split(":")[0][-20:])
def test_every_example_is_a_menu_or_a_part_of_one(example: str, tmp_path: Path) -> None:
    assert isinstance(loaded(framed(example), tmp_path), Menu)


def test_its_transcript_is_what_the_whole_menu_of_it_shows(tmp_path: Path) -> None:
    [text] = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)
    menu = loaded(framed(EXAMPLES[0]), tmp_path)
    engine = Engine(menu, Moves(menu), Profile())
    session = engine.start()
    effect: Effect | None = None
    for step in parse_transcript(text, "guide").steps:
        match step:
            case Dial(code):
                assert code == menu.code
                session, effect = engine.step(session, Dialled())
            case Typed(typed):
                session, effect = engine.step(session, Heard(typed))
            case Screen(shown):
                if isinstance(effect, Fetch):
                    session, effect = engine.step(session, LookedUp("entitled", {"tracking_code": "n570134"}))
                assert effect is not None
                assert placeholders.matched(shown, getattr(effect, "text", ""), {}) is not None


def test_every_key_of_a_file_is_listed() -> None:
    assert sorted(key.strip("`") for key in rows("key of the file")) == sorted(Menu.model_fields)


def test_every_input_rule_is_listed() -> None:
    listed = {name for row in rows("`check`") for name in re.findall("`(.*?)`", row)}
    assert listed == {*NAMED, "digits(5)", "digits(4-8)"}


def test_every_backend_is_listed_with_its_outcomes_and_facts() -> None:
    [table] = re.findall(r"\| backend \|.*\n.*\n((?:\|.*\n)+)", GUIDE)
    listed: dict[str, dict[str, dict[str, int]]] = {}
    name = ""
    for line in table.splitlines():
        backend, _, outcomes, facts = (cell.strip() for cell in line.strip("|").split("|"))
        name = backend.strip("`") or name
        widths = {fact: int(width) for fact, width in re.findall(r"`(\w+)` ([0-9]+)", facts)}
        listed.setdefault(name, {}).update(dict.fromkeys(re.findall(r"`(\w+)`", outcomes), widths))
    assert listed == {
        name: {outcome: {fact: one.FACTS[fact] for fact in facts} for outcome, facts in one.OUTCOMES.items()}
        for name, one in backends().items()
    }


def test_every_check_is_listed() -> None:
    listed = {name for row in rows("rule") for name in re.findall("`(.*?)`", row)}
    found = {fault.rule for path in FAULTS.glob("*.yaml") for fault in faults_of(path)}
    assert found <= listed
    folder = Path(str(checks.__path__[0]))
    source = "".join(path.read_text() for path in [*folder.glob("*.py"), *folder.parent.glob("*.py")])
    assert [name for name in sorted(listed) if f'"{name}"' not in source] == []
    prefixes = {name.partition("-")[0] for name in listed if "-" in name}
    assert set(re.findall(rf'"((?:{"|".join(prefixes)})-[a-z]+)"', source)) <= listed


def faults_of(path: Path) -> tuple[Any, ...]:
    try:
        load_menu(path, WORDS, CONTRACTS)
    except MenuError as error:
        return error.faults
    return ()


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:ussd/[a-z0-9_/]+|[a-z0-9_]+\.(?:yaml|json))/?)`", GUIDE)) - {"laundry.yaml"}
    assert len(named) > 5
    assert [name for name in sorted(named) if not ((ROOT / name).exists() or (SHIPPED / name).exists())] == []
