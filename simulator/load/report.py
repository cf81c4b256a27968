"""What came of a load, as an object for programs and as a table for people."""

from collections.abc import Mapping

from simulator.load.found import Found, Tally
from simulator.load.histogram import Histogram
from simulator.load.plan import Step

_SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
_KINDS = {"dial": "dial", "going_on": "going on", "shed": "shed"}


def as_object(found: Found) -> Mapping[str, object]:
    """For programs."""
    return {
        **_counted(found.total),
        "seconds": round(found.seconds, 3),
        "callbacks_per_second": round(found.rate, 1),
        "goodput": round(found.goodput, 1),
        **_measured(found.total),
        "client_was_late": found.late,
        "waited_for_connection": found.waited,
        "steps": [_step(*one) for one in found.steps],
    }


def _counted(tally: Tally) -> Mapping[str, object]:
    return {
        "dialogues": tally.dialogues,
        "begun": tally.begun,
        "finished": tally.finished,
        "dropped": tally.dropped,
        "shed": dict(tally.shed),
        "failed": dict(tally.failed),
        "wrong": dict(tally.wrong),
        "callbacks": tally.answered.count,
    }


def _measured(tally: Tally) -> Mapping[str, object]:
    kinds = {name: {"count": one.count, "ms": _ms(one)} for name, one in tally.kinds.items()}
    return {"ms": _ms(tally.answered), "kinds": kinds, "lag_ms": _ms(tally.lag)}


def _step(step: Step, tally: Tally) -> Mapping[str, object]:
    goodput = round(tally.good / step.seconds, 1)
    return {**step._asdict(), **_counted(tally), "goodput": goodput, **_measured(tally)}


def _ms(times: Histogram) -> Mapping[str, float]:
    return {name: round(times.ms(share), 1) for name, share in _SHARES.items()}


def as_table(found: Found) -> str:
    """For people: a row for each thing, and below them, where the rate has several steps, a row for each step."""
    total = found.total
    rows = {
        "dialogues": str(total.dialogues),
        "finished": f"{total.finished}: {found.goodput:.1f} a second",
        "dropped": str(total.dropped or ""),
        "shed": _by_name(total.shed),
        "callbacks": f"{len(found.times)} in {found.seconds:.1f} s: {found.rate:.1f} a second",
        "answered": _took(found.times),
        "dial": _counted_times(total.dial),
        "going on": _counted_times(total.going_on),
        "shed in": _counted_times(total.turned_away),
        "lag": _lag(found),
        "failed": _by_name(total.failed),
        "wrong": _by_name(total.wrong),
    }
    lines = [f"{name:<11}{said}" for name, said in rows.items() if said]
    return "\n".join([*lines, *(_grid(found) if len(found.steps) > 1 else ())])


def _took(times: Histogram) -> str:
    return ", ".join(f"{name} {ms:.1f}" for name, ms in _ms(times).items()) + " ms"


def _counted_times(times: Histogram) -> str:
    return f"{_took(times)}; {len(times)}" if times else ""


def _lag(found: Found) -> str:
    waited = f"; {found.waited} waited for a connection" if found.waited else ""
    return _took(found.total.lag) + ("; the client was late" if found.late else "") + waited


def _by_name(names: Mapping[str, int]) -> str:
    return f"{sum(names.values())}" + "".join(f"; {name}: {count}" for name, count in sorted(names.items()))


def _grid(found: Found) -> list[str]:
    head = ["step", "dialogues", "finished", "shed", "failed", "wrong", "goodput", *_columns()]
    rows = [head, *(_row(step, tally) for step, tally in found.steps)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return ["", *("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)]


def _columns() -> list[str]:
    return [f"{kind} {share}" for kind in _KINDS.values() for share in ("p50", "p99", "max")] + ["lag p99"]


def _row(step: Step, tally: Tally) -> list[str]:
    ends = (tally.shed.total(), tally.failed.total(), tally.wrong.total())
    times = [f"{one.ms(_SHARES[share]):.1f}" for one in tally.kinds.values() for share in ("p50", "p99", "max")]
    goodput = f"{tally.good / step.seconds:.1f}"
    counts = [str(count) for count in (tally.dialogues, tally.finished, *ends)]
    return [f"{step.rate:g}:{step.seconds:g}s", *counts, goodput, *times, f"{tally.lag.ms(0.99):.1f}"]
