"""What a Redis server says of itself, asked over its socket: which process it is, and which version."""

import socket
from urllib.parse import unquote, urlsplit


def redis_facts(url: str) -> dict[str, str]:
    """`INFO server`, of a server on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(5)
        line.connect(unquote(urlsplit(url).path))
        line.sendall(b"INFO server\r\n")
        with line.makefile("rb") as said:
            length = int(said.readline()[1:])
            text = said.read(length).decode()
    return dict(entry.split(":", 1) for entry in text.splitlines() if ":" in entry)
