"""The corpus itself: every entry has a name of its own, and is about some gateway."""

import pytest

from simulator.operators import Leg
from tests.corpus.gate import gate
from tests.corpus.judge import MENU
from tests.corpus.reading import Sent, entries
from tests.corpus.test_wire import FAMILIES, goes_on
from ussd.callback import Phase
from ussd.doors import formats


@pytest.mark.parametrize("family", FAMILIES)
def test_every_entry_is_about_some_gateway(family: str) -> None:
    gates = [gate(name) for name in formats()]
    begun = Leg("0123456789abcdef" * 2, "989121000000", MENU, Phase.BEGIN)
    for entry in entries(family, Sent):
        if entry.change is None:  # which alone may find no place in any
            continue
        spoilt = [one.spoilt(entry, goes_on(begun, entry)) for one in gates if one.kind in entry.of]
        assert any(octets is not None for octets in spoilt), entry.it
