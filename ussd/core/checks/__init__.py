"""What is proven of menus before anyone dials them.

No session can come to a place where there is no way on, and nothing that is said or printed is lost on the way.
"""

from collections.abc import Mapping

from ussd.core.checks.dialling import clashes, misled
from ussd.core.checks.finding import ANY_LINE, NO_LINES, UNAVAILABLE, Contract, Finding, Lines, Loc
from ussd.core.checks.keys import hidden_ways_back, pinned_twice
from ussd.core.checks.letters import blank, unshown
from ussd.core.checks.lines import distinct, lines_in
from ussd.core.checks.names import braces, lookups, rules, switches, unbound
from ussd.core.checks.pages import too_many
from ussd.core.checks.shared import word_findings
from ussd.core.checks.ways import dead_links, endless, unreached, waiting_in_circles
from ussd.core.menu import Menu

__all__ = [
    "ANY_LINE",
    "NO_LINES",
    "UNAVAILABLE",
    "Contract",
    "Finding",
    "Lines",
    "Loc",
    "clashes",
    "distinct",
    "findings",
    "lines_in",
    "word_findings",
]


def findings(menu: Menu, contracts: Mapping[str, Contract], lines: Lines = NO_LINES) -> list[Finding]:
    """Everything wrong with a menu whose shape is right, in its own language and as these lines show that.

    What rests on whole links and names is only looked at where they are whole.
    """
    whole = [*dead_links(menu), *rules(menu), *pinned_twice(menu), *lookups(menu, contracts), *braces(menu)]
    alone = [*switches(menu), *hidden_ways_back(menu), *blank(menu), *unshown(menu, lines)]
    if not whole:
        whole = [*unreached(menu), *endless(menu), *waiting_in_circles(menu), *unbound(menu, contracts)]
    if not whole:
        whole = [*too_many(menu, contracts, lines), *misled(menu, contracts, lines)]
    return [*whole, *alone]
