"""The JSON Schema of a menu: true to what the loader takes, with scalars read as written or as an editor reads them."""

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.core.build import CONTRACTS, FAULTS, ROOT, SHIPPED, SHIPPED_CONTRACTS, SOUND, WORDS
from ussd.core.languages import languages_of, menu_in, untranslated
from ussd.core.loader import MenuError, load_menu, menu_files
from ussd.core.menu import Menu
from ussd.core.schema import FILE, menu_schema, written
from ussd.core.strict_yaml import FileError, read

VALIDATOR = jsonschema_rs.validator_for(menu_schema(CONTRACTS))
FILES = [*menu_files(SHIPPED), *sorted(SOUND.glob("*.yaml")), ROOT / "ussd/cli/new.yaml"]
DOCUMENTS = [read(path).data for path in FILES]
LONG = ["é" * 13, "é" * 61, "é" * 201, "é" * 2001]
STRAWS = ["", None, "x", "0", "007", "true", "yes", "a b", "\n", *LONG, [], ["fa"], ["x", "x"], {}, {"x": {"end": "x"}}]
STRAWS += [{"fa": "x"}, {"fa": "x", "en": "y"}, {"fa": None, "en": "y"}, {"FA": "x"}]
SMALL: dict[str, Any] = {
    "code": "*1#",
    "start": "main",
    "pages": "2",
    "published": {"*1*1#": "ask"},
    "screens": {
        "main": {"choose": "Main", "options": [{"label": "Ask", "goto": "ask"}]},
        "ask": {"ask": "Code?", "save_as": "national_code", "check": "national_code", "goto": "look"},
        "look": {
            "look_up": "entitlement",
            "given": ["national_code"],
            "outcomes": {"entitled": "bye", "not_entitled": "bye", "unavailable": "bye"},
        },
        "bye": {"end": "Bye"},
    },
}
Place = tuple[str | int, ...]


def refused(data: object) -> list[str]:
    """The places that the schema refuses."""
    return [" ".join(map(str, error.instance_path)) for error in VALIDATOR.iter_errors(data)]


def as_an_editor_reads(node: yaml.Node | None) -> object:
    """YAML 1.2, core schema: what is a number, a truth value and nothing where nobody reads scalars as written."""
    match node:
        case yaml.MappingNode():
            return {key.value: as_an_editor_reads(value) for key, value in node.value}
        case yaml.SequenceNode():
            return [as_an_editor_reads(one) for one in node.value]
        case yaml.ScalarNode(style=None, value=text) if re.fullmatch("true|false|null|~||[0-9]+", text):
            return int(text) if text.isdigit() else {"true": True, "false": False}.get(text)
        case yaml.ScalarNode(value=text):
            return str(text)
    return None


def places(data: object, here: Place = ()) -> list[Place]:
    """Every part of a document."""
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [here, *(place for name, part in parts for place in places(part, (*here, name)))]


def put(data: object, place: Place, straw: object) -> object:
    """A document with something else in one place; `...` takes it away."""
    if not place:
        return straw
    changed = deepcopy(data)
    within: Any = changed
    for part in place[:-1]:
        within = within[part]
    if straw is ...:
        del within[place[-1]]
    else:
        within[place[-1]] = straw
    return changed


def is_loaded(data: object, folder: Path) -> bool:
    path = folder / "menu.yaml"
    path.write_text(json.dumps(data))
    try:
        load_menu(path, WORDS, CONTRACTS)
    except MenuError:
        return False
    return True


def is_shaped(data: Any) -> bool:
    """Whether the model takes a document, in each of its languages."""
    if not isinstance(data, dict) or not isinstance(data.get("words") or {}, dict) or data.get("words") in ("", []):
        return False
    try:
        for language in languages_of(data):
            version: Any = menu_in(language, data)
            own = version.get("words") or {}
            Menu.model_validate(version | {"words": WORDS.model_dump(exclude={"languages"}) | own})
    except ValidationError:
        return False
    return True


def test_the_committed_schema_is_that_of_the_code() -> None:
    assert (SHIPPED / FILE).read_text() == written(menu_schema(SHIPPED_CONTRACTS)), "make schema"


def test_it_is_a_schema_of_2020_12() -> None:
    jsonschema_rs.meta.validate(json.loads((SHIPPED / FILE).read_text()))


@pytest.mark.parametrize("path", menu_files(SHIPPED), ids=lambda path: path.stem)
def test_a_menu_that_is_shipped_says_in_its_first_line_where_its_schema_is(path: Path) -> None:
    assert path.read_text().splitlines()[0] == f"# yaml-language-server: $schema={FILE}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_menu_that_loads_is_sound_to_an_editor_too(path: Path) -> None:
    assert refused(read(path).data) == []
    assert refused(as_an_editor_reads(yaml.compose(path.read_text()))) == []


@pytest.mark.parametrize(
    ("place", "straw"),
    [
        (("code",), "123"),
        (("start",), ...),
        (("startt",), "main"),
        (("screens", "Main"), {"end": "x"}),
        (("screens", "main", "ask"), "and ask"),
        (("screens", "main"), {"goto": "bye"}),
        (("screens", "main", "options"), []),
        (("screens", "main", "options", 0, "goto"), ...),
        (("screens", "main", "options", 0, "label"), "two\nlines"),
        (("screens", "main", "options", 0, "key"), "#"),
        (("screens", "ask", "check"), "nationalcode"),
        (("screens", "ask", "check"), "digits(0)"),
        (("screens", "ask", "live"), "yes"),
        (("screens", "look", "look_up"), "entitlements"),
        (("screens", "look", "outcomes", "unavailable"), ...),
        (("screens", "look", "outcomes", "refused"), "bye"),
        (("screens", "bye", "end"), None),
        (("screens", "bye", "end"), {"english": "Bye"}),
        (("languages",), ["fa", "fa"]),
        (("resume",), "always"),
        (("pages",), "0"),
        (("pages",), 100),
        (("published", "*1*1#"), ["ask"]),
        (("words",), {"nextt": "more"}),
        (("words",), {"next": "a word of much too many letters"}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_editor_marks_the_mistakes_that_are_made(place: Place, straw: object) -> None:
    assert refused(SMALL) == []
    around = " ".join(map(str, place[:-1]))
    marked = refused(put(SMALL, place, straw))
    assert marked
    assert all(one.startswith(around) for one in marked)


@pytest.mark.parametrize("path", sorted(FAULTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_no_menu_to_the_model_is_none_to_an_editor(path: Path) -> None:
    try:
        data = read(path).data
    except FileError:
        return
    if not is_shaped(data) and not list(untranslated(data, languages_of(data))):
        assert refused(data)


@given(data=st.data(), document=st.sampled_from([*DOCUMENTS, SMALL]), straw=st.sampled_from([*STRAWS, ...]))
def test_the_schema_takes_what_is_loaded_and_refuses_what_the_model_refuses(
    data: st.DataObject, document: object, straw: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = data.draw(st.sampled_from(places(document)[1:]))
    changed: Any = put(document, place, straw)
    if is_loaded(changed, tmp_path_factory.getbasetemp()):
        assert refused(changed) == []
    elif not is_shaped(changed) and not list(untranslated(changed, languages_of(changed))):
        assert refused(changed)


def test_every_part_says_what_it_is_for() -> None:
    schema = menu_schema(CONTRACTS)
    parts = [schema, *schema["$defs"].values()]
    fields = [(name, field) for part in parts for name, field in part["properties"].items()]
    assert [name for name, field in fields if not field.get("description")] == []
