"""Pages with pictures of menus in them: a mark says where, and of which menu."""

import re
from collections.abc import Mapping

from ussd.core.graph import graph_of
from ussd.core.menu import Menu
from ussd.pictures.mermaid import mermaid

_PICTURE = re.compile(r"(<!-- graph of (\S+) -->\n)(?:```mermaid\n.*?```\n)?", re.DOTALL)


def marked(page: str) -> list[str]:
    """The shortcodes of the menus whose pictures are in a page."""
    return [match[2] for match in _PICTURE.finditer(page)]


def redrawn(page: str, menus: Mapping[str, Menu]) -> str:
    """The page with each picture as its menu is now. Raises KeyError for a shortcode without a menu."""
    return _PICTURE.sub(lambda match: f"{match[1]}```mermaid\n{mermaid(graph_of(menus[match[2]]))}```\n", page)
