"""The report keeps what it is not told anew."""

from pathlib import Path

from tests.promises.report import Kept, Report


def row(promise: str, result: str) -> Kept:
    return Kept(promise, "no page is longer", "a crawl", "994 pages", result, kept=True)


def test_rows_that_were_not_tried_now_stay_and_those_that_were_are_replaced_in_the_order_of_the_promises(
    tmp_path: Path,
) -> None:
    page = tmp_path / "REPORT.md"
    Report([row("P11", "0 faults"), row("P2", "1 fault")]).write(page)
    before = page.read_text()
    Report([row("P2", "none")]).write(page)
    rows = [line for line in page.read_text().splitlines() if line.startswith("| **P")]
    assert [one.split("|")[4].strip() for one in rows] == ["none", "0 faults"]
    assert rows[1] in before
