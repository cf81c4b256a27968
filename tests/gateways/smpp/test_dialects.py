"""The dialects, and what the configuration has over them."""

from dataclasses import fields
from typing import get_args

import pytest

from gateways.smpp.coding import ALPHABETS, Coding
from gateways.smpp.dialects import DIALECTS, Dialect, spoken
from ussd.settings.smpp import CodingGiven, DialectGiven, DialectName, Smpp


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "hush")


def smpp(**given: object) -> Smpp:
    basis = {"host": "smsc", "port": "2775", "system_id": "tamin", "password_env": "PASSWORD"}
    return Smpp.model_validate({**basis, **given})


def test_every_dialect_that_can_be_named_is_there() -> None:
    assert set(DIALECTS) == set(get_args(DialectName))


def test_every_part_of_a_dialect_can_be_said_otherwise() -> None:
    parts = {part.name for part in fields(Dialect)} - {"country_code"}  # which is the link's own setting
    assert set(DialectGiven.model_fields) == parts
    assert set(CodingGiven.model_fields) == {part.name for part in fields(Coding)}


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_alone_is_spoken_as_it_is(name: DialectName) -> None:
    assert spoken(smpp(dialect=name)) == DIALECTS[name]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_no_operation_means_two_things(dialect: Dialect) -> None:
    operations = [*dialect.begin, *dialect.input, *dialect.abort, *dialect.release, *dialect.ignore]
    assert len(operations) == len(set(operations))
    assert 1 in dialect.begin  # 0 is the PSSD indication
    assert dialect.end != 0x17  # which vumi writes, from 17 in decimal


def test_the_configuration_says_each_part_otherwise() -> None:
    over = {
        "begin": ["0", "0x01"],
        "input": ["0x12"],
        "abort": ["129", "0x82"],
        "release": ["0x83"],
        "ignore": [],
        "unmarked": "true",
        "ask": "3",
        "end": "0x17",
        "session": "user_message_reference",
        "mask": "0xFFFE",
        "units": "ours",
        "end_bit": "false",
        "dialled_in": "joined",
        "text_in": "message_payload",
        "service_type": "",
        "coding": {"gsm7": "3", "ucs2": "72", "alphabets": {"0": "latin1"}},
    }
    assert set(over) == set(DialectGiven.model_fields)
    assert spoken(smpp(over=over, country_code="98")) == Dialect(
        frozenset({0, 1}),
        frozenset({0x12}),
        frozenset({0x81, 0x82}),
        frozenset({0x83}),
        frozenset(),
        True,
        3,
        0x17,
        "user_message_reference",
        0xFFFE,
        "ours",
        False,
        "joined",
        "message_payload",
        "",
        Coding(3, 72, {**ALPHABETS, 0: "latin1"}),
        "98",
    )


def test_one_part_said_otherwise_leaves_the_others() -> None:
    assert spoken(smpp(dialect="tata", over={"mask": "0xFF00"})) == Dialect(end=2, mask=0xFF00)


def test_parts_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="coding: `ucs2`"):
        spoken(smpp(over={"coding": {"ucs2": "0"}}))
    with pytest.raises(ValueError, match="ussd_service_op 0x12 has two meanings"):
        spoken(smpp(over={"abort": ["0x12"]}))
