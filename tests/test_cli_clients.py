"""`ussd clients`, as an administrator runs it."""

import re
from pathlib import Path

from tests.server import ussd


def test_the_key_stands_alone_on_the_last_line_and_is_not_shown_again(tmp_path: Path) -> None:
    added = ussd(tmp_path, "clients", "add", "my.gov.ir")
    key = added.stdout.splitlines()[-1]
    assert (added.returncode, added.stderr) == (0, "")
    assert re.fullmatch(r"ussd_[\w-]{43}", key)
    listed = ussd(tmp_path, "clients", "list")
    assert listed.stdout.startswith("my.gov.ir\t")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert key not in listed.stdout
    assert key.encode() not in kept
    assert key.removeprefix("ussd_").encode() not in kept


def test_what_cannot_be_done_is_said_in_one_line(tmp_path: Path) -> None:
    ussd(tmp_path, "clients", "add", "one")
    for arguments, said in (
        (("add", "one"), "client one is there already"),
        (("remove", "two"), "there is no client two"),
    ):
        refused = ussd(tmp_path, "clients", *arguments)
        assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", f"{said}\n")


def test_a_removed_client_is_not_listed(tmp_path: Path) -> None:
    ussd(tmp_path, "clients", "add", "one")
    assert ussd(tmp_path, "clients", "remove", "one").stdout == "client one is removed\n"
    assert ussd(tmp_path, "clients", "list").stdout == ""


def test_a_name_that_no_screen_can_show_is_refused(tmp_path: Path) -> None:
    for name in ("", " ", "x" * 31, "a\u202eb", "a\nb"):
        assert ussd(tmp_path, "clients", "add", name).returncode == 2
    assert ussd(tmp_path, "clients", "add", "سامانه درمان").returncode == 0
