"""P2: what happens to a session at once could have happened one after the other."""

from tests.promises.report import Kept
from tests.promises.simulation.many import schedules_for


def test_p2_the_engine_alone_explains_each_screen_in_some_order(kept: Kept) -> None:
    total = schedules_for("P2")
    broken, counts = total.of("P2"), total.counts
    kept.seen(
        "callbacks of one session at once, in two processes, on a virtual clock",
        f"{counts['together']:,} that met another, of {counts['deliveries']:,} in {total.schedules:,} schedules",
        f"{counts['steps']:,} steps, each one version more; {len(broken)} screens without an order",
    )
    assert not broken, "\n".join(broken[:5])
