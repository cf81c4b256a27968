"""A step as the service takes it, and where the server has what it left."""

from typing import cast

from redis.asyncio import Redis

from ussd.callback import Reply
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import Held, Request, SessionKey
from ussd.store import RedisStore

SHOWN = Reply("تأمین اجتماعی\n1-استعلام", ends=False)
BYE = Reply("خدانگهدار", ends=True)
NOBODY = Held()


async def step(
    store: RedisStore,
    key: SessionKey,
    session: Session,
    request: str,
    reply: Reply = SHOWN,
    *,
    content: str = "",
    offer: bool = False,
) -> Reply:
    """Load and commit, as the service does."""
    asked = Request(request, content or f"content of {request}")
    held = await store.load(key, asked, "")
    return await store.commit(key, asked, held.version, session, reply, offer=offer)


def prefix(keys: Keys, key: SessionKey) -> str:
    return f"ussd:{{{keys.short('subscriber', key.gateway, key.msisdn, octets=12)}}}"


async def only(redis: Redis, keys: Keys, key: SessionKey, kind: str) -> bytes:
    """The one key of a kind that the line has."""
    [name] = await redis.keys(f"{prefix(keys, key)}:{kind}:*")
    return cast(bytes, name)
