"""JSON as RFC 8259 has it. Python's reader keeps the second of two equal keys, and takes NaN; so does pydantic's."""

import json
from typing import Any, NoReturn


class NotJson(ValueError):
    """It is not JSON, and how; nothing of it is repeated."""


def loads(octets: bytes) -> Any:
    """What the octets say. Raises NotJson."""
    try:
        return json.loads(octets.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("not JSON in UTF-8") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotJson("a field is there twice")
    return found


def _no_number(_: str) -> NoReturn:
    raise NotJson("not a JSON number")
