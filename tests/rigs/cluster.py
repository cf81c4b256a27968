"""A cluster of three primaries, whose slots move while it is used."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.rigs.redis import AS_OURS, Server, free_port

_SLOTS = 16_384
_PRIMARIES = 3
_WITHIN = 20.0
_AT_ONCE = 10
"""Keys that are moved in one MIGRATE."""


class Cluster:
    """Three primaries on loopback, and so many replicas, of which the first is the first primary's."""

    def __init__(self, folder: Path, replicas: int = 0) -> None:
        """Start nothing yet."""
        self._bus, self._replicas = free_port(), replicas
        buses = [self._bus, *(free_port() for _ in range(_PRIMARIES + replicas - 1))]
        self.nodes = [Server(folder / f"node-{number}", _options(bus)) for number, bus in enumerate(buses)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self) -> None:
        """Start the nodes, have them meet, and share the slots among the primaries."""
        for node in self.nodes:
            node.launch()
        for number, node in enumerate(self.nodes):
            node.wait()
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number:
                node.ask("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, self._bus)
        for number, node in enumerate(self.nodes[:_PRIMARIES]):
            first, last = (_SLOTS * edge // _PRIMARIES for edge in (number, number + 1))
            node.ask("CLUSTER", "ADDSLOTSRANGE", first, last - 1)
        self.wait_until_whole()
        for number in range(self._replicas):
            name = self.nodes[number].ask("CLUSTER", "MYID")
            self.nodes[_PRIMARIES + number].ask("CLUSTER", "REPLICATE", name)
        _until(lambda: all(self.nodes[number].ask("ROLE")[2] for number in range(self._replicas)))

    def owner(self, slot: int) -> Server:
        """Who has a slot, as its owner says."""
        living = [node for node in self.nodes if node.runs]
        [owner] = [node for node in living if _has(node.ask("CLUSTER", "SLOTS"), slot, node.port)]
        return owner

    def kill_primary(self) -> Server:
        """SIGKILL to the primary that has the first replica, or that was this replica; the one that is dead."""
        dead = self.owner(0)
        dead.kill()
        return dead

    def wait_for_another(self, dead: Server) -> Server:
        """Wait until the replica of who is dead has its slots."""
        [heir] = {self.nodes[0], self.nodes[_PRIMARIES]} - {dead}
        _until(lambda: _has(heir.ask("CLUSTER", "SLOTS"), 0, heir.port))
        return heir

    def restart_dead(self) -> None:
        """Start who is dead, and wait until they follow as replicas."""
        for node in self.nodes:
            if not node.runs:
                node.start()
        self.wait_until_whole()
        _until(lambda: self.owner(0).ask("ROLE")[2])

    def slot_of(self, key: str) -> int:
        return int(self.nodes[0].ask("CLUSTER", "KEYSLOT", key))

    def move_slot(self, slot: int, to: Server) -> None:
        """Move a slot with its keys, as `valkey-cli --cluster reshard` does; who uses it meanwhile is redirected."""
        self.begin_to_move(slot, to)
        self.finish_moving(slot, to)

    def begin_to_move(self, slot: int, to: Server) -> None:
        """From now on what is there is asked of the old owner, and what is not of the new (ASK)."""
        owner = self.owner(slot)
        to.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", owner.ask("CLUSTER", "MYID"))
        owner.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.ask("CLUSTER", "MYID"))

    def move_keys(self, slot: int, to: Server, most: int = _SLOTS) -> int:
        """Move up to so many of its keys; how many."""
        owner, moved = self.owner(slot), 0
        while moved < most and (keys := owner.ask("CLUSTER", "GETKEYSINSLOT", slot, min(_AT_ONCE, most - moved))):
            owner.ask("MIGRATE", "127.0.0.1", to.port, "", 0, 2000, "KEYS", *keys)
            moved += len(keys)
        return moved

    def finish_moving(self, slot: int, to: Server) -> None:
        """Move what is left, and say whose it is: to the new owner first, or for a moment it would be nobody's."""
        self.move_keys(slot, to)
        name = to.ask("CLUSTER", "MYID")
        for node in (to, *(node for node in self.nodes if node is not to and node.ask("ROLE")[0] == "master")):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", name)

    def announce(self, ports: Sequence[int]) -> None:
        """Have the nodes name these ports for themselves, of what is in front of them, and wait until all do."""
        for node, port in zip(self.nodes, ports, strict=True):
            node.ask("CONFIG", "SET", "cluster-announce-port", port)
        _until(lambda: all(_ports(node.ask("CLUSTER", "SLOTS")) == {*ports} for node in self.nodes))

    def wait_until_whole(self) -> None:
        """Wait until every node that runs knows of all, and says that all slots are served."""
        _until(lambda: all(_is_whole(node, len(self.nodes)) for node in self.nodes if node.runs))


@contextmanager
def cluster(replicas: int = 0) -> Iterator[Cluster]:
    """A cluster that is whole."""
    with tempfile.TemporaryDirectory(prefix="ussd-rig-") as folder:
        cluster = Cluster(Path(folder), replicas)
        try:
            cluster.start()
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()


def _options(bus: int) -> dict[str, str]:
    return {
        **AS_OURS,
        "cluster-enabled": "yes",
        "cluster-port": str(bus),
        "cluster-node-timeout": "2000",
        "cluster-require-full-coverage": "no",
        "repl-diskless-sync-delay": "0",
    }


def _has(ranges: Sequence[Any], slot: int, port: int) -> bool:
    return any(first <= slot <= last and primary[1] == port for first, last, primary, *_ in ranges)


def _ports(ranges: Sequence[Any]) -> set[int]:
    return {primary[1] for _, _, primary, *_ in ranges}


def _is_whole(node: Server, nodes: int) -> bool:
    said = node.ask("CLUSTER", "INFO")
    return "cluster_state:ok" in said and f"cluster_known_nodes:{nodes}" in said


def _until(true: Callable[[], object]) -> None:
    end = time.monotonic() + _WITHIN
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
