"""What it costs to prove a menu of 2,000 screens in two languages, on every line that is built in."""

import resource
from pathlib import Path
from random import Random

import pytest

from tests.core.build import SHIPPED_CONTRACTS, WORDS
from tests.core.walker import Walker
from tests.server import ussd
from ussd.core.loader import load_menu
from ussd.core.profile import Profile

pytestmark = pytest.mark.alone

ROUNDS = 500
SECONDS = 3.0
ROUND = """\
  menu{n}:
    choose: {{fa: فهرست خدمات {n}, en: Services {n}}}
    options:
      - {{label: {{fa: پرسش درباره {n}, en: Ask about {n}}}, goto: ask{n}}}
      - {{label: {{fa: فهرست بعدی, en: More}}, goto: menu{following}}}
      - {{label: {{fa: فهرست نخست, en: First}}, goto: menu0}}
  ask{n}:
    ask: {{fa: "کد ملی {n}:", en: "National code {n}:"}}
    save_as: code{n}
    check: national_code
    goto: look{n}
  look{n}:
    look_up: entitlement
    given: [code{n}]
    outcomes: {{entitled: said{n}, not_entitled: menu{following}, unavailable: later}}
  said{n}:
    end: {{fa: "کد {{code{n}}} با پیگیری {{tracking_code}}", en: "Code {{code{n}}}, tracking code {{tracking_code}}"}}
"""


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.yaml"
    head = 'code: "*77#"\nlanguages: [fa, en]\nstart: menu0\npublished: {"*77*1#": ask0}\nscreens:\n'
    rounds = (ROUND.format(n=number, following=(number + 1) % ROUNDS) for number in range(ROUNDS))
    path.write_text(head + "".join(rounds) + "  later: {end: {fa: بعداً, en: Later}}\n")
    return path


def test_two_thousand_screens_are_checked_in_three_seconds(
    tmp_path: Path, big: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = ussd(tmp_path, "check", str(big), fresh=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert (run.returncode, run.stdout) == (0, "1 menu, no fault\n")
    with capsys.disabled():
        print(f"\n`ussd check` of 2,001 screens: {took:.2f} s of processor time")
    assert 0.1 < took < SECONDS


def test_what_is_proven_of_two_thousand_screens_holds_on_a_walk(big: Path) -> None:
    menu = load_menu(big, WORDS, SHIPPED_CONTRACTS)
    assert len(menu.screens) == 4 * ROUNDS + 1
    Walker(menu, Profile(), SHIPPED_CONTRACTS, Random(1)).walk(10_000)
