"""A menu in SVG, which every browser shows.

A box is a screen: its name and kind, the first line of its text, and a row for each way out. A way to the next column
is a line; of any other the row names the screen that it leads to. Texts that may be Persian stand in the middle of
their places, so that no reader of SVG can disagree about their right end.
"""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, tostring

from ussd.core.graph import Graph, Node
from ussd.pictures.colours import FAULT, FILLS, INK, PALE, STROKES
from ussd.pictures.layout import AISLE, HEAD, MARGIN, ROW, TOP, WIDTH, Box, Layout, laid_out
from ussd.pictures.words import WARNING, faults, head, is_rtl, short

_FONT = "Vazirmatn, Tahoma, 'DejaVu Sans', sans-serif"
_OUTSIDE = "↩ "
"""Before the name of a screen that stands in no next column."""


def svg(graph: Graph) -> str:
    """The picture as text."""
    layout = laid_out(graph)
    width, height = (f"{side + ROW * len(graph.faults) * up:g}" for side, up in zip(layout.size, (0, 1), strict=True))
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", width=width, height=height, role="img")
    root.attrib |= {"viewBox": f"0 0 {width} {height}", "font-family": _FONT, "font-size": "12", "fill": INK}
    SubElement(root, "title").text = f"The menu {graph.code}"
    SubElement(root, "rect", width="100%", height="100%", fill="#ffffff")
    _text(root, graph.code, MARGIN, TOP - 16, size="16", weight="bold")
    for box in layout.boxes.values():
        _lines(root, box, layout)
    for box in layout.boxes.values():
        _box(root, box, graph, layout)
    for number, said in enumerate(graph.faults):
        _text(root, f"{WARNING} {said}", MARGIN, float(height) - MARGIN / 2 - ROW * number, fill=FAULT)
    return tostring(root, encoding="unicode") + "\n"


def _lines(root: Element, box: Box, layout: Layout) -> None:
    """The ways to the next column."""
    for place, way in enumerate(box.node.ways):
        if layout.is_drawn(box.node.name, way.goto):
            (x, y), (to_x, to_y) = box.exit(place), layout.boxes[way.goto].entry
            bend = AISLE / 2
            curve = f"M{x:g} {y:g}C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x - 7:g} {to_y:g}"
            stroke = STROKES[box.node.kind]
            SubElement(root, "path", {"d": curve, "fill": "none", "stroke": stroke, "stroke-width": "1.3"})
            tip = f"M{to_x - 8:g} {to_y - 4:g}L{to_x:g} {to_y:g}L{to_x - 8:g} {to_y + 4:g}Z"
            SubElement(root, "path", d=tip, fill=stroke)


def _box(root: Element, box: Box, graph: Graph, layout: Layout) -> None:
    node, group = box.node, SubElement(root, "g")
    SubElement(group, "title").text = "\n".join((*node.text, *faults(node)))
    _frame(group, box)
    if node.name == graph.start:
        x, y = box.entry
        SubElement(group, "circle", cx=f"{x - 12:g}", cy=f"{y:g}", r="6", fill=INK)
    _text(group, short(node.name, 30), box.x + 8, box.y + 16, weight="bold")
    _text(group, node.kind, box.x + WIDTH - 8, box.y + 16, anchor="end", fill=PALE, size="10")
    _text(group, head(node, 33), box.middle, box.y + 35, anchor="middle")
    for place, (label, goto, fill) in enumerate(_rows(node, graph, layout)):
        y = box.exit(place)[1] + 4
        size = "10" if place >= len(node.ways) else ""
        _text(group, short(label, 20 if goto else 40), box.middle - 50 * bool(goto), y, "middle", fill, size)
        _text(group, short(f"{_OUTSIDE}{goto}", 18) if goto else "", box.x + WIDTH - 8, y, "end", fill, "10")


def _frame(group: Element, box: Box) -> None:
    stroke, thick = (FAULT, "3") if box.node.faults else (STROKES[box.node.kind], "1.3")
    sides = {"x": f"{box.x:g}", "y": f"{box.y:g}", "width": f"{WIDTH}", "rx": "6", "stroke": stroke}
    for height, fill in ((box.height, "#ffffff"), (HEAD, FILLS[box.node.kind])):
        SubElement(group, "rect", {**sides, "height": f"{height:g}", "fill": fill, "stroke-width": thick})


def _rows(node: Node, graph: Graph, layout: Layout) -> Iterator[tuple[str, str, str]]:
    """The label of each way, the screen that it leads to where no line says so, and the colour of both."""
    for way in node.ways:
        goto = "" if layout.is_drawn(node.name, way.goto) else way.goto
        yield way.label, goto, FAULT if way.goto in graph.missing else INK
    yield from ((said, "", FAULT) for said in faults(node))


def _text(
    parent: Element, text: str, x: float, y: float, anchor: str = "", fill: str = INK, size: str = "", weight: str = ""
) -> None:
    if not text:
        return
    direction = "rtl" if is_rtl(text) else ""
    look = {"text-anchor": anchor, "font-size": size, "font-weight": weight, "direction": direction}
    given = {"x": f"{x:g}", "y": f"{y:g}", "fill": fill if fill != INK else "", **look}
    SubElement(parent, "text", {name: said for name, said in given.items() if said}).text = text
