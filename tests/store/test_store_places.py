"""Where Redis may be, as its URL says it."""

import asyncio
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.rigs.dialogue import answered, is_whole
from tests.rigs.proxy import Proxy, before
from tests.rigs.redis import Server, redis
from tests.store.steps import SHOWN, step
from tests.test_serve_tls import certified
from ussd.core.session import Session
from ussd.redis_url import RedisUrl, parsed
from ussd.sessions import Request, SessionKey, StoreAway
from ussd.settings import SettingsError, load
from ussd.store import RedisStore
from ussd.store.places import client_of

ODD = "p@ss:w/ord?&#,%"
"""A password in which everything has a meaning in a URL."""


@pytest.fixture(scope="module")
def port() -> Iterator[Server]:
    """A server on a port, with a password."""
    with redis(password=ODD) as server:
        yield server


@pytest.fixture
def certificates() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ussd-"))
    certified(folder, "server")
    certified(folder, "other")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://h", RedisUrl("server", hosts=(("h", 6379),))),
        ("redis://h:1/2", RedisUrl("server", hosts=(("h", 1),), database=2)),
        ("redis://h?db=3", RedisUrl("server", hosts=(("h", 6379),), database=3)),
        ("redis://[::1]:1", RedisUrl("server", hosts=(("::1", 1),))),
        ("redis://:p%40@h", RedisUrl("server", hosts=(("h", 6379),), login={"password": "p@"})),
        ("redis://u:p@h", RedisUrl("server", hosts=(("h", 6379),), login={"username": "u", "password": "p"})),
        ("rediss://h", RedisUrl("server", tls=True, hosts=(("h", 6379),), verify={"ssl_check_hostname": True})),
        ("unix:///a%20b/s", RedisUrl("socket", path="/a b/s")),
        ("unix://:p@/s?db=1", RedisUrl("socket", path="/s", database=1, login={"password": "p"})),
        ("redis+sentinel://a,b:2/s", RedisUrl("sentinel", hosts=(("a", 26379), ("b", 2)), service="s")),
        (
            "redis+sentinel://:p@a/s/4?sentinel_password=q&sentinel_username=v",
            RedisUrl(
                "sentinel",
                hosts=(("a", 26379),),
                service="s",
                database=4,
                login={"password": "p"},
                sentinel_login={"username": "v", "password": "q"},
            ),
        ),
        ("redis+cluster://a,[::1]:2/", RedisUrl("cluster", hosts=(("a", 6379), ("::1", 2)))),
        (
            "rediss+cluster://a?ssl_check_hostname=false",
            RedisUrl("cluster", tls=True, hosts=(("a", 6379),), verify={"ssl_check_hostname": False}),
        ),
    ],
)
def test_a_url_says_where_redis_is_and_who_we_are_there(url: str, said: RedisUrl) -> None:
    assert parsed(url) == said


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://hidden@h",
        "valkey://hidden@h",
        "sentinel://:hidden@h",
        "redis+unix:///hidden",
        "redis://",
        "redis://:hidden@",
        "redis://:hidden@h:port",
        "redis://:hidden@h:0",
        "redis://:hidden@h:66000",
        "redis://:hidden@[::1",
        "redis://:hid/den@h",
        "redis://:hid?den@h",
        "redis://:hid#den@h",
        "redis://h/hidden",
        "redis://h/1/2",
        "redis://h/-1",
        "redis://h/١",
        "redis://:hidden@a,b",
        "redis://h?hidden=1",
        "redis://h?protocol=3",
        "redis://h?socket_timeout=1",
        "redis://h?ssl_ca_certs=/hidden",
        "redis://h?sentinel_password=hidden",
        "rediss://h?ssl_ca_certs=/hidden/ca.pem",
        "rediss://h?ssl_check_hostname=hidden",
        "unix://hidden/s",
        "unix://",
        "unix:///",
        "redis+sentinel://:hidden@a",
        "redis+sentinel://:hidden@a/",
        "redis+sentinel://:hidden@a,/s",
        "redis+sentinel://:hidden@a/s/1/2",
        "redis+sentinel://:hidden@a/s/t",
        "redis+cluster://:hidden@a/1",
        "redis+cluster://:hidden@a?db=1",
        "redis+cluster://:hidden@",
    ],
)
def test_what_is_no_redis_url_is_refused_without_being_repeated(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"Redis|unix|redis") as refused:
        parsed(url)
    said = str(refused.value)
    assert not any(word in said for word in ("hidden", "hid", "den@"))
    monkeypatch.setenv("USSD_REDIS_URL", url)
    with pytest.raises(SettingsError) as at_start:
        load()
    assert str(at_start.value).endswith(said)


def test_no_password_is_shown_with_what_a_url_says() -> None:
    shown = repr(parsed("redis+sentinel://:hidden@a/s?sentinel_password=hidden"))
    assert "hidden" not in shown


async def test_a_dialogue_over_a_port_with_a_password(tmp_path: Path, port: Server) -> None:
    assert is_whole(await answered(tmp_path, f"redis://:{quote(ODD, '')}@127.0.0.1:{port.port}/3"))


async def test_a_wrong_password_is_a_redis_that_is_away(
    open_store: Callable[..., RedisStore], port: Server, key: SessionKey
) -> None:
    for url in (port.url, f"redis://:wrong@127.0.0.1:{port.port}"):
        with pytest.raises(StoreAway):
            await open_store(url).load(key, Request("1", ""), "")


async def test_a_dialogue_over_a_socket(tmp_path: Path, server: str) -> None:
    assert is_whole(await answered(tmp_path, server))


async def test_a_dialogue_by_tls_with_an_authority_of_our_own(tmp_path: Path, server: str, certificates: Path) -> None:
    async with before(server, tls=serving(certificates)) as front:
        assert is_whole(await answered(tmp_path, f"{front.url}?ssl_ca_certs={certificates / 'server.pem'}"))


async def test_by_tls_nothing_is_said_to_a_server_that_is_not_the_one_named(
    open_store: Callable[..., RedisStore], server: str, certificates: Path, key: SessionKey, session: Session
) -> None:
    async with before(server, tls=serving(certificates)) as front:
        ours = f"ssl_ca_certs={certificates / 'server.pem'}"
        by_name = front.url.replace("127.0.0.1", "localhost")
        refused = (front.url, f"{front.url}?ssl_ca_certs={certificates / 'other.pem'}", f"{by_name}?{ours}")
        for url in refused:
            with pytest.raises(StoreAway):
                await open_store(url).load(key, Request("1", ""), "")
        lenient = open_store(f"{by_name}?{ours}&ssl_check_hostname=false")
        assert await shown(lenient, key, session)


async def test_by_tls_a_server_may_want_a_certificate_of_ours(
    open_store: Callable[..., RedisStore], server: str, certificates: Path, key: SessionKey, session: Session
) -> None:
    wanting = serving(certificates)
    wanting.verify_mode = ssl.CERT_REQUIRED
    wanting.load_verify_locations(certificates / "other.pem")
    async with before(server, tls=wanting) as front:
        without = f"{front.url}?ssl_ca_certs={certificates / 'server.pem'}"
        with pytest.raises(StoreAway):
            await open_store(without).load(key, Request("1", ""), "")
        own = f"&ssl_certfile={certificates / 'other.pem'}&ssl_keyfile={certificates / 'other.key'}"
        assert await shown(open_store(without + own), key, session)


async def test_connections_are_hung_up_on_once_they_have_their_replies(proxy: Proxy) -> None:
    client = client_of(proxy.url, 3)

    async def one() -> list[bytes]:
        batch = client.pipeline(transaction=False)
        batch.execute_command("EVAL", "return ARGV[1]", 1, "key", "said")
        return await batch.execute(raise_on_error=False)

    proxy.earliest_ms = 20
    assert [await one(), await one(), proxy.connections] == [[b"said"], [b"said"], 1]
    under_way = asyncio.create_task(one())
    await asyncio.sleep(0.01)
    await client.hang_up()
    assert [await under_way, proxy.connections] == [[b"said"], 1]
    assert [await one(), await one(), proxy.connections] == [[b"said"], [b"said"], 2]
    await client.aclose()


@pytest.mark.parametrize("way", ["slices", "late"])
async def test_a_dialogue_over_a_bad_way(tmp_path: Path, proxy: Proxy, way: str) -> None:
    proxy.slices, proxy.latest_ms = way == "slices", 30 if way == "late" else 0
    assert is_whole(await answered(tmp_path, proxy.url))


async def shown(store: RedisStore, key: SessionKey, session: Session) -> bool:
    """Whether a step succeeds; on a busy machine a first connection by TLS may take longer than a call may."""
    for _ in range(5):
        with suppress(StoreAway):
            return await step(store, key, session, "1") == SHOWN
    return False


def serving(certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    return context
