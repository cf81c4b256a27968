"""P1: a retry of the same request gets the same bytes, and has no second effect."""

from tests.promises.report import Kept
from tests.promises.simulation.many import schedules_for


def test_p1_a_retry_gets_the_bytes_of_the_first_answer_whatever_fails(kept: Kept) -> None:
    total = schedules_for("P1")
    broken = total.of("P1")
    kept.seen(
        "each callback 1 to 5 times, at once to 500 s later; processes killed; Redis, registries and ledger failing",
        f"{total.counts['retries']:,} retries of {total.schedules:,} simulated schedules",
        f"{len(broken)} with other bytes or a second effect",
    )
    assert not broken, "\n".join(broken[:5])
