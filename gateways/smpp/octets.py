"""The octets of a PDU, read from left to right and never past the end, and written with the same limits.

SMPP 3.4, 3.1: numbers have their most significant octet first; a C-octet string ends with a NUL, which its greatest
length counts; an optional parameter (3.2.4) is a tag and a length of two octets each, and its value.
"""

import struct
from collections.abc import Mapping

from gateways.smpp.codes import Status

_TLV = struct.Struct(">HH")


class Malformed(ValueError):
    """Octets that are no PDU. What was in them is not repeated."""

    def __init__(self, status: Status, sequence: int = 0, command: int = 0) -> None:
        """`status` is for the response, or the generic_nack; `sequence` and `command` are 0 where not known."""
        super().__init__(f"malformed PDU: {status.name}")
        self.status = status
        self.sequence = sequence
        self.command = command


class Octets:
    """What is left of a PDU."""

    def __init__(self, octets: bytes, at: int = 0) -> None:
        """Start at the octet `at`."""
        self._octets = octets
        self._at = at

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._octets)

    def number(self) -> int:
        """One octet. Raises Malformed."""
        return self.take(1)[0]

    def text(self, most: int) -> str:
        """A C-octet string of at most `most` octets with its NUL; each octet a letter of Latin-1. Raises Malformed."""
        end = self._octets.find(0, self._at, self._at + most)
        if end < 0:
            raise Malformed(Status.RINVCMDLEN)
        found = self._octets[self._at : end]
        self._at = end + 1
        return found.decode("latin-1")

    def take(self, count: int, status: Status = Status.RINVCMDLEN) -> bytes:
        """The next `count` octets. Raises Malformed, with `status`, where there are fewer."""
        end = self._at + count
        if end > len(self._octets):
            raise Malformed(status)
        found = self._octets[self._at : end]
        self._at = end
        return found

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(len(self._octets) - self._at)

    def tlvs(self) -> dict[int, bytes]:
        """The optional parameters, to the end. Raises Malformed.

        The specification lets some be repeated and says nothing of the others: of two with one tag the first counts.
        """
        found: dict[int, bytes] = {}
        while self:
            tag, length = _TLV.unpack(self.take(_TLV.size, Status.RINVOPTPARSTREAM))
            found.setdefault(tag, self.take(length, Status.RINVOPTPARSTREAM))
        return found


def text_of(name: str, value: str, most: int) -> bytes:
    """A C-octet string. Raises ValueError, which names the field and does not repeat it, for what is none."""
    try:
        octets = value.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"{name}: not Latin-1") from None
    if len(octets) >= most or 0 in octets:
        raise ValueError(f"{name}: at most {most - 1} octets, and no NUL")
    return octets + b"\0"


def tlvs_of(tlvs: Mapping[int, bytes]) -> bytes:
    """Optional parameters, in the order of the mapping. Raises ValueError for a tag or a value that is none."""
    try:
        return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in tlvs.items())
    except struct.error:
        raise ValueError("tlvs: a tag or a length is of more than two octets") from None
