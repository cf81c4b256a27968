"""How many callbacks are worked on at once: as many as can be while each of them is answered quickly.

What is measured is our own work, without what is spent at registries. Where it takes longer than is tolerated, the
limit falls in that proportion; where it does not and all places were taken, it rises by an eighth. A time that few
callbacks shared says nothing of the limit: something else is slow then, and fewer at once would not mend it.
"""

from math import inf
from statistics import median

from ussd.admission.least import Least

FLOOR, START, CEILING = 32, 64, 256
"""With fewer at once Redis and the ledger are asked for few at a time, which costs more for each than it spares."""
QUICK = 0.05
"""Seconds that our own work may take in any case."""
BEARABLE = 0.1
"""The same while a crowd is turned away. Each turn of the loop then serves a few of those at work and turns many away:
the more are at work, the more of the processor is theirs."""
_WINDOW, _LONGEST, _SAMPLES = 0.1, 1.0, 8
"""The limit is looked at again after so many seconds, or as many as the work took, up to the longest: before that
nobody is done whom the last change let in. In that time so many callbacks at least were answered."""
_MEMORY = 60.0
"""Seconds for which it is remembered how quick a few at once were: where Redis is far away, twice that is tolerated.

Once it is forgotten the limit falls until a few are seen again, which takes about a second.
"""


class Limit:
    """A limit that follows how long the work takes. It knows no clock: whoever tells it something says when."""

    def __init__(self) -> None:
        """Begin with as many as a store of an ordinary machine has no trouble with."""
        self.value = START
        self.typical = 0.0
        """Seconds that the work took lately."""
        self._took: list[float] = []
        self._since, self._most = 0.0, 0
        self._least = Least(_MEMORY)

    def took(self, seconds: float, at_once: int, now: float, *, crowd: bool = False) -> None:
        """A callback's own work took so long, with so many under way, and maybe a crowd at the door."""
        if not self._took:
            self._since = now
        self._took.append(seconds)
        self._most = max(self._most, at_once)
        window = max(_WINDOW, min(self.typical, _LONGEST))
        if now - self._since >= window and len(self._took) >= _SAMPLES:
            self.typical = median(self._took)
            self._follow(self.typical, BEARABLE if crowd else QUICK, now)
            self._took.clear()
            self._most = 0

    def _follow(self, typical: float, quick: float, now: float) -> None:
        alone = self._least.seen(typical if self._most <= FLOOR else inf, now)
        tolerated = max(quick, 2 * alone if alone < inf else 0.0)
        if typical > tolerated and self._most * 2 > self.value:
            self.value = max(FLOOR, int(self.value * max(0.5, tolerated / typical)))
        elif typical <= tolerated and self._most >= self.value:
            self.value = min(CEILING, self.value + self.value // 8)
