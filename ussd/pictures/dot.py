"""A menu in DOT, for Graphviz: https://graphviz.org/doc/info/lang.html."""

from collections.abc import Iterator, Mapping

from ussd.core.graph import Graph, Kind, Node
from ussd.pictures.colours import FAULT, FILLS, INK, STROKES
from ussd.pictures.words import WARNING, faults, head

_SHAPES: Mapping[Kind, str] = {"choose": "box", "ask": "parallelogram", "look_up": "hexagon", "end": "oval"}


def dot(graph: Graph) -> str:
    """The picture as text."""
    return "\n".join([f"digraph {_quoted(graph.code)} {{", *(f"  {line};" for line in _lines(graph)), "}", ""])


def _lines(graph: Graph) -> Iterator[str]:
    yield "rankdir=LR"
    yield f'node [style=filled, fontname="sans-serif", fontcolor="{INK}"]'
    yield 'edge [fontname="sans-serif", fontsize=11]'
    yield f"{_quoted(graph.code)} [shape=circle, fillcolor=white]"  # no screen has such a name
    yield from map(_node, graph.nodes.values())
    for name in graph.missing:
        yield f"{_quoted(name)} [label={_quoted(name, f'{WARNING} not there')}, fillcolor=white, {_RED}]"
    for number, said in enumerate(graph.faults):
        yield f'"fault {number}" [label={_quoted(f"{WARNING} {said}")}, shape=note, fillcolor=white, {_RED}]'
    yield f"{_quoted(graph.code)} -> {_quoted(graph.start)}"
    for node in graph.nodes.values():
        for way in node.ways:
            yield f"{_quoted(node.name)} -> {_quoted(way.goto)} [label={_quoted(way.label)}]"


_RED = f'color="{FAULT}", fontcolor="{FAULT}", penwidth=3'


def _node(node: Node) -> str:
    look = f'shape={_SHAPES[node.kind]}, fillcolor="{FILLS[node.kind]}"'
    edge = _RED if node.faults else f'color="{STROKES[node.kind]}"'
    return f"{_quoted(node.name)} [label={_quoted(node.name, head(node), *faults(node))}, {look}, {edge}]"


def _quoted(*lines: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
