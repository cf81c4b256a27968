"""Where the screens of an asynchronous gateway go: each fault has its place, and no secret is in the file."""

from pathlib import Path

import pytest

from ussd.settings import SettingsError, load

GIVEN = "gateways:\n  x: {{format: {format}, auth: none{send}}}\n"
OF_OURS = "this format needs `send`: its screens go out by a call of ours"
NOT_OF_OURS = "this format has no `send`: its screens are the answers to its callbacks"


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files here name."""
    monkeypatch.setenv("SDP", "hush")
    monkeypatch.delenv("USSD_GATEWAYS", raising=False)


@pytest.mark.parametrize(
    ("format", "send", "said"),
    [
        ("parlayx", "", OF_OURS),
        ("parlayx", ", send: ", OF_OURS),
        ("reference", ", send: {url: http://127.0.0.1/}", NOT_OF_OURS),
        ("parlayx", ", send: {}", "missing field: url"),
        ("parlayx", ", send: {url: ftp://127.0.0.1/}", "URL scheme should be 'http' or 'https'"),
        (
            "parlayx",
            ", send: {url: http://me:hush@127.0.0.1/}",
            "no user and no password in a URL: secrets are not in the file",
        ),
        ("parlayx", ", send: {url: http://127.0.0.1/, sp_id: '1'}", "sp_id and password_env belong together"),
        ("parlayx", ", send: {url: http://127.0.0.1/, password_env: SDP}", "sp_id and password_env belong together"),
        (
            "parlayx",
            ", send: {url: http://127.0.0.1/, sp_id: '1', password_env: hush}",
            "the environment has no variable of this name, or an empty one",
        ),
        ("parlayx", ", send: {url: http://127.0.0.1/, password: hush}", "unknown field: password"),
        ("parlayx", ", send: {url: http://127.0.0.1/, grace: 31s}", "Input should be less than or equal to 30"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, format: str, send: str, said: str) -> None:
    (tmp_path / "ussd.yaml").write_text(GIVEN.format(format=format, send=send))
    with pytest.raises(SettingsError) as refused:
        load(tmp_path / "ussd.yaml")
    assert [(fault.line, fault.message) for fault in refused.value.faults] == [(2, said)]
    assert "hush" not in str(refused.value)


def test_what_is_right_is_read(tmp_path: Path) -> None:
    send = ", send: {url: https://sdp.example/SendUssd, sp_id: '000201', password_env: SDP, grace: 3s, ucs2_scheme: 17}"
    (tmp_path / "ussd.yaml").write_text(GIVEN.format(format="parlayx", send=send))
    found = load(tmp_path / "ussd.yaml").gateways["x"].send
    assert found
    assert (str(found.url), found.sp_id, found.grace) == ("https://sdp.example/SendUssd", "000201", 3.0)
    assert found.password
    assert found.password.get_secret_value() == "hush"
    assert (found.gsm7_scheme, found.ucs2_scheme, found.end_operation, found.at_once) == (15, 17, 3, 1000)
    assert "hush" not in repr(found)
