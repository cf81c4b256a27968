"""P20: callbacks that come in another order never move a session back, nor act on another menu."""

from tests.promises.report import Kept
from tests.promises.simulation.many import schedules_for


def test_p20_a_session_never_goes_back_nor_into_another_menu(kept: Kept) -> None:
    total = schedules_for("P20")
    broken = total.of("P20")
    kept.seen(
        "callbacks delayed, lost, and behind the ones that were sent after them",
        f"{total.counts['reordered']:,} out of order, {total.schedules:,} schedules",
        f"{len(broken)} steps back or astray",
    )
    assert not broken, "\n".join(broken[:5])
