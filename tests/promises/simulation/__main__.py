"""Repeats one schedule, and says what happened in it."""

import sys

from tests.promises.simulation.checker import judged
from tests.promises.simulation.plan import plan_of
from tests.promises.simulation.run import quiet, run


def main(seed: int) -> int:
    """Print its deliveries and steps as they came, and what is broken; 1 where anything is."""
    plan = plan_of(seed)
    with quiet():
        history = run(plan)
        broken = judged(plan, history).broken
    said = [
        (taken.step.at, f"  step {taken.step.version} {taken.step.key} {taken.step.session}") for taken in history.taken
    ]
    for one in history.deliveries:
        said.append((one.sent, f"callback {one.number} {one.key} {one.callback.phase.name} {one.callback.typed}"))
        text = one.refused or (repr(one.reply) if one.reply else "nothing")
        said.append((one.answered or one.sent, f"    answered {one.number} {one.key} {text} {one.troubles}"))
    for at, what in sorted(said):
        print(f"{at:9.3f} {what}")
    for promise, what in broken:
        print(f"BROKEN {promise} {what}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
