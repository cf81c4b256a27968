"""What is right: the answers of the menus that are shipped, by the pure engine, without a server."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from gateways.africastalking import PROFILE
from simulator.bench.flow import CODE, NO_CODE, TYPED
from ussd.backends import backends, contracts_of
from ussd.core.engine import Dialled, Effect, Engine, Fetch, Finish, LookedUp, Typed
from ussd.core.loader import load_all
from ussd.core.machine import Moves

MENUS = Path(__file__).resolve().parents[2] / "menus"
"""Those that are shipped, and no installation's own."""


def answers(typed: Sequence[str] = TYPED) -> tuple[str, ...]:
    """What the engine answers, by its pure core: reads the menus, which takes a moment."""
    contracts = contracts_of(backends())
    menu = load_all(MENUS, contracts)[CODE]
    engine = Engine(menu, Moves(menu), PROFILE)
    return tuple(_written(effect) for effect in _effects(engine, typed))


def _effects(engine: Engine, typed: Sequence[str]) -> Iterator[Effect]:
    session, effect = engine.step(engine.start(), Dialled())
    yield effect
    for text in typed:
        session, effect = engine.step(session, Typed(text))
        if isinstance(effect, Fetch):
            session, effect = engine.step(session, LookedUp("entitled", {"tracking_code": NO_CODE}))
        yield effect


def _written(effect: Effect) -> str:
    assert not isinstance(effect, Fetch)  # noqa: S101 - one lookup is all that this flow has
    return f"{'END' if isinstance(effect, Finish) else 'CON'} {effect.text}"
