"""The store in a cluster of three primaries, whose slots move while it is used."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as Disconnected

from tests.rigs.callers import Caller, calling, lines
from tests.rigs.cluster import Cluster, cluster
from tests.rigs.dialogue import answered, is_whole
from tests.rigs.proxy import before
from tests.rigs.redis import Server
from tests.store.steps import prefix
from tests.test_serve_tls import certified
from ussd.core.session import Session
from ussd.keys import Keys
from ussd.sessions import SessionKey, StoreAway
from ussd.store import RedisStore
from ussd.store.places import Batch, Client, client_of, lane_of


@pytest.fixture(scope="module")
def rig() -> Iterator[Cluster]:
    with cluster() as rig:
        yield rig


@pytest.fixture
def callers(open_store: Callable[..., RedisStore], rig: Cluster, key: SessionKey, session: Session) -> list[Caller]:
    store = open_store(rig.url)
    return [Caller(store, line, session) for line in lines(key, 24)]


def slot(rig: Cluster, keys: Keys, caller: Caller) -> int:
    return rig.slot_of(prefix(keys, caller.key))


def another(rig: Cluster, than: Server) -> Server:
    return rig.nodes[(rig.nodes.index(than) + 1) % len(rig.nodes)]


def squared(client: Client, numbers: Sequence[int]) -> Batch:
    batch = client.pipeline(transaction=False)
    for number in numbers:
        batch.execute_command("EVAL", "return {KEYS[1], ARGV[1] * ARGV[1]}", 1, f"key-{number}", number)
    return batch


def right(number: int) -> list[bytes | int]:
    return [f"key-{number}".encode(), number * number]


@pytest.fixture
async def client(rig: Cluster) -> AsyncIterator[Client]:
    client = client_of(rig.url, 3)
    yield client
    await client.aclose()


async def still_answers_right(callers: Sequence[Caller]) -> None:
    """What was acknowledged is there, whoever has it now."""
    for one in callers:
        for _, request in one.answered[-20:]:
            assert (await one.store.load(one.key, request, "")).answered == one.reply(request)


async def test_a_dialogue_over_a_cluster(tmp_path: Path, rig: Cluster) -> None:
    assert is_whole(await answered(tmp_path, rig.url))


async def test_a_dialogue_over_a_cluster_by_tls_on_every_node(tmp_path: Path) -> None:
    certified(tmp_path, "server")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    async with AsyncExitStack() as stack:
        rig = stack.enter_context(cluster())
        fronts = [await stack.enter_async_context(before(node.url, tls=tls)) for node in rig.nodes]
        await asyncio.to_thread(rig.announce, [front.port for front in fronts])
        url = f"rediss+cluster://127.0.0.1:{fronts[0].port}?ssl_ca_certs={tmp_path / 'server.pem'}"
        assert is_whole(await answered(tmp_path, url))
        client = client_of(url, 3)
        stack.push_async_callback(client.aclose)
        assert await squared(client, range(30)).execute() == [right(number) for number in range(30)]
        assert all(front.connections for front in fronts)


async def test_one_node_of_the_url_is_enough(tmp_path: Path, rig: Cluster) -> None:
    url = f"redis+cluster://127.0.0.1:1,127.0.0.1:{rig.nodes[2].port}"
    assert is_whole(await answered(tmp_path, url))


async def test_a_slot_that_moves_under_load_is_followed_and_nobody_is_answered_wrongly(
    rig: Cluster, keys: Keys, callers: list[Caller]
) -> None:
    async with calling(callers):
        for one in callers[:8]:
            moving = slot(rig, keys, one)
            to = another(rig, rig.owner(moving))
            await asyncio.to_thread(rig.move_slot, moving, to)
            assert rig.owner(moving) is to
        moved = asyncio.get_running_loop().time()
        await asyncio.sleep(0.3)
    for one in callers:
        assert one.wrong == []
        assert one.answered[-1][0] > moved
    await still_answers_right(callers)


@pytest.mark.alone
async def test_a_line_of_which_some_keys_have_moved_is_away_until_all_have_and_the_others_are_not(
    rig: Cluster, keys: Keys, callers: list[Caller]
) -> None:
    between = callers[0]
    moving = slot(rig, keys, between)
    to = another(rig, rig.owner(moving))
    async with calling(callers):
        while not all(one.answered for one in callers):
            await asyncio.sleep(0.01)
        rig.begin_to_move(moving, to)
        rig.move_keys(moving, to, 1)
        await asyncio.sleep(0.6)
        rig.finish_moving(moving, to)
        finished = asyncio.get_running_loop().time()
        await asyncio.sleep(0.3)
    assert between.refused
    assert all(one.refused == [] for one in callers[1:])
    assert all(one.wrong == [] for one in callers)
    assert between.answered[-1][0] > finished
    await still_answers_right(callers)


@pytest.mark.alone
async def test_a_node_that_is_gone_is_missed_by_its_own_lines_only_until_it_is_back(
    rig: Cluster, keys: Keys, callers: list[Caller], client: Client
) -> None:
    dead = rig.nodes[1]
    its = [one for one in callers if rig.owner(slot(rig, keys, one)) is dead]
    assert 0 < len(its) < len(callers)
    async with calling(callers):
        await asyncio.sleep(0.2)
        await asyncio.to_thread(dead.kill)
        together = await squared(client, range(30)).execute(raise_on_error=False)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(dead.start)
        await asyncio.to_thread(rig.wait_until_whole)
        back = asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
    for number, answer in enumerate(together):
        its_own = lane_of(client, f"key-{number}").endswith(f":{dead.port}")
        assert isinstance(answer, Disconnected) if its_own else answer == right(number)
    for one in callers:
        assert one.wrong == []
        assert bool(one.refused) == (one in its)
        assert one.answered[-1][0] > back
    await still_answers_right(callers)


async def test_a_batch_over_all_nodes_is_answered_in_its_order(client: Client) -> None:
    numbers = range(300)
    assert await squared(client, numbers).execute(raise_on_error=False) == [right(number) for number in numbers]
    assert len({lane_of(client, f"key-{number}") for number in numbers}) == 3


@pytest.mark.alone
async def test_a_node_that_hangs_holds_up_no_batch_for_the_others_and_is_no_reason_to_be_away(
    rig: Cluster, client: Client
) -> None:
    numbers = range(30)
    await squared(client, numbers).execute(raise_on_error=False)
    with rig.nodes[0].halted():
        hung = f"127.0.0.1:{rig.nodes[0].port}"
        others = [number for number in numbers if lane_of(client, f"key-{number}") != hung]
        async with asyncio.timeout(0.5):
            assert await squared(client, others).execute(raise_on_error=False) == [right(one) for one in others]
            await client.ping()


async def test_whoever_stops_waiting_leaves_no_reply_for_the_next(client: Client) -> None:
    chance = random.Random(1)

    async def ask(first: int) -> bool:
        numbers = range(first, first + 20)
        return await squared(client, numbers).execute(raise_on_error=False) == [right(number) for number in numbers]

    for first in range(0, 4000, 20):
        leaving, staying = asyncio.create_task(ask(first)), asyncio.create_task(ask(first + 7))
        await asyncio.sleep(chance.uniform(0, 0.002))
        leaving.cancel()
        assert await staying
        assert (await asyncio.gather(leaving, return_exceptions=True))[0] is not False


async def test_a_server_that_is_no_cluster_is_away(server: str, open_store: Callable[..., RedisStore]) -> None:
    async with before(server) as front:
        store = open_store(front.url.replace("redis://", "redis+cluster://"))
        with pytest.raises(StoreAway):
            await store.ping()
        with pytest.raises(StoreAway):
            await store.whose("irancell", "s-1")
