"""Who is compared: our engine, the floor, and those of the peers that can be installed here."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from simulator.bench.flow import MENUS_ALONE, Flow
from simulator.bench.peers import Peer
from simulator.bench.processes import BenchFailed, Cores, Server, free_port, pinned, serving
from simulator.bench.right import answers

ENGINE, MENUS, FLOOR = "engine", "menus alone", "floor"
Kind = Literal["engine", "menus", "floor", "peer"]
"""`menus`: the engine again, in a dialogue that asks nobody about anybody."""
_USSD = (sys.executable, "-c", "from ussd.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who is serving."""

    name: str
    kind: Kind
    flow: Flow
    server: Server


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that cannot be compared with here, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Field:
    """All of them, the engine first, in both of its dialogues, and the floor after it."""

    present: Sequence[Contender]
    absent: Sequence[Absent]


@contextmanager
def serving_all(home: Path, redis_url: str, cores: Cores, peers: Sequence[Peer], cache: Path) -> Iterator[Field]:
    """All of them serving while the context lasts, each on the same core, and all before the same Redis.

    Who has no turn costs next to nothing, and none of them must start anew. Raises BenchFailed where the engine or the
    floor does not start; a peer that does not is absent.
    """
    right = answers()
    with ExitStack() as stack:
        stack.enter_context(pinned(cores.server))
        ours, alone = stack.enter_context(_engine(home, redis_url)), Flow(answers(MENUS_ALONE), MENUS_ALONE)
        present = [
            Contender(ENGINE, "engine", Flow(right, own_codes=True), ours),
            Contender(MENUS, "menus", alone, ours),
            Contender(FLOOR, "floor", Flow(right), stack.enter_context(_floor(home, redis_url))),
        ]
        absent = []
        for peer in peers:
            try:
                server = stack.enter_context(_peer(peer, home, redis_url, cache))
            except BenchFailed as fault:
                absent.append(Absent(peer.name, str(fault)))
            else:
                present.append(Contender(peer.name, "peer", peer.flow, server))
        yield Field(present, absent)


@contextmanager
def _engine(home: Path, redis_url: str) -> Iterator[Server]:
    """`ussd serve` as it is: one worker, sample registries, its ledger and its log in files."""
    port, environment = free_port(), {**_ours(), "USSD_HOME": str(home), "USSD_REDIS_URL": redis_url}
    command = [*_USSD, "serve", "--port", str(port), "--admin-port", "0"]
    with serving(command, port, environment, home, home / "engine.log") as server:
        yield server


@contextmanager
def _floor(home: Path, redis_url: str) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "simulator.bench.floor", str(port), redis_url]
    with serving(command, port, _ours(), home, home / "floor.log") as server:
        yield server


@contextmanager
def _peer(peer: Peer, home: Path, redis_url: str, cache: Path) -> Iterator[Server]:
    place, port = peer.installed(cache), free_port()
    told = {"PORT": str(port), "REDIS_SOCKET": unquote(urlsplit(redis_url).path)}
    environment = {**peer.environment(place), **told}
    with serving(peer.command(place), port, environment, place, home / f"{peer.folder.name}.log") as server:
        yield server


def _ours() -> Mapping[str, str]:
    """The variables of this Python, and no settings: what is measured is what is shipped."""
    return {name: value for name, value in os.environ.items() if not name.startswith("USSD_")}
