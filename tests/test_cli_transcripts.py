"""`ussd test` and `ussd dial --record`, as those rely on them who write menus."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from tests.conftest import ENTITLED, PROMPT
from tests.server import ussd
from ussd.settings import Settings

MENUS = Settings().menus
DIRECT = f"*4*1420*1*2*{ENTITLED}#\n  از حمایت درمانی برخوردار میباشید.\n  کد پیگیری: {{tracking_code}}\n=\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation of its own."""
    return tmp_path / "home"


def test_what_is_as_it_was_exits_0(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(DIRECT)
    (tmp_path / "two.txt").write_text(f"# Another.\n{DIRECT}")
    run = ussd(home, "test", str(tmp_path))
    assert (run.returncode, run.stdout, run.stderr) == (0, "2 transcripts, no difference\n", "")
    assert not home.exists()


def test_a_changed_word_exits_1_and_an_update_writes_it(home: Path, tmp_path: Path) -> None:
    menus = copytree(MENUS, tmp_path / "menus")
    menu = menus / "1420.yaml"
    menu.write_text(menu.read_text().replace("از حمایت درمانی برخوردار می‌باشید.", "برخوردار هستید."))
    path = tmp_path / "one.txt"
    path.write_text(f"# Kept.\n{DIRECT}")
    run = ussd(home, "test", str(path), menus=str(menus))
    assert run.returncode == 1
    assert run.stdout.splitlines() == [
        f"{path}:3:1: another screen after *4*1420*1*2*{ENTITLED}#",
        "  - expected, 104 octets of ucs2, the end",
        "  + shown, 68 octets of ucs2, the end",
        "  - از حمایت درمانی برخوردار میباشید.",
        "  + برخوردار هستید.",
        "    کد پیگیری: {tracking_code}",
        "    =",
        "1 transcript, 1 not as it should be",
    ]
    run = ussd(home, "test", str(path), "--update", menus=str(menus))
    assert (run.returncode, run.stdout) == (0, f"{path}: 1 screen written anew\n1 transcript, no difference\n")
    changed = DIRECT.replace("از حمایت درمانی برخوردار میباشید.", "برخوردار هستید.")
    assert path.read_text() == f"# Kept.\n{changed}"


def test_a_file_that_is_no_transcript_is_said_to_be_none_and_nothing_is_done(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("what?\n")
    (tmp_path / "two.txt").write_text("> 1\n  Main\n")
    run = ussd(home, "test", str(tmp_path))
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(
        r".*one\.txt:1:1: not a line .*\n.*two\.txt:1:1: no call is under way: dial first\n", run.stderr
    )


def test_a_gateway_that_is_not_there_fails_that_file_alone(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(f"@gateway irancell\n{DIRECT}")
    (tmp_path / "two.txt").write_text(DIRECT)
    run = ussd(home, "test", str(tmp_path))
    assert run.returncode == 1
    first, last = run.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/one.txt:1:1: no gateway irancell here")
    assert last == "2 transcripts, 1 not as they should be"


def test_what_cannot_be_reached_any_more_is_said(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(f"*4*1420*1*2*{ENTITLED}#\n  ?\n> 1\n  ?\n")
    run = ussd(home, "test", str(path), "--update")
    assert run.returncode == 1
    assert f"{path}:3:1: the call has ended by then; nothing from here on was done\n" in run.stdout


def test_without_files_those_beside_the_menus_are_meant(home: Path, tmp_path: Path) -> None:
    menus = copytree(MENUS, tmp_path / "menus")
    (menus / "1420.txt").write_text("*4*1420#\n  Main\n")
    said = ussd(home, "test", menus=str(menus)).stdout
    assert f"{menus}/1420.txt:2:1: another screen" in said
    assert re.search(r"^1[0-9] transcripts, 1 not as they should be$", said, re.MULTILINE)
    empty = tmp_path / "empty"
    empty.mkdir()
    run = ussd(home, "test", str(empty))
    assert (run.returncode, run.stderr) == (1, f"no transcript in {empty}\n")


def test_a_menu_is_walked(home: Path) -> None:
    run = ussd(home, "test", "--crawl", "*4*1420#", "--gateway", "nalo")
    assert (run.returncode, run.stderr) == (0, "")
    assert re.fullmatch(
        r"\*4\*1420# through nalo: 34 screens in fa, en, 36 pages, 26 paths; "
        r"the largest has 1\d\d of 160 octets: \*4\*1420# > .*\n",
        run.stdout,
    )
    every = ussd(home, "test", "--crawl", "*4*1420#").stdout
    assert "reference" in every
    assert "smpp" in every


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--crawl", "*9#"), 1, r"no menu \*9# \(there are \*1666#, "),
        (("--crawl", "*1666#", "--gateway", "irancell"), 1, "no gateway irancell here"),
        (("--crawl", "*1666#", "--update"), 2, "--crawl walks a menu"),
        (("--gateway", "nalo"), 2, "--crawl walks a menu"),
        (("nowhere.txt",), 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said(home: Path, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    run = ussd(home, "test", *arguments)
    assert run.returncode == exit_code
    assert re.search(said, run.stderr)


def test_what_is_recorded_is_a_test_at_once(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "bug.txt"
    run = ussd(home, "dial", "*4*1420#", "--inputs", f"1 2 9 {ENTITLED}", "--plain", "--record", str(path))
    assert (run.returncode, run.stderr) == (0, "")
    assert f"\n> {ENTITLED}\n  از حمایت" in path.read_text()
    assert "{tracking_code}" in path.read_text()
    assert ussd(home, "test", str(path)).stdout == "1 transcript, no difference\n"
    again = ussd(home, "dial", "*4*1420#", "--inputs", "1", "--record", str(path))
    assert again.returncode == 2
    assert "there is something in it already" in again.stderr


def test_a_recording_that_is_masked_has_nobodys_numbers_and_passes_too(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "bug.txt"
    line = ("--msisdn", "989359998877", "--record", str(path), "--mask")
    run = ussd(home, "dial", "*4*1420*1*2#", "--inputs", "1234567890 1234567891", *line)
    assert run.returncode == 0
    text = path.read_text()
    assert "1234567890" not in text
    assert "1234567891" not in text
    assert "9359998877" not in text
    assert PROMPT in text
    assert ussd(home, "test", str(path)).stdout == "1 transcript, no difference\n"


def test_only_what_can_be_replayed_is_recorded(home: Path, tmp_path: Path) -> None:
    for arguments in (("--gateway", "smpp", "--record", str(tmp_path / "bug.txt")), ("--mask",)):
        run = ussd(home, "dial", "*4*1420#", *arguments)
        assert run.returncode == 2
        assert "--record" in run.stderr
