"""Any thumbs on any menu, whatever its backends answer: every step says something that the handset can show."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.core.any_menu import CONTRACTS, facts, menus, profiles, typed
from ussd.core.engine import MAX_MISTAKES, Dialled, Effect, Ended, Engine, Event, Fetch, Finish, LookedUp, Show, Typed
from ussd.core.machine import IllegalStep, Moves, moves
from ussd.core.menu import LookUp, Menu
from ussd.core.profile import MAX_OCTETS, Profile
from ussd.core.session import Session
from ussd.core.text import fits, measure

STEPS = 12


def settled(engine: Engine, session: Session, happened: Event, data: st.DataObject) -> tuple[Session, Effect]:
    """One step and the lookups that it leads to, each answered at random."""
    session, effect = engine.step(session, happened)
    while isinstance(effect, Fetch):
        screen = engine.menu.screens[session.screen]
        assert isinstance(screen, LookUp)
        assert (effect.backend, set(effect.given)) == (screen.look_up, set(screen.given))
        outcomes = CONTRACTS[effect.backend].outcomes
        outcome = data.draw(st.sampled_from(sorted(outcomes)))
        found = {name: data.draw(facts) for name in sorted(outcomes[outcome])}
        session, effect = engine.step(session, LookedUp(outcome, found))
    return session, effect


def looks_right(engine: Engine, profile: Profile, session: Session, effect: Effect) -> None:
    assert isinstance(effect, Show | Finish)
    assert fits(effect.text, profile)
    assert 1 <= measure(effect.text).octets <= MAX_OCTETS
    effect.text.encode()
    assert "\r" not in effect.text
    assert not isinstance(engine.menu.screens[session.screen], LookUp)
    assert session.waiting == ()
    assert 0 <= session.mistakes <= MAX_MISTAKES
    assert isinstance(effect, Finish) or session.mistakes < MAX_MISTAKES
    assert isinstance(effect, Finish) or engine.holds(session)


@given(menus(), profiles, st.lists(st.sampled_from(["1", "2", "0", "0007569602", "x", ""]), max_size=6), st.data())
def test_every_step_says_something_that_fits(
    menu: Menu, profile: Profile, answers: list[str], data: st.DataObject
) -> None:
    engine = Engine(menu, Moves(menu), profile)
    session, effect = settled(engine, engine.start(), Dialled(tuple(answers)), data)
    for _ in range(STEPS):
        looks_right(engine, profile, session, effect)
        if isinstance(effect, Finish):
            break
        assert isinstance(effect, Show)
        stored = Session.loads(session.dumps())
        assert engine.shown(stored) == effect
        if data.draw(st.integers(0, 9)) == 0:
            assert engine.step(session, Ended())[0] == session
            happened: Event = Dialled((), stored)
            session = stored = engine.start()
        else:
            text = data.draw(typed(menu, session.screen, effect.text))
            happened = Typed(text, tuple(data.draw(st.lists(st.sampled_from(["1", "0"]), max_size=2))))
        assert engine.step(session, happened) == engine.step(stored, happened)
        session, effect = settled(engine, stored, happened, data)
    event(type(effect).__name__)


@given(menus())
def test_every_declared_move_is_made_and_every_other_is_refused(menu: Menu) -> None:
    machine = Moves(menu)
    declared = {(source, trigger): target for source, trigger, target in moves(menu)}
    for screen in menu.screens:
        mine = {trigger for source, trigger in declared if source == screen}
        assert machine.triggers(screen) == mine
        assert {machine.to(screen, trigger) for trigger in mine} == {declared[screen, trigger] for trigger in mine}
        for trigger in {trigger for _, trigger in declared} - mine:
            with pytest.raises(IllegalStep):
                machine.to(screen, trigger)


@given(menus(), profiles, st.data())
def test_whoever_types_nonsense_is_let_go_after_three_screens(
    menu: Menu, profile: Profile, data: st.DataObject
) -> None:
    engine = Engine(menu, Moves(menu), profile)
    session, effect = settled(engine, engine.start(), Dialled(), data)
    heard = 0
    while isinstance(effect, Show):
        heard += 1
        session, effect = settled(engine, session, Typed("nonsense"), data)
    assert isinstance(effect, Finish)
    assert heard in (0, MAX_MISTAKES)
