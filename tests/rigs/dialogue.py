"""A subscriber's whole dialogue with the engine over a Redis at any URL."""

import secrets
from pathlib import Path

from tests.conftest import ENTITLED, Handset
from ussd.app import running
from ussd.settings import Settings


async def answered(home: Path, url: str) -> list[str]:
    """The screens of an inquiry: two menus, a prompt, and an answer with its tracking code."""
    settings = Settings(home=home, redis_url=url, secret=secrets.token_hex(32), watch=False)  # type: ignore[arg-type]
    async with running(settings, url) as app:
        call = Handset(app).call()
        return [(await call.dial()).text, *[(await call.type(typed)).text for typed in ("1", "2", ENTITLED)]]


def is_whole(screens: list[str]) -> bool:
    """Whether they are that dialogue's."""
    return len(screens) == 4 and screens[0].startswith("تأمین اجتماعی") and "کد پیگیری: " in screens[3]
