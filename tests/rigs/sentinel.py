"""A primary with two replicas, and three sentinels that put a replica in its place."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redis import RedisError

from tests.rigs.redis import AS_OURS, Server

SERVICE = "sessions"
_WITHIN = 30.0


class Sentinels:
    """All six, on loopback."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet."""
        at_once = {**AS_OURS, "repl-diskless-sync-delay": "0"}
        first = Server(folder / "server-0", at_once)
        following = {**at_once, "replicaof": f"127.0.0.1 {first.port}"}
        self.servers = [first, *(Server(folder / f"server-{number}", following) for number in (1, 2))]
        watched = {
            f"sentinel monitor {SERVICE}": f"127.0.0.1 {first.port} 2",
            f"sentinel down-after-milliseconds {SERVICE}": "1000",
            f"sentinel failover-timeout {SERVICE}": "4000",
        }
        self.sentinels = [Server(folder / f"sentinel-{number}", watched, mode="--sentinel") for number in range(3)]

    @property
    def url(self) -> str:
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels) + f"/{SERVICE}"

    def start(self) -> None:
        """Start all, and wait until the sentinels know each other and the replicas follow."""
        _start(self.servers)
        _until(lambda: len(self.servers[0].ask("ROLE")[2]) == 2)
        _start(self.sentinels)
        for one in self.sentinels:
            one.ask("SENTINEL", "DEBUG", "INFO-PERIOD", 1000, "PUBLISH-PERIOD", 200)  # of 10 s and 2 s
        self.wait_until_whole()

    def primary(self) -> Server:
        """Whom most sentinels name."""
        named = Counter(
            int(one.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)[1]) for one in self.sentinels if one.runs
        )
        port = named.most_common(1)[0][0]
        [found] = [one for one in self.servers if one.port == port]
        return found

    def kill_primary(self) -> Server:
        """SIGKILL; the one that is dead."""
        dead = self.primary()
        dead.kill()
        return dead

    def restart_dead(self) -> None:
        """Start who is dead, as replicas, and wait until they follow.

        Left alone, it would be a primary that nobody asks until the sentinels see to it, after ten seconds.
        """
        primary = self.primary()
        for one in self.servers:
            if not one.runs:
                one.start()
                one.ask("REPLICAOF", "127.0.0.1", primary.port)
        self.wait_until_whole()

    def wait_for_another(self, dead: Server) -> Server:
        """Wait until the sentinels name another primary than the dead one, and it takes writes."""
        _until(lambda: self.primary() is not dead and self.primary().ask("ROLE")[0] == "master")
        return self.primary()

    def wait_until_whole(self) -> None:
        """Wait until the primary has two replicas that follow, and each sentinel knows of all."""
        _until(lambda: all(_knows_all(one) for one in self.sentinels) and len(self.primary().ask("ROLE")[2]) == 2)


@contextmanager
def sentinels() -> Iterator[Sentinels]:
    """All six, ready for a failover."""
    with tempfile.TemporaryDirectory(prefix="ussd-rig-") as folder:
        rig = Sentinels(Path(folder))
        try:
            rig.start()
            yield rig
        finally:
            for one in (*rig.sentinels, *rig.servers):
                one.kill()


def _start(servers: Sequence[Server]) -> None:
    for one in servers:
        one.launch()
    for one in servers:
        one.wait()


def _knows_all(sentinel: Server) -> bool:
    said = sentinel.ask("SENTINEL", "MASTER", SERVICE)
    flat = said if isinstance(said, dict) else dict(zip(said[::2], said[1::2], strict=True))
    return int(flat["num-slaves"]) == 2 and int(flat["num-other-sentinels"]) == 2


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + _WITHIN
    while True:
        try:
            if true():
                return
        except RedisError:
            pass
        assert time.monotonic() < end
        time.sleep(0.02)
