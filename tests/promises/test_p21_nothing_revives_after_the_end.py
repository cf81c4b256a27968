"""P21: what comes after the end gets the end's bytes, for ten minutes, and revives nothing."""

from tests.promises.report import Kept
from tests.promises.simulation.many import schedules_for


def test_p21_what_comes_after_the_end_revives_nothing(kept: Kept) -> None:
    total = schedules_for("P21")
    broken = total.of("P21")
    kept.seen(
        "callbacks up to 500 s after their session's end, new ones and retries",
        f"{total.counts['late']:,} late ones, {total.schedules:,} schedules",
        f"{len(broken)} resurrections",
    )
    assert not broken, "\n".join(broken[:5])
