"""The JSON Schema of a menu file, by which an editor completes and checks what its author writes.

It is made of the model, and says what only the file knows: that a text may be one per language, that a menu writes as
few of the shared words as it likes, and what each backend wants handled. Between screens it sees nothing: that is what
the checks are for. An editor reads `0` as a number and `true` as a truth value, where the loader reads scalars as they
are written; the schema takes both.
"""

import json
from collections.abc import Mapping
from typing import Any

from ussd.core.checks import Contract
from ussd.core.inputs import NAMED
from ussd.core.languages import OF_OPTION, TEXTS
from ussd.core.menu import Menu

Schema = dict[str, Any]
FILE = "menu.schema.json"
"""Its name in a folder of menus."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

"""What may be one per language, as ussd/core/languages.py has it."""
_DIGITS = r"^digits\([1-9][0-9]?(-[1-9][0-9]?)?\)$"
_LANGUAGE = "^[a-z]{2,3}$"


def menu_schema(contracts: Mapping[str, Contract]) -> Schema:
    """The schema of a menu whose lookups ask these backends."""
    made = _tidied(Menu.model_json_schema())
    parts, fields = made.pop("$defs"), made["properties"]
    for part in parts.values():
        _in_languages(part["properties"], TEXTS)
    _in_languages(parts["Option"]["properties"], OF_OPTION)
    parts["Words"] = _some(parts["Words"])
    parts["Ask"]["properties"]["check"] |= {"anyOf": [{"enum": sorted(NAMED)}, {"type": "string", "pattern": _DIGITS}]}
    parts["LookUp"] |= _asking(contracts, parts["LookUp"]["properties"])
    fields["languages"]["uniqueItems"] = True
    (name, screens), *_ = fields["screens"]["patternProperties"].items()
    fields["screens"]["patternProperties"] = {name: _screen(parts, screens["oneOf"])}
    fields["words"] = {"description": fields["words"].pop("description"), "anyOf": [fields["words"], {"type": "null"}]}
    made["required"].remove("words")
    return {"$schema": DIALECT, **made, "$defs": parts}


def written(schema: Schema) -> str:
    """The schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _tidied(part: Any) -> Any:
    """A part of the schema without titles, which only repeat names, closed to what is no name, and lenient."""
    if isinstance(part, list):
        return [_tidied(one) for one in part]
    if not isinstance(part, dict):
        return part
    tidy = {name: _tidied(one) for name, one in part.items() if not _noise(name, one)}
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
    match tidy:
        case {"type": "boolean"}:
            return tidy | {"type": ["boolean", "string"], "pattern": "^(true|false)$"}
        case {"type": "integer", "maximum": int(most)}:
            return tidy | {"type": ["integer", "string"], "pattern": f"^0*[1-9][0-9]{{0,{len(str(most)) - 1}}}$"}
        case {"type": "string", "pattern": "^[0-9]{1,3}$"}:
            return tidy | {"type": ["string", "integer"], "minimum": 0, "maximum": 999}
    return tidy


def _noise(name: str, said: Any) -> bool:
    return (name == "title" and isinstance(said, str)) or (name == "default" and said in (None, [], {}))


def _in_languages(fields: Schema, names: tuple[str, ...]) -> None:
    """Let each of these fields be a text, or one per language."""
    for name in names:
        if name in fields:
            fields[name] = _one_or_several(fields[name])


def _one_or_several(field: Schema) -> Schema:
    about = {name: field[name] for name in ("description", "default") if name in field}
    forms = field.get("anyOf") or [{name: said for name, said in field.items() if name not in about}]
    said = [form | {"type": ["string", "number", "boolean"]} if _is_free(form) else form for form in forms]
    several = {
        "type": "object",
        "description": "One per language.",
        "propertyNames": {"pattern": _LANGUAGE},
        "additionalProperties": said[0] if len(said) == 1 else {"anyOf": said},
        "minProperties": 1,
    }
    return about | {"anyOf": [*said, several]}


def _is_free(form: Schema) -> bool:
    """Whether a form is any text: `12` is one, though it looks like a number."""
    return form["type"] == "string" and not str(form.get("pattern")).startswith("^[a-z]")


def _some(words: Schema) -> Schema:
    """The shared words where a menu writes some of them: in its own languages, and none must be there."""
    fields = {name: _one_or_several(field) for name, field in words["properties"].items() if name != "languages"}
    return {name: said for name, said in words.items() if name != "required"} | {"properties": fields}


def _screen(parts: Schema, kinds: list[Schema]) -> Schema:
    """A screen of one of its kinds: by the field that it alone has, so that a fault is told of that kind alone."""
    named = {part["$ref"].rpartition("/")[2]: part for part in kinds}
    keys = {next(iter(parts[kind]["properties"])): kind for kind in named}
    described = {key: {"properties": {key: _about(parts[kind])}, "required": [key]} for key, kind in keys.items()}
    return {
        "type": "object",
        "oneOf": list(described.values()),
        "allOf": [{"if": {"required": [key]}, "then": named[kind]} for key, kind in keys.items()],
    }


def _about(part: Schema) -> Schema:
    return {"description": part["description"]}


def _asking(contracts: Mapping[str, Contract], fields: Schema) -> Schema:
    """What a lookup must handle, by the backend that it asks."""
    asked = fields["look_up"] | {"enum": sorted(contracts)}
    return {
        "properties": fields | {"look_up": {name: said for name, said in asked.items() if name != "pattern"}},
        "allOf": [
            {
                "if": {"properties": {"look_up": {"const": name}}, "required": ["look_up"]},
                "then": {"properties": {"outcomes": _outcomes(contracts[name])}},
            }
            for name in sorted(contracts)
        ],
    }


def _outcomes(contract: Contract) -> Schema:
    names = sorted(contract.outcomes)
    return {
        "properties": {name: {"description": _gives(contract, name)} for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _gives(contract: Contract, outcome: str) -> str:
    facts = (f"{{{fact}}} ({contract.widths[fact]} characters at most)" for fact in sorted(contract.outcomes[outcome]))
    return f"Gives {', '.join(facts) or 'no facts'}."
