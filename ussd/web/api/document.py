"""The API as an OpenAPI 3.1 document, made of the same table as its routes."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ussd.web.api.answers import Problem
from ussd.web.api.operation import ROOT, Operation
from ussd.web.api.operations import OPERATIONS
from ussd.web.api.reading import KEY_HEADER, KEY_LENGTH
from ussd.web.api.refusals import TITLES

_REF = "#/components/schemas/{model}"
_SECONDS = {"schema": {"type": "integer", "minimum": 0}, "description": "When to come again."}
_TEXT = {"schema": {"type": "string"}}
_HEADERS = {
    401: {"WWW-Authenticate": _TEXT | {"description": "Bearer."}},
    409: {"Retry-After": _SECONDS},
    429: {"Retry-After": _SECONDS},
    503: {"Retry-After": _SECONDS},
}
_ALWAYS = (400, 401, 500, 503)
_WITH_A_BODY = (408, 409, 413, 415, 422)
_ABOUT = """\
Credit codes, inquiries about entitlement to treatment that they pay for, and one-time codes.

Every request carries a client's key. A code of another client is as unknown as one that there is not. The same POST
with the same Idempotency-Key has its effect once, and gets the same answer for seven days.
Nothing personal is ever in a URL."""


def document() -> bytes:
    """The document, in UTF-8, ending in a line break."""
    return (json.dumps(_document(), ensure_ascii=False, indent=2) + "\n").encode()


def _document() -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(ROOT + operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "USSD menu engine", "version": "1", "description": _ABOUT},
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "`ussd clients add NAME`"}},
            "responses": {_name(status): _problem(status) for status in TITLES if status != 405},
            "schemas": _schemas(),
        },
    }


def _schemas() -> dict[str, Any]:
    bodies = [one.takes for one in OPERATIONS if one.method == "POST"]
    answers = [one.gives for one in OPERATIONS]
    models: list[type[BaseModel]] = list(dict.fromkeys((*bodies, *answers, Problem)))
    _, found = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    definitions: dict[str, Any] = found["$defs"]
    return definitions


def _operation(operation: Operation) -> dict[str, Any]:
    refusals = sorted({*_ALWAYS, *(_WITH_A_BODY if operation.method == "POST" else ()), *operation.refuses})
    responses: dict[str, Any] = {str(operation.status): _answer(operation)}
    responses |= {str(status): {"$ref": f"#/components/responses/{_name(status)}"} for status in refusals}
    found: dict[str, Any] = {"operationId": operation.name, "summary": operation.summary}
    found["parameters"] = list(_parameters(operation))
    if operation.method == "POST":
        found["requestBody"] = {"required": True, "content": _content("application/json", operation.takes.__name__)}
    return found | {"responses": responses}


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.method == "POST":
        schema = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"}
        about = "Visible ASCII characters that no other request of the client has."
        yield _header(KEY_HEADER, operation.needs_key, about, schema)
        return
    for name, schema in operation.takes.model_json_schema()["properties"].items():
        yield _header(name, True, schema.pop("description"), schema)


def _header(name: str, required: bool, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def _answer(operation: Operation) -> dict[str, Any]:
    found = {
        "description": str(operation.gives.__doc__),
        "content": _content("application/json", operation.gives.__name__),
    }
    if operation.method != "POST":
        return found
    replayed = {"schema": {"const": "true"}, "description": "It was answered before, and this is that answer."}
    return found | {"headers": {"Idempotency-Replayed": replayed}}


def _problem(status: int) -> dict[str, Any]:
    found = {"description": TITLES[status], "content": _content("application/problem+json", Problem.__name__)}
    return found | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _name(status: int) -> str:
    return TITLES[status].replace(" ", "")


def _content(media_type: str, model: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REF.format(model=model)}}}
