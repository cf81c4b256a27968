"""Load: many dialogues at once, each on a line of its own, and each screen compared with what the first one read."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import cast

from simulator.call import Call, OverHttp
from simulator.listening import Overheard, both_ways
from simulator.load.client import Client
from simulator.load.found import Found
from simulator.load.plan import CONNECTIONS, FIRST_LINE, Mix, Plan, Step
from simulator.load.run import load
from simulator.load.way import Way
from simulator.operators import Operator
from simulator.smsc import Smsc

__all__ = ["CONNECTIONS", "FIRST_LINE", "Found", "Mix", "Plan", "Step", "over_http", "over_smpp"]


async def over_http(plan: Plan, server: OverHttp, place: tuple[str, int] | None = None) -> Found:
    """Load a server through the wire format of an HTTP gateway; an asynchronous one is listened for at `place`.

    Raises CallFailed where the server's URL is none, and OSError where the place cannot be had.
    """
    operator = cast(Operator, import_module(f"simulator.operators.{server.gateway}"))
    client = Client(server, plan.connections)

    def opened(number: int, sent: Callable[[], None]) -> Call:
        way = Way(client, sent, plan.mix, plan.chance(number))
        whole = replace(carrier, carrier=way) if isinstance(carrier, Overheard) else way
        return Call(operator, whole, plan.line(number), plan.code, plan.session(number))

    try:
        async with both_ways(server, server.gateway, place) as carrier:
            found = await load(plan, opened)
    finally:
        await client.close()
    return replace(found, waited=client.waited)


async def over_smpp(plan: Plan, smsc: Smsc) -> Found:
    """Load the server that is bound to an SMSC of ours. A screen that no session waited for is wrong too."""
    before = smsc.strays
    found = await load(plan, lambda number, _: smsc.call(plan.line(number), plan.code))
    if strays := smsc.strays - before:
        found.total.wrong["nobody's"] += strays
    return found
