"""A session and its stored form."""

import json
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from ussd.core.session import TOP, Place, Session

anything = st.text(st.characters())
places = st.builds(Place, *[st.integers(0, 5000)] * 3)
known = st.dictionaries(anything, anything, max_size=5)
sessions = st.builds(
    Session,
    code=anything,
    screen=anything,
    at=places,
    answers=known,
    facts=known,
    behind=st.lists(st.tuples(anything, places), max_size=20).map(tuple),
    mistakes=st.integers(0, 3),
    offered=st.booleans(),
    heard=anything,
    born=st.integers(0, 2**40),
)


@given(sessions)
def test_a_session_is_read_back_as_it_was_stored(session: Session) -> None:
    assert Session.loads(session.dumps()) == session


@given(sessions)
def test_what_is_read_back_is_made_of_the_same_parts(session: Session) -> None:
    again = Session.loads(session.dumps())
    assert [type(getattr(again, part.name)) for part in fields(Session)] == [
        type(getattr(session, part.name)) for part in fields(Session)
    ]
    assert {type(place) for _, place in again.behind} <= {Place}


@given(sessions)
def test_the_stored_form_is_json(session: Session) -> None:
    json.loads(session.dumps())


def test_a_lone_surrogate_of_a_backend_can_be_stored() -> None:
    session = Session("*1#", "main", facts={"name": "\ud800"})
    assert Session.loads(session.dumps()) == session


def test_a_new_session_stands_at_the_top_of_its_first_screen() -> None:
    session = Session("*4*1420#", "main")
    assert (session.at, session.behind, session.mistakes, session.offered) == (TOP, (), 0, False)


def test_answers_of_the_dial_string_that_wait_are_not_stored() -> None:
    session = Session("*4*1420#", "main")
    assert Session.loads(replace(session, waiting=("1", "2")).dumps()) == session
