"""Pictures of menus: whole, legible, in the colours of their kinds, and with what is wrong in red."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.build import BYE, CONTRACTS, FAULTS, SHIPPED, SHIPPED_CONTRACTS, WORDS, ask, choose, look_up
from tests.server import ussd
from ussd.core.checks import findings
from ussd.core.graph import Graph, graph_of
from ussd.core.loader import load_all
from ussd.core.menu import Menu
from ussd.pictures import FORMATS
from ussd.pictures.colours import FAULT, FILLS
from ussd.pictures.dot import dot
from ussd.pictures.layout import WIDTH, laid_out
from ussd.pictures.mermaid import mermaid
from ussd.pictures.pages import marked, redrawn
from ussd.pictures.svg import svg
from ussd.pictures.words import is_rtl, short

MENUS = load_all(SHIPPED, SHIPPED_CONTRACTS)
GRAPHS = [graph_of(one.spoken(language)) for one in MENUS.values() for language in one.languages]
NASTY = [
    '"]',
    "`1. a`",
    "<b>",
    "#35;",
    "a\\",
    "\\n",
    "}}",
    "|x|",
    "%% a",
    "&amp;",
    "end",
    "{code}",
    "$",
    "؟»«",
    "1-بعدي",
    "\0",
]
SVG = "{http://www.w3.org/2000/svg}"


def graph(screens: dict[str, object]) -> Graph:
    """The graph of a menu with faults or without."""
    built = Menu.model_validate({"code": "*1#", "start": "main", "words": WORDS, "screens": screens})
    return graph_of(built, findings(built, CONTRACTS))


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Any screens with any ways between them, some of them dead."""
    names = ["main", *(f"screen{number}" for number in range(draw(st.integers(0, 8))))]
    said = st.sampled_from(NASTY) | st.text(min_size=1, max_size=60)
    goto = st.sampled_from([*names, "nowhere"])
    option = st.fixed_dictionaries({"label": said.map(lambda text: text.replace("\n", " ")), "goto": goto})
    kinds = st.one_of(
        st.fixed_dictionaries({"choose": said, "options": st.lists(option, min_size=1, max_size=12)}),
        st.builds(lambda text, goto, rule: ask(text, goto, rule), said, goto, said),
        st.builds(look_up, goto, goto, goto),
        st.fixed_dictionaries({"end": said}),
    )
    return graph({name: draw(kinds) for name in names})


def texts(picture: str) -> list[Element]:
    return list(fromstring(picture).iter(f"{SVG}text"))


def test_every_format_shows_every_screen() -> None:
    for one in GRAPHS:
        for form, draw in FORMATS.items():
            assert [name for name in one.nodes if name not in draw(one)] == [], form


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_has_the_colours_of_its_kinds_and_red_only_for_faults(form: str) -> None:
    screens = {"main": choose("Main", "a>ask", "b>bye"), "ask": ask("?", "look"), "bye": BYE}
    sound = FORMATS[form](graph(screens | {"look": look_up("bye", "bye", "bye")}))
    assert [fill for fill in FILLS.values() if fill not in sound] == []
    assert FAULT not in sound
    wrong = FORMATS[form](graph(screens | {"look": look_up("bye", "bye", "nowhere")}))
    assert FAULT in wrong
    assert "no such screen: nowhere" in wrong


def test_a_picture_of_any_menu_is_whole_svg() -> None:
    for one in GRAPHS:
        root = fromstring(svg(one))
        assert root.tag == f"{SVG}svg"
        assert len(list(root.iter(f"{SVG}g"))) == len(one.nodes)


def test_persian_is_set_from_right_to_left_and_latin_is_not() -> None:
    said = {text.text: text.get("direction") for text in texts(svg(graph_of(MENUS["*4*1420#"])))}
    assert said["تأمین اجتماعی"] == "rtl"
    assert said["English"] is None
    assert [is_rtl(text) for text in ("1-بعدي", "9-next", "{code} کد", "", "123")] == [True, False, False, False, False]


def test_each_way_is_a_line_or_its_row_names_the_screen() -> None:
    one = graph({"main": choose("Main", "a>ask", "again>main"), "ask": ask("?", "bye"), "bye": BYE})
    lines = [path for path in fromstring(svg(one)).iter(f"{SVG}path") if path.get("fill") == "none"]
    assert len(lines) == 2
    assert [text.text for text in texts(svg(one)) if text.text and "↩" in text.text] == ["↩ main"]


def test_what_does_not_fit_a_box_is_shortened_and_whole_in_its_title() -> None:
    long = "یک متن بلند که در هیچ جعبه‌ای جا نمی‌شود و باید کوتاه شود"
    one = graph({"main": {"end": long}})
    titles = [title.text for title in fromstring(svg(one)).iter(f"{SVG}title")]
    assert long in titles
    assert [len(text.text or "") for text in texts(svg(one)) if (text.text or "").startswith("یک")] == [33]
    assert short("abc def", 5) == "abc…"


@given(one=graphs())
def test_no_box_covers_another_and_none_is_outside(one: Graph) -> None:
    layout = laid_out(one)
    boxes = list(layout.boxes.values())
    width, height = layout.size
    assert layout.boxes.keys() == one.nodes.keys()
    assert all(box.x >= 0 and box.y >= 0 and box.x + WIDTH <= width and box.y + box.height <= height for box in boxes)
    for left, right in combinations(boxes, 2):
        apart = left.y + left.height <= right.y or right.y + right.height <= left.y
        assert left.x != right.x or apart


@given(one=graphs())
def test_nothing_that_is_written_breaks_a_picture(one: Graph) -> None:
    assert fromstring(svg(one)).tag == f"{SVG}svg"
    assert [line for line in mermaid(one).splitlines()[1:] if not _is_mermaid(line)] == []
    assert [line for line in dot(one).splitlines()[1:-1] if not re.fullmatch(r'  ([^"]|"([^"\\]|\\.)*")*;', line)] == []


def _is_mermaid(line: str) -> bool:
    """Whether all that an author wrote is between quotes, and holds none of what ends or means something there."""
    bare = re.sub(r'"(?:[^"`<>&;\\|{}\[\]]|#[0-9]+;|<br>)*"', '""', line)
    return re.fullmatch(r'  [\w:#,. ()\[\]{}/|>-]*(""[\w:()\[\]{}/|> -]*)?(""[\w ()\[\]{}/|>-]*)?', bare) is not None


def test_the_pictures_of_the_readme_are_of_the_menus_as_they_are() -> None:
    page = (SHIPPED / "README.md").read_text()
    assert sorted(marked(page)) == sorted(MENUS)
    assert page == redrawn(page, MENUS), "make graphs"


def test_the_command_draws_a_shortcode_or_a_file_even_with_faults(tmp_path: Path) -> None:
    by_code = ussd(tmp_path, "graph", "*4*1420#")
    assert (by_code.returncode, by_code.stdout) == (0, mermaid(graph_of(MENUS["*4*1420#"])))
    english = ussd(tmp_path, "graph", "*4*1420#", "--language", "en", "--format", "svg")
    assert "Social Security" in english.stdout
    assert "تأمین اجتماعی" not in english.stdout
    faulty = ussd(tmp_path, "graph", str(FAULTS / "dead_link.yaml"), "--format", "dot")
    assert faulty.returncode == 0
    assert FAULT in faulty.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("*9#",), "no menu *9# in "),
        (("*4*1420#", "--language", "de"), "no text in de (there is fa, en)"),
        ((str(FAULTS / "two_kinds.yaml"),), "a screen has exactly one of: choose, ask, look_up, end"),
        ((str(FAULTS / "tab.yaml"),), "not YAML"),
    ],
)
def test_what_cannot_be_drawn_is_one_line_and_exit_1(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    run = ussd(tmp_path, "graph", *arguments)
    assert (run.returncode, run.stdout) == (1, "")
    assert said in run.stderr
    assert "Traceback" not in run.stderr
