"""How many follow one that went before, on a clock of its own."""

import pytest

from ussd.admission.ratio import Ratio


class Dialogues:
    """So many begin each second; of each so many more come, all of them some seconds later."""

    def __init__(self, usual: float, follow: int, later: float) -> None:
        self.ratio, self.now, self._follow, self._later = Ratio(usual), 1000.0, follow, later
        self._coming: list[float] = []

    def begin(self, a_second: int, seconds: int) -> float:
        """What it is in the end."""
        for _ in range(seconds * a_second):
            self.now += 1 / a_second
            self.ratio.before(self.now)
            self._coming.append(self.now + self._later)
            while self._coming and self._coming[0] <= self.now:
                self._coming.pop(0)
                for _ in range(self._follow):
                    self.ratio.after(self.now)
        return self.ratio.value


@pytest.mark.parametrize(("usual", "follow", "later"), [(3.0, 3, 0.0), (3.0, 3, 12.0), (1.0, 4, 12.0), (3.0, 1, 12.0)])
def test_it_comes_to_be_what_is_seen_however_much_later_they_follow(usual: float, follow: int, later: float) -> None:
    assert Dialogues(usual, follow, later).begin(10, 1200) == pytest.approx(follow, rel=0.1)


@pytest.mark.parametrize("later", [4.0, 12.0, 20.0])
def test_a_crowd_of_which_nobody_has_gone_on_yet_changes_little_and_not_for_long(later: float) -> None:
    dialogues = Dialogues(3.0, 3, later)
    dialogues.begin(5, 600)
    assert dialogues.begin(100, int(later)) == pytest.approx(3.0, rel=0.06)
    assert dialogues.begin(5, int(later)) == pytest.approx(3.0, rel=0.03), "what its beginning took its end gives back"


def test_a_day_that_begins_with_nothing_but_dials_says_little() -> None:
    assert Dialogues(3.0, 3, 20.0).begin(10, 20) == pytest.approx(3.0, rel=0.3)


def test_where_nothing_ever_follows_that_is_seen_too() -> None:
    assert Dialogues(3.0, 0, 0.0).begin(10, 2000) < 0.1
