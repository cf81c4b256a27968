"""Contracted centres out of a CSV file: all of them, or every fault at its line."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

from ussd.ledger.contracts import Contract, ContractError, Written, read_contract

HEADER = ("name", "code", "lines", "valid_from", "valid_to")
_BETWEEN = re.compile(r"[\s;؛]+")


class CentreFileError(Exception):
    """What is wrong with a file, all of it: `file:line: what is wrong`, a line each."""

    def __init__(self, file: Path, faults: Iterable[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{file}:{line}: {fault}" for line, fault in sorted(faults)))


def read_centres(file: Path, today: str) -> Mapping[str, tuple[int, Contract]]:
    """Each contract by its code, with the line at which it begins. Raises CentreFileError, OSError."""
    read = list(_contracts(file, today))
    faults = [(line, fault) for line, outcome in read if isinstance(outcome, ContractError) for fault in outcome.faults]
    contracts = [(line, outcome) for line, outcome in read if isinstance(outcome, Contract)]
    faults += _repeated(contracts)
    if not read:
        faults = [(1, "no centre stands below the header")]
    if faults:
        raise CentreFileError(file, faults)
    return {contract.code: (line, contract) for line, contract in contracts}


def _contracts(file: Path, today: str) -> Iterator[tuple[int, Contract | ContractError]]:
    for line, cells in _rows(file):
        try:
            yield line, read_contract(_written(cells), today)
        except ContractError as faults:
            yield line, faults


def _rows(file: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Each row below the header, with the line at which it begins; rows without content are passed over."""
    reader, line = csv.reader(StringIO(_text(file), newline=""), strict=True), 1
    try:
        if [cell.strip() for cell in next(reader, [])] != list(HEADER):
            raise CentreFileError(file, [(1, f"the header is not {','.join(HEADER)}")])
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as fault:
        raise CentreFileError(file, [(line, str(fault))]) from None


def _text(file: Path) -> str:
    octets = file.read_bytes()
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = octets.count(b"\n", 0, fault.start) + 1
        raise CentreFileError(file, [(line, "it is not in UTF-8")]) from None


def _written(cells: Sequence[str]) -> Written:
    if len(cells) != len(HEADER):
        raise ContractError([f"it has {len(cells)} cells, not {len(HEADER)}"])
    name, code, lines, valid_from, valid_to = cells
    return Written(code, name, tuple(filter(None, _BETWEEN.split(lines))), valid_from.strip(), valid_to.strip())


def _repeated(contracts: Sequence[tuple[int, Contract]]) -> list[tuple[int, str]]:
    """What a later row claims though an earlier one has it."""
    faults = []
    begun: dict[str, int] = {}
    holders: dict[str, str] = {}
    for line, contract in contracts:
        if contract.code in begun:
            faults.append((line, f"centre {contract.code} is in line {begun[contract.code]} already"))
            continue
        begun[contract.code] = line
        holding = {holders.setdefault(msisdn, contract.code) for msisdn in contract.lines} - {contract.code}
        faults += [
            (line, f"one of its lines is centre {holder}'s, in line {begun[holder]}") for holder in sorted(holding)
        ]
    return faults
