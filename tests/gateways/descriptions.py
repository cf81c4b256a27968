"""Descriptions of formats, some of them nearly right, each as one line of YAML."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ussd.core.strict_yaml import read

DECLARED = Path(__file__).parent.parent / "declared"
LIKE = sorted(path.stem for path in DECLARED.glob("*.yaml"))
KNOWN: list[Any] = [read(DECLARED / f"{name}.yaml").data for name in LIKE]

FIELDS = ["s", "m", "d", "i", "a.b", "a", "@x", "a.@x", "sessionId", "text", "Type", "msg", "", "x" * 200]
PIECES = ["{text}", "{kind}", "{user}", "{session}", "{request}", "{", "}", '"', "<a>", "</a>", "{a}", "=", "&"]
NAMES = st.sampled_from(FIELDS)
PLACES = NAMES | st.fixed_dictionaries(
    {"at": NAMES}, optional={"number": st.booleans(), "optional": st.booleans(), "most": st.integers(-1, 9)}
)
VALUES = st.sampled_from(["1", "2", "begin", "Begin"]) | st.lists(st.sampled_from(["1", "2", "end", "é"]), max_size=3)
TEXTS = st.lists(st.sampled_from(PIECES)).map("".join) | st.sampled_from(
    ["{kind} {text}", '{"a": "{text}", "b": "{kind}"}', "<a b='{kind}'>{text}</a>"]
)
TYPES = st.sampled_from(["application/json", "text/xml", "text/plain", "application/x-www-form-urlencoded", "a/b"])
DESCRIPTIONS = st.fixed_dictionaries(
    {
        "body": st.sampled_from(["form", "json", "xml", "query"]),
        "fields": st.fixed_dictionaries(
            {"session": PLACES, "msisdn": PLACES, "input": PLACES},
            optional={"dialled": PLACES, "service_code": PLACES, "behind": PLACES, "request": PLACES},
        ),
        "phase": st.fixed_dictionaries(
            {"by": st.sampled_from(["value", "flag", "empty", "presence", "session"])},
            optional={"field": NAMES, "begin": VALUES, "continue": VALUES, "abort": VALUES, "number": st.booleans()},
        )
        | st.just({"by": "empty"})
        | st.just({"by": "presence", "field": "d"})
        | st.just({"by": "value", "field": "Type", "begin": "1", "continue": "2", "abort": "3"}),
        "reply": st.fixed_dictionaries(
            {"body": TEXTS, "says": st.just({"kind": {"goes_on": "1", "ends": "2"}})},
            optional={
                "content_type": TYPES,
                "repeats": st.dictionaries(st.sampled_from(["user", "text", "A b"]), PLACES, max_size=2),
                "headers": st.dictionaries(st.sampled_from(["X-A", "x-a", "Date"]), TEXTS, max_size=2),
                "abort": st.fixed_dictionaries({}, optional={"body": TEXTS, "content_type": TYPES}),
            },
        ),
    },
    optional={
        "root": st.just("ussd"),
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "media_type": st.sampled_from(["any", "text/plain", "x"]),
        "accumulates": st.booleans(),
        "line_once": st.booleans(),
        "abort": st.fixed_dictionaries({"has": NAMES}, optional={"lacks": NAMES, "needs": st.lists(NAMES, max_size=2)}),
        "max_octets": st.integers(70, 170),
    },
)


@st.composite
def descriptions(draw: st.DrawFn) -> str:
    """Any description, or a known one with a few of its parts from any."""
    other = draw(DESCRIPTIONS)
    if draw(st.booleans()):
        return json.dumps(other)
    known = deepcopy(draw(st.sampled_from(KNOWN)))
    for _ in range(draw(st.integers(0, 3))):
        inner = draw(st.sampled_from(["", "fields", "reply"]))
        given, into = (other[inner], known[inner]) if isinstance(known.get(inner), dict) else (other, known)
        name = draw(st.sampled_from([*sorted({*given, *into}), "mode"]))
        if draw(st.booleans()):
            into[name] = given.get(name, draw(NAMES))
        else:
            into.pop(name, None)
    return json.dumps(known)
