"""Where another system is over HTTP, and the token that it wants: checked once, when the program starts."""

from urllib.parse import urlsplit


def place(url: str, path: str, whose: str) -> str:
    """A system's URL with a path after it. ValueError, which names whose it is and repeats nothing of it."""
    read = urlsplit(url)
    if read.scheme not in ("http", "https") or not read.hostname:
        raise ValueError(f"{whose}'s URL begins with http:// or https:// and a host")
    if "@" in read.netloc or read.query or read.fragment:
        raise ValueError(f"{whose}'s URL has no user, password, query or fragment")
    return f"{url.rstrip('/')}/{path}"


def authorization(token: str | None, whose: str) -> dict[str, str]:
    """The header that carries a token, RFC 6750, 2.1; none without one. ValueError, which does not repeat the token."""
    if token is None:
        return {}
    if not token or not all("!" <= character <= "~" for character in token):
        raise ValueError(f"{whose}'s token is of visible ASCII characters")
    return {"Authorization": f"Bearer {token}"}
