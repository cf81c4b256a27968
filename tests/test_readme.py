"""The README tells the truth: what it dials is dialled, what it lists is all there is, its example is a menu."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import Handset
from ussd.backends import backends, contracts_of
from ussd.core.loader import COMMON, load_menu, load_words
from ussd.settings import Settings, load

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


async def test_the_transcript_is_what_happens(handset: Handset) -> None:
    [transcript] = re.findall(r"```text\n(\*4\*1420#.*?)```", README, re.DOTALL)
    dialled, *rest = re.split(r"^> (.*)\n", transcript, flags=re.MULTILINE)
    code, first = dialled.split("\n", 1)
    call = handset.call(code)
    shown = [(await call.dial()).text]
    shown += [(await call.type(typed)).text for typed in rest[::2]]
    assert [re.sub("n[0-9]{6}", "n570134", text) for text in shown] == [text.strip() for text in (first, *rest[1::2])]


def test_the_table_lists_every_setting_and_its_default() -> None:
    rows = dict(re.findall(r"^\| `(USSD_[A-Z_]+)` \| (.*?) \|", README, re.MULTILINE))
    assert rows.keys() == {f"USSD_{name.upper()}" for name in Settings.model_fields}
    for name in ("home", "host", "port", "admin_host", "admin_port", "migrate"):
        assert rows[f"USSD_{name.upper()}"] == f"`{str(Settings.model_fields[name].default).lower()}`"


def test_the_example_of_a_menu_is_one(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(code: .*?)```", README, re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example)
    menu = load_menu(tmp_path / "mine.yaml", load_words(ROOT / "menus" / COMMON), contracts_of(backends()))
    assert menu.code == "*123#"


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`?((?:ussd|gateways|menus|simulator|tests)/[a-z0-9_/]+(?:\.[a-z]+|/))", README))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_examples_of_gateways_are_configurations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRANCELL_SDP", "secret")
    monkeypatch.setenv("MCI_SMPP", "secret")
    examples = re.findall(r"```yaml\n(.*?)```", (ROOT / "gateways" / "README.md").read_text(), re.DOTALL)
    formats = set()
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.yaml"
        file.write_text(dedent(example))
        formats |= {gateway.format for gateway in load(file).gateways.values()}
    assert formats == {"declared", "parlayx", "restcomm", "smpp"}
