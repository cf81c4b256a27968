"""A menu in Mermaid, which GitHub draws in a page: https://mermaid.js.org/syntax/flowchart.html.

Names have a prefix, as `end` and others mean something in Mermaid. Its labels are Markdown and know entities, so all
but letters, digits and a few marks is written as the number of its character.
"""

from collections.abc import Iterator, Mapping

from ussd.core.graph import Graph, Kind, Node, Way
from ussd.pictures.colours import FAULT, FILLS, INK, STROKES
from ussd.pictures.words import WARNING, faults, head

_SHAPES: Mapping[Kind, tuple[str, str]] = {
    "choose": ("[", "]"),
    "ask": ("[/", "/]"),
    "look_up": ("{{", "}}"),
    "end": ("([", "])"),
}
_PLAIN = frozenset(" ,:_?!")
_RED = f"stroke:{FAULT},stroke-width:3px,color:{FAULT}"


def mermaid(graph: Graph) -> str:
    """The picture as text."""
    return "\n".join(["flowchart LR", *(f"  {line}" for line in _lines(graph)), ""])


def _lines(graph: Graph) -> Iterator[str]:
    yield f'dialled(("{_said(graph.code)}")) --> s_{graph.start}'
    for node in graph.nodes.values():
        yield _node(node)
    for name in graph.missing:
        yield f'{_id(name)}["{_said(name)}<br>{WARNING} not there"]'
    for node in graph.nodes.values():
        yield from (f"{_id(node.name)} -->{_on_the_way(way)} {_id(way.goto)}" for way in node.ways)
    for kind, fill in FILLS.items():
        yield f"classDef is_{kind} fill:{fill},stroke:{STROKES[kind]},color:{INK}"
    wrong = [*(node.name for node in graph.nodes.values() if node.faults), *graph.missing]
    yield from (f"style {_id(name)} {_RED}" for name in wrong)
    for number, said in enumerate(graph.faults):
        yield f'fault{number}["{WARNING} {_said(said)}"]'
        yield f"style fault{number} {_RED}"


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.kind]
    lines = "<br>".join(map(_said, (node.name, head(node), *faults(node))))
    return f'{_id(node.name)}{opening}"{lines}"{closing}:::is_{node.kind}'


def _on_the_way(way: Way) -> str:
    return f'|"{_said(way.label)}"|' if way.label.strip() else ""


def _id(name: str) -> str:
    return f"s_{name}"


def _said(text: str) -> str:
    return "".join(letter if _is_plain(letter) else f"#{ord(letter)};" for letter in text)


def _is_plain(letter: str) -> bool:
    return letter.isalnum() or letter in _PLAIN or not letter.isascii()
