"""What the configuration asks of callers: each fault has its place, and no secret is in the file or in a message."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from ussd.settings import SettingsError, load
from ussd.settings.auth import AuthGiven

README = (Path(__file__).parents[2] / "README.md").read_text()
PLACE = "gateways:\n  x: {format: reference, auth: "


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files here name."""
    for name, value in {"GOOD": "hush-hush", "EMPTY": "", "BLANK": " \n", "SPACED": "hush hush"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("USSD_GATEWAYS", raising=False)


def faults(path: Path, auth: str) -> list[str]:
    path.joinpath("ussd.yaml").write_text(f"{PLACE}{auth}}}\n")
    with pytest.raises(SettingsError) as refused:
        load(path / "ussd.yaml")
    said = [
        f"{fault.line}:{fault.column - len(PLACE.splitlines()[1])}: {fault.message}" for fault in refused.value.faults
    ]
    assert "hush" not in str(refused.value)
    return said


UNSET = "the environment has no variable of this name, or an empty one"


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("anyone", "2:1: Input should be 'none'"),
        ("[none]", "2:1: `none`, or what a caller must prove"),
        ("{}", "2:1: at least one of: networks, basic, bearer, hmac, client_certificate"),
        ("{networks: []}", "2:12: at least one is needed here"),
        ("{networks: [10.1.0.1/16]}", "2:13: no network, as 10.1.0.0/16 is one"),
        ("{networks: [everywhere]}", "2:13: no network, as 10.1.0.0/16 is one"),
        (
            "{networks: [10.1.0.0/16, 0.0.0.0/0]}",
            "2:26: this network is everybody's: if that is meant, say `auth: none`",
        ),
        ('{networks: ["::/0"]}', "2:13: this network is everybody's: if that is meant, say `auth: none`"),
        ("{behind: [10.1.0.0/16]}", "2:1: behind needs networks: those of the callers in front of the proxy"),
        ("{hmac: {}}", "2:8: missing field: secret_env"),
        ("{hmac: }", "2:8: nothing is written here"),
        ("{networks: [10.1.0.0/16], hmac: }", "2:33: nothing is written here"),
        ("{hmac: {secret: hush}}", "2:9: unknown field: secret"),
        ("{hmac: {secret_env: UNSET}}", f"2:21: {UNSET}"),
        ("{hmac: {secret_env: EMPTY}}", f"2:21: {UNSET}"),
        ("{hmac: {secret_env: BLANK}}", f"2:21: {UNSET}"),
        ("{hmac: {secret_env: hush-hush}}", f"2:21: {UNSET}"),
        ("{hmac: {secret_env: [GOOD]}}", f"2:21: {UNSET}"),
        ("{hmac: {secret_env: GOOD, nonce_header: a b}}", "2:41: String should match pattern '^[A-Za-z0-9_-]{1,64}$'"),
        (
            "{hmac: {secret_env: GOOD, nonce_header: X-Ussd-TIMESTAMP}}",
            "2:8: timestamp, nonce and signature each need a header of their own",
        ),
        ("{basic: {user: a}}", "2:9: missing field: password_env"),
        ("{basic: {user: 'a:b', password_env: GOOD}}", "2:16: String should match pattern '^[^:\\x00-\\x1f\\x7f]+$'"),
        ("{basic: {user: a, password_env: UNSET}}", f"2:33: {UNSET}"),
        ("{bearer: {token_env: UNSET}}", f"2:22: {UNSET}"),
        ("{bearer: {token_env: SPACED}}", "2:22: what this variable holds is to be of visible ASCII characters"),
        (
            "{basic: {user: a, password_env: GOOD}, bearer: {token_env: GOOD}}",
            "2:1: basic and bearer share one header: give one of them",
        ),
        (
            "{client_certificate: {header: X, subject: CN=a}}",
            "2:1: client_certificate needs networks: anyone else could write its header",
        ),
        (
            "{networks: [10.1.0.0/16], client_certificate: {header: X}}",
            "2:47: exactly one of fingerprints and subject",
        ),
        (
            "{networks: [10.1.0.0/16], client_certificate: {header: X, fingerprints: [aa]}}",
            "2:74: no fingerprint: 64 hexadecimal digits of SHA-256, or 40 of SHA-1, with or without colons",
        ),
        ("{token: x}", "2:2: unknown field: token"),
    ],
)
def test_a_fault_is_said_with_its_place(tmp_path: Path, auth: str, said: str) -> None:
    assert said in faults(tmp_path, auth)


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    said = faults(tmp_path, "{networks: [a, 10.0.0.0/8], hmac: {secret_env: UNSET}, basic: {password_env: GOOD}}")
    assert len(said) == 3


def test_secrets_are_read_from_the_variables_that_the_file_names(tmp_path: Path) -> None:
    (tmp_path / "ussd.yaml").write_text(f"{PLACE}{{hmac: {{secret_env: GOOD}}}}}}\n")
    settings = load(tmp_path / "ussd.yaml")
    auth = settings.gateways["x"].auth
    assert isinstance(auth, AuthGiven)
    assert auth.hmac
    assert auth.hmac.secret.get_secret_value() == "hush-hush"
    assert "hush" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_the_variable_that_holds_all_gateways_may_ask_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "USSD_GATEWAYS", '{"x": {"format": "reference", "auth": {"networks": ["10.1.0.0/16", "fd00::/8"]}}}'
    )
    auth = load().gateways["x"].auth
    assert isinstance(auth, AuthGiven)
    assert auth.networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    monkeypatch.setenv("USSD_GATEWAYS", '{"x": {"format": "reference", "auth": {"bearer": {"token_env": "UNSET"}}}}')
    with pytest.raises(SettingsError, match=rf"^USSD_GATEWAYS:1:1: {UNSET}$"):
        load()


def test_the_example_of_the_readme_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```yaml\n(# who may call\n.*?)```", README, re.DOTALL)
    for name in re.findall(r"_env: (\w+)", example):
        monkeypatch.setenv(name, "hush")
    (tmp_path / "ussd.yaml").write_text(example)
    asked = [given.auth for given in load(tmp_path / "ussd.yaml").gateways.values()]
    proofs = [auth.model_fields_set for auth in asked if isinstance(auth, AuthGiven)]
    assert set().union(*proofs) == set(AuthGiven.model_fields)
