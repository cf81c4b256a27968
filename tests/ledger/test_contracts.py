"""A contract as people write it, one or a file of them."""

from pathlib import Path

import pytest

from ussd.ledger import CentreFileError, Contract, ContractError, Written, read_centres, read_contract

TODAY = "1405-08-30"
HEADER = "name,code,lines,valid_from,valid_to\n"
WRITTEN = Written("17", "بیمارستان", ("09120000017",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "centres.csv"


def faults(file: Path) -> list[str]:
    with pytest.raises(CentreFileError) as refused:
        read_centres(file, TODAY)
    return str(refused.value).replace(f"{file}:", "").splitlines()


@pytest.mark.parametrize(
    "line", ["989120000017", "09120000017", "9120000017", "+989120000017", "00989120000017", "۰۹۱۲ ۰۰۰ ۰۰۱۷"]
)
def test_a_line_is_read_in_any_of_its_forms(line: str) -> None:
    assert read_contract(Written("17", "مرکز", (line,)), TODAY).lines == ("989120000017",)


def test_a_line_that_is_there_twice_counts_once() -> None:
    written = Written("17", "مرکز", ("09120000017", "+989120000017"))
    assert read_contract(written, TODAY).lines == ("989120000017",)


def test_days_and_codes_are_read_in_persian_digits() -> None:
    written = Written("۱۷", " مرکز \n نمونه ", ("09120000017",), "۱۴۰۵/۱/۱", "۱۴۰۵/۱۲/۲۹")
    assert read_contract(written, TODAY) == Contract("17", "مرکز نمونه", ("989120000017",), "1405-01-01", "1405-12-29")


def test_without_days_a_contract_begins_today_and_goes_on_until_further_notice() -> None:
    contract = read_contract(WRITTEN, TODAY)
    assert (contract.valid_from, contract.valid_to) == (TODAY, None)


def test_a_contract_may_last_a_day_and_not_less() -> None:
    assert read_contract(Written("17", "مرکز", WRITTEN.lines, TODAY, TODAY), TODAY).valid_to == TODAY
    with pytest.raises(ContractError, match="it ends on 1405-08-29, before it begins on 1405-08-30"):
        read_contract(Written("17", "مرکز", WRITTEN.lines, "", "1405-08-29"), TODAY)


@pytest.mark.parametrize("code", ["", "هفده", "a/b", "-1", "1" * 33, "subscriber", "Sample"])
def test_a_code_that_cannot_be_a_centres_is_refused(code: str) -> None:
    with pytest.raises(ContractError, match="the code"):
        read_contract(Written(code, "مرکز", WRITTEN.lines), TODAY)


def test_all_that_is_wrong_is_said_at_once_and_without_a_number() -> None:
    with pytest.raises(ContractError) as refused:
        read_contract(Written("", " ", ("09120000017", "02188990011"), "1404-12-30", "tomorrow"), TODAY)
    assert len(refused.value.faults) == 5
    assert "number 2 of its lines" in str(refused.value)
    assert "0218" not in str(refused.value)


@pytest.mark.parametrize("name", ["مرکز\x1b[2J", "a\x00b", "\udc80"])
def test_a_name_that_would_write_over_the_screen_or_cannot_be_stored_is_refused(name: str) -> None:
    with pytest.raises(ContractError, match="control characters"):
        read_contract(Written("17", name, WRITTEN.lines), TODAY)
    assert read_contract(Written("17", "نیک‌نام", WRITTEN.lines), TODAY).name == "نیک‌نام"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_read_with_and_without_a_byte_order_mark(file: Path, encoding: str) -> None:
    file.write_text(
        f"{HEADER}بیمارستان هفده,۱۷,۰۹۱۲۰۰۰۰۰۱۷;09120000018,1405/1/1,1405/12/29\n"
        '"درمانگاه, هجده",18,09120000019 09120000020,,\n',
        encoding=encoding,
    )
    assert [contract for _, contract in read_centres(file, TODAY).values()] == [
        Contract("17", "بیمارستان هفده", ("989120000017", "989120000018"), "1405-01-01", "1405-12-29"),
        Contract("18", "درمانگاه, هجده", ("989120000019", "989120000020"), TODAY),
    ]


def test_every_bad_row_is_named_at_the_line_where_it_begins(file: Path) -> None:
    file.write_text(
        f"{HEADER}یک,1,09120000001,,\n"
        '"دو\nدر دو سطر",2,5,,\n'
        "\n,,,,\n"
        "سه,3,09120000003,1404-12-30,\n"
        "چهار,4,09120000004\n"
        ",5,,,\n"
    )
    assert faults(file) == [
        "3: number 1 of its lines is not an Iranian mobile number",
        "7: its first day is not a Jalali day, 1405-08-30",
        "8: it has 3 cells, not 5",
        "9: it has no line",
        "9: it has no name",
    ]


def test_a_centre_and_a_line_may_stand_in_a_file_once(file: Path) -> None:
    file.write_text(f"{HEADER}یک,1,09120000001,,\nدو,2,09120000002 +989120000001,,\nباز یک,1,09120000003,,\n")
    assert faults(file) == ["3: one of its lines is centre 1's, in line 2", "4: centre 1 is in line 2 already"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "1: the header is not name,code,lines,valid_from,valid_to"),
        (b"code,name\n1,a\n", "1: the header is not name,code,lines,valid_from,valid_to"),
        (HEADER.encode(), "1: no centre stands below the header"),
        (HEADER.encode("utf-16"), "1: it is not in UTF-8"),
        (HEADER.encode() + b"a,1,09120000001,,\n" * 2_000 + b"\xff,2,09120000002,,\n", "2002: it is not in UTF-8"),
        (HEADER.encode() + b'a,1,09120000001,,\n"b,2', "3: unexpected end of data"),
    ],
)
def test_what_is_no_such_file_is_refused(file: Path, content: bytes, fault: str) -> None:
    file.write_bytes(content)
    assert faults(file) == [fault]
