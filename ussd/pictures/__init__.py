"""Pictures of menus, in the formats that those who read them have a program for."""

from collections.abc import Callable, Mapping

from ussd.core.graph import Graph
from ussd.pictures.dot import dot
from ussd.pictures.mermaid import mermaid
from ussd.pictures.svg import svg

FORMATS: Mapping[str, Callable[[Graph], str]] = {"mermaid": mermaid, "dot": dot, "svg": svg}
"""Mermaid for GitHub and its like, DOT for Graphviz, SVG for any browser."""
