"""Formats that the configuration describes: every fault has its place, before anyone calls."""

import re
from pathlib import Path
from typing import cast

import pytest
from pydantic import BaseModel

from ussd.core.strict_yaml import FileError, parse, read
from ussd.settings import SettingsError, load
from ussd.settings.declared import DeclaredGiven
from ussd.settings.declared.reply import ReplyGiven, SaidGiven, WrittenGiven
from ussd.settings.declared.request import AbortGiven, ByFlag, ByValue, FieldsGiven, MaybeAt

README = (Path(__file__).parents[2] / "gateways" / "README.md").read_text()
SECTION = README.partition("## Describe a format without code\n")[2].partition("\n## ")[0]
WHOLE = {
    "body": "form",
    "fields": "{session: s, msisdn: m, dialled: d, input: i}",
    "phase": "{by: value, field: t, begin: b, continue: c}",
    "reply": '{body: "{kind} {text}", says: {kind: {goes_on: CON, ends: END}}}',
}
SPLIT = "{session: s, msisdn: m, service_code: d, input: i}"
REFUSED = cast(list[dict[str, str]], read(Path(__file__).parent / "declared_faults.yaml").data)


def written(**otherwise: str) -> str:
    """A description, a key a line, with some keys otherwise."""
    return "".join(f"{key}: {said}\n" for key, said in {**WHOLE, **otherwise}.items() if said)


def faults(text: str) -> list[str]:
    with pytest.raises(FileError) as refused:
        parse(text.encode(), "x.yaml").checked(DeclaredGiven)
    return [f"{fault.line}:{fault.column}: {fault.message}" for fault in refused.value.faults]


def made(text: str) -> DeclaredGiven:
    return parse(text.encode(), "x.yaml").checked(DeclaredGiven)


def test_a_description_of_four_keys_is_enough() -> None:
    assert made(written()).verb == "POST"
    assert made(written(body="query")).verb == "GET"


JSON_REPLY = "content_type: application/json, says: {more: {goes_on: 'true', ends: 'false'}}"


@pytest.mark.parametrize("case", REFUSED, ids=[case["said"] for case in REFUSED])
def test_a_fault_is_said_with_its_place(case: dict[str, str]) -> None:
    otherwise = {key: said for key, said in case.items() if key != "said"}
    found = faults(written(**otherwise))
    assert [one for one in found if case["said"] in one], found


def test_all_faults_are_said_at_once_first_of_each_part_and_then_between_them() -> None:
    of_parts = faults(
        "body: yaml\nmethod: GO\n"
        "fields: {session: s, msisdn: m, dialled: d, service_code: c, behind: [], input: i}\n"
        "phase: {by: value}\n"
        'reply: {body: "{txt}", says: {kind: {goes_on: CON, ends: END}}, headers: {X-A: "{text}"}}\n'
    )
    assert [fault.partition(":")[0] for fault in of_parts] == [*"12344455555"]
    of_all = faults(
        written(body="xml", fields=SPLIT.replace("i}", "i, behind: b}"), abort="{has: x, lacks: x}", method="GET")
        + "line_once: true\naccumulates: true\n"
    )
    assert len(of_all) == 5


@pytest.mark.parametrize(
    ("body", "holds"),
    [
        ('{"seq": {request}, "text": "{text}", "more": {more}}', True),
        ('{"seq": {session}, "text": "{text}", "more": {more}}', False),
    ],
)
def test_only_a_number_stands_in_json_without_quotes(body: str, holds: bool) -> None:
    text = written(
        body="json",
        fields="{session: s, msisdn: m, dialled: d, input: i, request: {at: r, number: true}}",
        reply=f"{{{JSON_REPLY}, body: '{body}'}}",
    )
    if holds:
        assert made(text)
        assert faults(text.replace("number: true}", "number: true, optional: true}")) == [
            f"4:{len('reply: {' + JSON_REPLY + ', body: ') + 1}: not JSON once it is filled in"
        ]
    else:
        assert len(faults(text)) == 1


def test_a_description_is_for_the_format_declared_and_needed_there(tmp_path: Path) -> None:
    config = tmp_path / "ussd.yaml"
    described = ", ".join(written().splitlines())
    for said in ("{format: declared}", f"{{format: reference, declared: {{{described}}}}}"):
        config.write_text(f"gateways:\n  x: {said}\n")
        with pytest.raises(SettingsError, match=r"ussd\.yaml:2:6: this format (needs|has no) `declared`"):
            load(config)


def test_a_fault_of_the_configuration_has_its_place_in_it(tmp_path: Path) -> None:
    config = tmp_path / "ussd.yaml"
    described = "".join(f"      {line}\n" for line in written(phase="{by: value, field: t, begin: b}").splitlines())
    config.write_text(f"gateways:\n  mci:\n    format: declared\n    auth: none\n    declared:\n{described}")
    with pytest.raises(SettingsError) as refused:
        load(config)
    assert [str(fault) for fault in refused.value.faults] == [f"{config}:8:14: missing field: continue"]


def test_the_example_of_the_readme_can_be_used(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(# a format of nobody's\n.*?)```", SECTION, re.DOTALL)
    (tmp_path / "ussd.yaml").write_text(example)
    given = load(tmp_path / "ussd.yaml").gateways["rightel"].declared
    assert given
    assert given.reply.repeats


@pytest.mark.parametrize(
    "model",
    [DeclaredGiven, FieldsGiven, MaybeAt, ByValue, ByFlag, AbortGiven, ReplyGiven, WrittenGiven, SaidGiven],
)
def test_the_readme_explains_every_key(model: type[BaseModel]) -> None:
    keys = {field.alias or name for name, field in model.model_fields.items()}
    assert {key for key in keys if not re.search(rf"[`{{]{key}\b", SECTION)} == set()
