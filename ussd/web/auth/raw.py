"""A request as it came over the wire, before anybody has read it: what a guard looks at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Raw:
    """Names of headers are in lower case; one that was sent twice is here twice."""

    peer: str
    """The address at the other end of the connection."""
    method: str
    target: str
    """Path and query, to the octet as they were asked for."""
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def one(self, name: str) -> bytes:
        """A header's octets; none where it is missing or was sent twice, of which nobody knows which is meant."""
        found = self.all(name)
        return found[0] if len(found) == 1 else b""

    def all(self, name: str) -> list[bytes]:
        """A header's octets, as often as it was sent."""
        return [octets(value) for each, value in self.headers if each == name]


def octets(text: str) -> bytes:
    """The octets that aiohttp made this text from."""
    return text.encode("utf-8", "surrogateescape")
