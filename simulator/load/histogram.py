"""How long things took: a histogram of three digits over any range, and the text that HdrHistogram's plotters read.

The rules are those of https://hdrhistogram.github.io/HdrHistogram/. The package `hdrhistogram` needs setuptools and pbr
where it runs, has no wheel for Linux on ARM, and its text has other steps than the one that is described there.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from math import ceil, floor, log2, sqrt

_BITS = 11
"""A value has so many leading bits that count, 2,048 steps: it is told to within a thousandth."""
_TICKS = 5
"""Lines of the text for each halving of what is left to 100 %."""
_HEAD = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"


@dataclass(slots=True)
class Histogram:
    """Times, counted by microseconds; those that are alike in their first three digits are one."""

    counts: Counter[int] = field(default_factory=Counter)
    """By the least of those that are alike."""
    count: int = 0
    longest: float = 0.0
    """Seconds."""

    def add(self, seconds: float) -> None:
        """Count one more."""
        taken = max(int(seconds * 1e6), 0)
        spare = taken.bit_length() - _BITS
        self.counts[taken >> spare << spare if spare > 0 else taken] += 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def __len__(self) -> int:
        """How many there are."""
        return self.count

    def __add__(self, other: "Histogram") -> "Histogram":
        """Both together."""
        return Histogram(self.counts + other.counts, self.count + other.count, max(self.longest, other.longest))

    def ms(self, share: float) -> float:
        """Milliseconds within which that share of all was done, by the nearest rank; 0 where there is none."""
        if share >= 1 or not self.count:
            return 1000 * self.longest
        return min(next(self._at([share]))[0] / 1000, 1000 * self.longest)

    def hgrm(self) -> str:
        """The distribution by percentiles, in milliseconds: a line each for value, share, count, and 1/(1 - share)."""
        shares = _shares(self._share_below_last()) if self.count else iter(())
        lines = [
            f"{value / 1000:12.3f} {share:2.12f} {count:10d}{_odds(share)}" for value, share, count in self._at(shares)
        ]
        return _HEAD + "\n".join([*lines, *self._foot()]) + "\n"

    def _at(self, shares: Iterable[float]) -> Iterator[tuple[int, float, int]]:
        """The greatest value that is alike with the one at each share, and how many there are up to it."""
        values = sorted(self.counts)
        up_to = list(accumulate(self.counts[value] for value in values))
        for share in shares:
            place = bisect_left(up_to, max(ceil(round(share * self.count, 6)), 1))
            yield _greatest(values[place]), share, up_to[place]

    def _share_below_last(self) -> float:
        return 1 - self.counts[max(self.counts)] / self.count

    def _foot(self) -> list[str]:
        middles = {_middle(value): count for value, count in self.counts.items()}
        mean = sum(value * count for value, count in middles.items()) / max(self.count, 1)
        spread = sqrt(sum((value - mean) ** 2 * count for value, count in middles.items()) / max(self.count, 1))
        greatest = _greatest(max(self.counts)) if self.counts else 0
        return [
            f"#[Mean    = {mean / 1000:12.3f}, StdDeviation   = {spread / 1000:12.3f}]",
            f"#[Max     = {greatest / 1000:12.3f}, Total count    = {self.count:12d}]",
            f"#[Buckets = {max(greatest.bit_length() - _BITS, 0) + 1:12d}, SubBuckets     = {1 << _BITS:12d}]",
        ]


def _shares(last: float) -> Iterator[float]:
    """Shares that come closer to one by ever smaller steps, five for each halving, past `last`; then 1."""
    share = 0.0
    while share <= last:
        yield share
        share += 1 / (_TICKS * 2 ** (floor(log2(1 / (1 - share))) + 1))
    yield 1.0


def _odds(share: float) -> str:
    return f" {1 / (1 - share):14.2f}" if share < 1 else ""


def _width(value: int) -> int:
    return 1 << max(value.bit_length() - _BITS, 0)


def _greatest(value: int) -> int:
    return value + _width(value) - 1


def _middle(value: int) -> int:
    return value + _width(value) // 2
