"""Where the boxes of a picture stand: a column a rank, each box near the ways that lead to it.

Columns are ranks of distance from the start, so a way leads to the next column, or to one that was passed. The first
are drawn as lines; of the others the box says the name, for a line back would cross everything between.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from ussd.core.graph import Graph, Node
from ussd.pictures.words import faults

WIDTH = 250
HEAD = 44
ROW = 22
GAP = 16
"""Between boxes of a column."""
AISLE = 90
"""Between columns, where the lines are."""
MARGIN = 24
TOP = 44
"""Above the columns, where the shortcode stands."""


@dataclass(frozen=True, slots=True)
class Box:
    """One screen in its place; lengths in pixels."""

    node: Node
    x: float
    y: float

    @property
    def height(self) -> float:
        """The head, and a row for each way and each fault."""
        return _height(self.node)

    @property
    def middle(self) -> float:
        """Its middle, from the left."""
        return self.x + WIDTH / 2

    @property
    def entry(self) -> tuple[float, float]:
        """Where lines come in."""
        return self.x, self.y + HEAD / 2

    def exit(self, place: int) -> tuple[float, float]:
        """Where the line of the way at `place` goes out."""
        return self.x + WIDTH, self.y + HEAD + ROW * (place + 0.5)


@dataclass(frozen=True, slots=True)
class Layout:
    """All boxes, by the names of their screens."""

    boxes: dict[str, Box]
    ranks: dict[str, int]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture."""
        right = max((box.x + WIDTH for box in self.boxes.values()), default=WIDTH)
        low = max((box.y + box.height for box in self.boxes.values()), default=TOP)
        return right + MARGIN, low + MARGIN

    def is_drawn(self, source: str, target: str) -> bool:
        """Whether a way leads to the next column."""
        return target in self.ranks and self.ranks[target] == self.ranks[source] + 1


def laid_out(graph: Graph) -> Layout:
    """The boxes of a graph."""
    columns = [[graph.nodes[name] for name in rank] for rank in graph.ranks]
    tallest = max((_total(column) for column in columns), default=0)
    layout = Layout({}, {name: number for number, rank in enumerate(graph.ranks) for name in rank})
    for number, column in enumerate(columns):
        x = MARGIN + number * (WIDTH + AISLE)
        wanted = [_wanted(node, layout, TOP + tallest / 2) for node in column]
        for node, y in zip(column, _apart(column, wanted, tallest), strict=True):
            layout.boxes[node.name] = Box(node, x, y)
    return layout


def _height(node: Node) -> float:
    return HEAD + ROW * (len(node.ways) + len(faults(node)))


def _total(column: list[Node]) -> float:
    return sum(map(_height, column)) + GAP * (len(column) - 1)


def _wanted(node: Node, layout: Layout, otherwise: float) -> float:
    """The height at which the lines to a box would be straight."""
    came = [height for box in layout.boxes.values() for height in _heights(box, node.name, layout)]
    return fmean(came) - HEAD / 2 if came else otherwise - _height(node) / 2


def _heights(box: Box, target: str, layout: Layout) -> Iterator[float]:
    if layout.is_drawn(box.node.name, target):
        yield from (box.exit(place)[1] for place, way in enumerate(box.node.ways) if way.goto == target)


def _apart(column: list[Node], wanted: list[float], tallest: float) -> list[float]:
    """The boxes of a column as near to where they are wanted as they come without covering each other."""
    places: list[float] = []
    free = float(TOP)
    for node, y in zip(column, wanted, strict=True):
        places.append(max(free, y))
        free = places[-1] + _height(node) + GAP
    # What was pushed down pushes the column up by half of that, as far as there is room.
    lower = fmean(place - y for place, y in zip(places, wanted, strict=True))
    over = max(lower, free - GAP - TOP - tallest)
    return [place - min(over, places[0] - TOP) for place in places]
