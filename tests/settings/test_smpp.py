"""What the configuration says of an SMSC: each fault has its place, and the password is nowhere."""

import re
from pathlib import Path

import pytest

from ussd.settings import SettingsError, load
from ussd.settings.smpp import DialectGiven, Smpp

PLACE = "gateways:\n  mci: {format: smpp, smpp: "
LEAST = "host: smsc.example, port: 2775, system_id: tamin, password_env: GOOD"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files here name."""
    for name, value in {"GOOD": "hush-hu", "LONG": "hush-hush", "SPACED": "hush hu", "EMPTY": ""}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("USSD_GATEWAYS", raising=False)


def loaded(path: Path, smpp: str) -> Smpp:
    path.joinpath("ussd.yaml").write_text(f"{PLACE}{{{smpp}}}}}\n")
    found = load(path / "ussd.yaml").gateways["mci"].smpp
    assert found
    return found


def faults(path: Path, smpp: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        loaded(path, smpp)
    assert "hush" not in str(refused.value)
    before = len(PLACE.splitlines()[1])
    return [f"{fault.line}:{fault.column - before}: {fault.message}" for fault in refused.value.faults]


def test_the_least_is_where_the_smsc_is_and_who_we_are(tmp_path: Path) -> None:
    found = loaded(tmp_path, LEAST)
    assert (found.host, found.port, found.system_id) == ("smsc.example", 2775, "tamin")
    assert (found.password.get_secret_value(), repr(found).count("hush")) == ("hush-hu", 0)
    assert (found.bind, found.tls, found.window, found.dialect) == ("transceiver", None, 10, "default")
    assert (found.enquire_link, found.response_timeout) == (30.0, 5.0)
    assert (found.over, found.country_code, found.system_type, found.address_range) == (DialectGiven(), "", "", "")


def test_all_of_it_can_be_said(tmp_path: Path) -> None:
    tmp_path.joinpath("ca.pem").touch()
    found = loaded(
        tmp_path,
        f"{LEAST}, system_type: USSD, bind: pair, address_range: '^1666', window: 100, enquire_link: 10s, "
        "response_timeout: 500ms, country_code: 98, dialect: sixdee, over: {abort: [0x81, 130], dialled_in: joined}, "
        f"tls: {{ca: {tmp_path}/ca.pem, server_name: smsc}}",
    )
    assert (found.system_type, found.bind, found.address_range, found.window) == ("USSD", "pair", "^1666", 100)
    assert (found.enquire_link, found.response_timeout, found.country_code) == (10.0, 0.5, "98")
    assert (found.dialect, found.over.abort, found.over.dialled_in) == ("sixdee", {0x81, 130}, "joined")
    assert found.tls
    assert (found.tls.ca, found.tls.server_name, found.tls.key) == (tmp_path / "ca.pem", "smsc", None)


@pytest.mark.parametrize(("said", "used"), [("true", True), ("false", False), ("{}", True)])
def test_tls_may_be_yes_or_no(tmp_path: Path, said: str, used: bool) -> None:
    assert bool(loaded(tmp_path, f"{LEAST}, tls: {said}").tls) is used


UNSET = "the environment has no variable of this name, or an empty one"
HELD = "what this variable holds is to be at most 8 visible ASCII characters"


@pytest.mark.parametrize(
    ("smpp", "said"),
    [
        ("host: a, port: 1, system_id: a", "2:1: missing field: password_env"),
        (LEAST.replace("GOOD", "hush"), f"2:66: {UNSET}"),
        (LEAST.replace("GOOD", "EMPTY"), f"2:66: {UNSET}"),
        (LEAST.replace("GOOD", "LONG"), f"2:66: {HELD}"),
        (LEAST.replace("GOOD", "SPACED"), f"2:66: {HELD}"),
        (LEAST.replace("2775", "0"), "2:28: Input should be greater than or equal to 1"),
        (LEAST.replace("tamin", "t" * 16), "2:45: String should match pattern '^[!-~]{1,15}$'"),
        (f"{LEAST}, password: hush", "2:72: unknown field: password"),
        (f"{LEAST}, bind: both", "2:78: Input should be 'transceiver' or 'pair'"),
        (f"{LEAST}, window: 0", "2:80: Input should be greater than or equal to 1"),
        (f"{LEAST}, country_code: 098", "2:86: String should match pattern '^(?:[1-9][0-9]{0,2})?$'"),
        (f"{LEAST}, over: {{end: 0x111}}", "2:84: Input should be less than or equal to 255"),
        (f"{LEAST}, over: {{end: 0xx}}", "2:84: Input should be a valid integer"),
        (f"{LEAST}, over: {{begin: []}}", "2:86: at least one is needed here"),
        (f"{LEAST}, over: {{begins: [1]}}", "2:79: unknown field: begins"),
        (f"{LEAST}, over: {{coding: {{alphabets: {{0: utf8}}}}}}", "2:103: Input should be 'gsm7', 'ascii', 'latin1'"),
        (f"{LEAST}, tls: {{ca: /nowhere}}", "2:82: Path does not point to a file"),
        (f"{LEAST}, tls: {{key: /dev/null}}", "2:83: Path does not point to a file"),
    ],
)
def test_a_fault_has_its_place(tmp_path: Path, smpp: str, said: str) -> None:
    [fault] = faults(tmp_path, smpp)
    assert fault.startswith(said)


def test_a_key_needs_its_certificate(tmp_path: Path) -> None:
    tmp_path.joinpath("key.pem").touch()
    assert faults(tmp_path, f"{LEAST}, tls: {{key: {tmp_path}/key.pem}}") == ["2:77: key needs certificate"]


@pytest.mark.parametrize(
    ("gateway", "said"),
    [
        ("{format: smpp}", "this format needs `smpp`: where its SMSC is"),
        (f"{{format: hubtel, smpp: {{{LEAST}}}}}", "this format has no `smpp`: it is called over HTTP"),
    ],
)
def test_an_smsc_belongs_to_the_smpp_format_alone(tmp_path: Path, gateway: str, said: str) -> None:
    tmp_path.joinpath("ussd.yaml").write_text(f"gateways:\n  mci: {gateway}\n")
    with pytest.raises(SettingsError, match=re.escape(said)) as refused:
        load(tmp_path / "ussd.yaml")
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [(2, 8)]
