"""P19: the same session id from another line, or through another gateway, is another session."""

from tests.promises.report import Kept
from tests.promises.simulation.many import schedules_for


def test_p19_the_same_id_from_another_line_or_gateway_is_another_session(kept: Kept) -> None:
    total = schedules_for("P19")
    broken, counts = total.of("P19"), total.counts
    kept.seen(
        "two and three lines, and one line on two gateways, with the same session id at once",
        f"{counts['shared']:,} such sessions, {counts['canaries']:,} codes read, {total.schedules:,} schedules",
        f"{len(broken)} codes of another line",
    )
    assert not broken, "\n".join(broken[:5])
