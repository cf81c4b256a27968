"""The whole dialogue in Africa's Talking's form: retried, raced, and cut off."""

import asyncio
import re
from urllib.parse import urlencode

from sqlalchemy import create_engine, text

from tests.conftest import ENTITLED, MAIN_MENU, PROMPT
from tests.web.conftest import Client
from ussd.settings import Settings

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
TEXTS = ("", "1", "1*2", f"1*2*{ENTITLED}")


async def post(client: Client, typed: str, session: str = "ATUid_1", **changed: str) -> tuple[int, bytes]:
    fields = {
        "sessionId": session,
        "phoneNumber": "+989120000001",
        "networkCode": "43211",
        "serviceCode": "*4*1420#",
        "text": typed,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.post("/gateways/africastalking", data=urlencode(fields | changed), headers=headers)
    return reply.status, await reply.read()


def tracking_codes(settings: Settings) -> int:
    engine = create_engine(settings.ledger)
    with engine.connect() as connection:
        stored = connection.scalar(text("SELECT count(*) FROM inquiries"))
    engine.dispose()
    assert isinstance(stored, int)
    return stored


async def test_the_whole_dialogue(client: Client) -> None:
    main, inquiry, prompt, answer = [(await post(client, typed))[1].decode() for typed in TEXTS]
    assert main == f"CON {MAIN_MENU}"
    assert inquiry.startswith("CON استعلام\n")
    assert prompt == f"CON {PROMPT}"
    assert re.fullmatch("END از حمایت درمانی برخوردار میباشید\\.\nکد پیگیری: n[0-9]{6}", answer)


async def test_a_callback_sent_three_times_gets_the_same_bytes_and_one_tracking_code(
    client: Client, settings: Settings
) -> None:
    for typed in TEXTS:
        assert len({await post(client, typed) for _ in range(3)}) == 1
    assert tracking_codes(settings) == 1


async def test_a_callback_sent_ten_times_at_once_gets_the_same_bytes_and_one_tracking_code(
    client: Client, settings: Settings
) -> None:
    for typed in TEXTS:
        assert len(set(await asyncio.gather(*(post(client, typed) for _ in range(10))))) == 1
    assert tracking_codes(settings) == 1


async def test_late_copies_of_every_callback_get_what_they_got_before(client: Client, settings: Settings) -> None:
    first = [await post(client, typed) for typed in TEXTS]
    assert [await post(client, typed) for typed in reversed(TEXTS)] == first[::-1]
    assert tracking_codes(settings) == 1


async def test_two_different_answers_at_once_are_serialised_and_the_loser_reads_what_the_winner_reads(
    client: Client,
) -> None:
    await post(client, "")
    one, other = await asyncio.gather(post(client, "1"), post(client, "2"))
    assert one == other
    assert one[1].decode().startswith(("CON استعلام\n", "CON خدمات\n"))


async def test_answers_that_were_dialled_with_the_shortcode_arrive_in_the_first_text(client: Client) -> None:
    assert (await post(client, f"1*2*{ENTITLED}"))[1].startswith("END از حمایت درمانی برخوردار".encode())


async def test_an_earlier_text_that_was_never_answered_does_not_move_the_session_back(client: Client) -> None:
    await post(client, "1*2")
    assert (await post(client, "1"))[1] == f"CON {PROMPT}".encode()
    assert (await post(client, f"1*2*{ENTITLED}"))[1].startswith(b"END")


async def test_an_answer_whose_callback_was_lost_is_read_from_the_next_text(client: Client) -> None:
    await post(client, "")
    assert (await post(client, f"1*2*{ENTITLED}"))[1].startswith("END از حمایت درمانی برخوردار".encode())


async def test_the_same_session_id_from_another_line_is_another_session(client: Client) -> None:
    await post(client, "")
    await post(client, "1")
    other = await post(client, "", phoneNumber="+989120000002")
    assert other[1] == f"CON {MAIN_MENU}".encode()


async def test_a_form_that_was_written_by_hand_is_read_as_it_was_meant(client: Client) -> None:
    body = f"sessionId=s&phoneNumber=+989120000001&serviceCode=*4*1420#&text=۱*۲*{ENTITLED.translate(PERSIAN)}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.post("/gateways/africastalking", data=body.encode(), headers=headers)
    assert (await reply.read()).startswith("END از حمایت درمانی برخوردار".encode())


async def test_the_end_of_session_notification_is_acknowledged_and_leaves_the_session(client: Client) -> None:
    await post(client, "")
    await post(client, "1")
    fields = {"sessionId": "ATUid_1", "phoneNumber": "+989120000001", "status": "Incomplete", "durationInMillis": "9"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await client.post("/gateways/africastalking", data=urlencode(fields), headers=headers)
    assert (reply.status, await reply.read()) == (200, b"")
    assert "ادامه" in (await post(client, "", session="ATUid_2"))[1].decode()
