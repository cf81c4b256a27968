"""Replaying: a transcript is done again against the real engine, trouble and all."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree

import pytest

from simulator.call import Call
from simulator.transcripts.apart import Reach, alone, apart
from simulator.transcripts.difference import told
from simulator.transcripts.record import Recorded, Recorder
from simulator.transcripts.replay import Played, replay
from simulator.transcripts.transcript import parse, read
from tests.conftest import ENTITLED, LINE, MAIN_MENU, PROMPT, SLOW
from ussd.doors import AppError, formats
from ussd.settings import Settings
from ussd.settings.sending import ASYNCHRONOUS

ROOT = Path(__file__).parents[3]
MAIN = "\n".join(f"  {line}" for line in MAIN_MENU.split("\n"))
INQUIRY = "  استعلام\n  1-سوابق بیمه\n  2-استحقاق درمان\n  3-حقوق مستمری\n  0-بازگشت"
YES = "  از حمایت درمانی برخوردار میباشید.\n  کد پیگیری: {tracking_code"
OFFER = "  ارتباط قبلی شما ناتمام ماند.\n  ادامه میدهید؟\n  1-ادامه\n  2-شروع دوباره"


@pytest.fixture
async def reach(settings: Settings, redis_url: str) -> AsyncIterator[Reach]:
    """An engine apart."""
    async with apart(settings, redis_url) as reach:
        yield reach


async def replayed(reach: Reach, *lines: str) -> Played:
    return await replay(parse("\n".join(lines) + "\n", "some.txt"), reach)


async def differences(reach: Reach, *lines: str) -> list[tuple[int, str]]:
    return [(one.line, one.after) for one in (await replayed(reach, *lines)).differences]


async def test_what_is_as_it_was_differs_in_nothing(reach: Reach) -> None:
    played = await replayed(
        reach, "*4*1420#", MAIN, "> ۱", INQUIRY, "> 2", f"  {PROMPT}", f"> {ENTITLED}", YES + "}", "="
    )
    assert played == Played(screens=4, differences=())


async def test_every_screen_that_differs_is_told_of(reach: Reach) -> None:
    lines = ["*4*1420#", "  Main", "> 1", INQUIRY, "=", "*4*1420*1*2#", "  Prompt", f"> {ENTITLED}", YES + "}", "="]
    assert await differences(reach, *lines) == [(2, "*4*1420#"), (4, "> 1"), (11, "*4*1420*1*2#")]


async def test_an_end_is_part_of_a_screen(reach: Reach) -> None:
    assert await differences(reach, f"*4*1420*1*2*{ENTITLED}#", YES + "}") == [(2, f"*4*1420*1*2*{ENTITLED}#")]


async def test_what_follows_an_end_cannot_be_done(reach: Reach) -> None:
    played = await replayed(reach, f"*4*1420*1*2*{ENTITLED}#", "  ?", "> 1", "  ?", "> 2", "  ?")
    assert (played.screens, len(played.differences), played.unreached) == (1, 1, 3)


async def test_lines_are_strangers_to_each_other(reach: Reach) -> None:
    lines = ["*4*1420*1*2#", f"  {PROMPT}", "@drop", "@line 989120000002", "*4*1420#", MAIN, "@drop"]
    assert await differences(reach, *lines, f"@line {LINE}", "*4*1420#", OFFER) == []


@pytest.mark.parametrize("left", ["@drop", "@hang-up"])
async def test_who_is_gone_in_mid_lookup_reads_nothing_and_may_go_on(reach: Reach, left: str) -> None:
    lines = ["*4*1420*1*2#", f"  {PROMPT}", f"> {SLOW}", left, "*4*1420#", OFFER]
    assert await differences(reach, *lines, "> 1", f"  {PROMPT}") == []


async def test_trouble_causes_nothing_on_any_gateway(reach: Reach) -> None:
    begun = ["@twice", "*4*1420#", MAIN, "@twice", "> 1", INQUIRY, "> 2", f"  {PROMPT}"]
    for gateway in formats():
        again = ["@again"] if gateway in ASYNCHRONOUS else ["@again", f"{YES}:1}}", "="]
        lines = [f"@gateway {gateway}", *begun, "@twice", f"> {ENTITLED}", f"{YES}:1}}", "=", *again]
        assert await differences(reach, *lines) == [], gateway


async def test_a_reply_that_is_lost_comes_with_the_retry(reach: Reach) -> None:
    lost = ["@lose", f"*4*1420*1*2*{ENTITLED}#", "@again", f"{YES}:1}}", "=", "@again", f"{YES}:1}}", "="]
    assert await differences(reach, *lost, f"*4*1420*1*2*{ENTITLED}#", f"{YES}:2}}", "=") == []


async def test_a_late_callback_is_done_where_it_arrives(reach: Reach) -> None:
    note = "  گزینه معتبر نیست.\n"
    lines = ["*4*1420*1#", INQUIRY, "@late", "> 2", f"> {ENTITLED}", note + INQUIRY, "@arrives", f"  {PROMPT}"]
    assert await differences(reach, *lines, f"> {ENTITLED}", YES + "}", "=") == []


async def test_where_no_screen_comes_it_is_a_difference(reach: Reach) -> None:
    played = await replayed(reach, "@gateway parlayx", "*4*1420#", MAIN, "@again", MAIN)
    [one] = played.differences
    assert one.shown == "it was acknowledged, and no screen was sent for it"


async def test_a_gateway_that_is_not_there_is_said_to_be_missing(reach: Reach) -> None:
    with pytest.raises(AppError, match="no gateway irancell here"):
        await replayed(reach, "@gateway irancell", "*4*1420#", MAIN)


async def test_a_changed_word_is_a_difference_that_can_be_read(
    settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    menus = copytree(settings.menus, tmp_path / "menus")
    text = (menus / "1420.yaml").read_text()
    (menus / "1420.yaml").write_text(text.replace("fa: خدمات,", "fa: خدمت‌ها,"))
    async with apart(settings.model_copy(update={"menus": menus}), redis_url) as reach:
        played = await replayed(reach, "*4*1420#", MAIN)
    assert list(told("some.txt", played.differences[0])) == [
        "some.txt:2:1: another screen after *4*1420#",
        "  - expected, 144 octets of ucs2",
        "  + shown, 146 octets of ucs2",
        "    تأمین اجتماعی",
        "    1-استعلام",
        "  - 2-خدمات",
        "  + 2-خدمتها",
        "    3-نوبتدهی بیمهای",
        "    4-نوبتدهی درمانی",
        "    5-بعدي",
    ]


async def test_what_is_recorded_passes_at_once(
    reach: Reach, settings: Settings, redis_url: str, tmp_path: Path
) -> None:
    recorder = Recorder(tmp_path / "some.txt")
    for dialled, answers in (("*4*1420#", ["1", "2", ENTITLED]), ("*4*1420*99#", []), ("*4*1420*1#", ["2"])):
        await _dialogue(reach, recorder, dialled, answers)
    async with apart(settings, redis_url) as another:
        played = await replay(read(tmp_path / "some.txt"), another)
    assert played == Played(screens=7, differences=())


async def _dialogue(reach: Reach, recorder: Recorder, dialled: str, answers: list[str]) -> None:
    operator, carrier = reach("nalo")
    call = Recorded(Call(operator, carrier, LINE, dialled), recorder, LINE, "nalo", dialled)
    reply = await call.dial()
    for answer in answers:
        reply = await call.type(answer)
    if not reply.ends:
        await call.hang_up()


def test_an_engine_apart_shares_nothing_with_the_installation(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USSD_DATABASE_URL", "postgresql://example.invalid/ledger")
    monkeypatch.setenv("USSD_ENTITLEMENT_URL", "http://example.invalid")
    own = alone(Settings(), tmp_path, "unix:///tmp/redis.sock")
    assert (own.database_url, own.entitlement_url, own.home) == (None, None, tmp_path)
    assert own.key() != alone(Settings(), tmp_path, "unix:///tmp/redis.sock").key()
    assert own.menus == Settings().menus
