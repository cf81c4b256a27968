"""The texts outside of the screens: each has its placeholders, all of them and no other, or a fault at its place."""

from pathlib import Path

import pytest

from tests.core.build import SHIPPED, SHIPPED_CONTRACTS
from tests.server import ussd
from ussd.core.loader import COMMON, MESSAGES, MenuError, load_all, menu_files
from ussd.core.messages import filled, load_messages
from ussd.core.text import measure

WRITTEN = (SHIPPED / MESSAGES).read_text()
ONE_SMS = 140
"""Octets of a message that is not split, 3GPP TS 23.040, 9.2.3.16."""


def faults_of(folder: Path, written: str) -> list[str]:
    path = folder / MESSAGES
    path.write_text(written)
    with pytest.raises(MenuError) as caught:
        load_messages(folder)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def test_the_shipped_messages_are_one_sms_each_with_the_code_on_a_line_of_its_own() -> None:
    messages = load_messages(SHIPPED)
    code, client = "1234-5678-9012-3456", "ب" * 30
    credit = filled(messages.credit_code_sms, code=code)
    one_time = filled(messages.one_time_code_sms, code="12345", client=client)
    assert (credit.splitlines()[-1], one_time.splitlines()[-1]) == (code, "12345")
    assert max(measure(credit).octets, measure(one_time).octets) <= ONE_SMS


def test_a_folder_without_messages_has_the_shipped_ones(tmp_path: Path) -> None:
    assert load_messages(tmp_path) == load_messages(SHIPPED)


def test_a_folder_may_have_its_own(tmp_path: Path) -> None:
    (tmp_path / MESSAGES).write_text(WRITTEN.replace("national_code: کد ملی", "national_code: کدملی"))
    assert load_messages(tmp_path).national_code == "کدملی"


def test_placeholders_that_are_unknown_or_missing_are_faults_at_their_place(tmp_path: Path) -> None:
    line = WRITTEN.splitlines().index("credit_code_sms: |-") + 1
    used_up = WRITTEN.splitlines().index("used_up: |-") + 1
    wrong = WRITTEN.replace("  {code}", "  {kode}", 1).replace("*4*1420*99#", "{code}")
    assert faults_of(tmp_path, wrong) == [
        f"{line}:18: unknown placeholder: {{kode}}; missing placeholder: {{code}}",
        f"{used_up}:10: unknown placeholder: {{code}}",
    ]


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (WRITTEN.replace("insurance_number: شماره بیمه", ""), "missing field: insurance_number"),
        (WRITTEN + "more: x\n", "unknown field: more"),
        (WRITTEN.replace("شماره بیمه", "x}"), "a brace that belongs to no placeholder such as {code}"),
        (WRITTEN.replace("شماره بیمه", '"\\u200c "'), "nothing to read"),
        (WRITTEN.replace("شماره بیمه", "~"), "Input should be a valid string"),
        (WRITTEN + "used_up: x\n", "the key used_up is here twice"),
    ],
    ids=["missing", "unknown", "brace", "invisible", "null", "twice"],
)
def test_what_is_no_message_is_a_fault(tmp_path: Path, wrong: str, fault: str) -> None:
    [said] = faults_of(tmp_path, wrong)
    assert fault in said


def test_what_is_filled_in_cannot_reorder_a_text() -> None:
    assert filled("{client}: {code}", client="a\u202eb", code="1") == "ab: 1"


def test_messages_are_no_menu(tmp_path: Path) -> None:
    for name in (COMMON, MESSAGES, "1420.yaml"):
        (tmp_path / name).write_text((SHIPPED / name).read_text())
    assert [path.name for path in menu_files(tmp_path)] == ["1420.yaml"]
    assert list(load_all(tmp_path, SHIPPED_CONTRACTS)) == ["*4*1420#"]


def test_check_reads_the_messages_too(tmp_path: Path) -> None:
    assert ussd(tmp_path, "check", str(SHIPPED / MESSAGES)).returncode == 0
    menus = tmp_path / "menus"
    menus.mkdir()
    for name in (COMMON, "1420.yaml"):
        (menus / name).write_text((SHIPPED / name).read_text())
    (menus / MESSAGES).write_text(WRITTEN + "more: x\n")
    place = f"{menus / MESSAGES}:{WRITTEN.count(chr(10)) + 1}:1"
    expected = f"{place}: unknown field: more\n    take it away, or mend its spelling\n"
    for arguments in ((), (str(menus / MESSAGES),)):
        run = ussd(tmp_path, "check", *arguments, menus=str(menus))
        assert (run.returncode, run.stdout) == (1, expected)
