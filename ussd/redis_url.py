"""What a Redis URL says, before anything connects: one server, one behind sentinels, or a cluster.

    redis://[[user]:password@]host[:port][/database]           rediss: by TLS, here and below
    unix://[[user]:password@]/path/of/a/socket[?db=0]
    redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/service[/database][?sentinel_password=...]
    redis+cluster://[[user]:password@]host[:port][,host[:port]...]

What stands in a name, a password or a path and has a meaning in a URL is percent-encoded. By TLS the server's
certificate is always checked: against the system's authorities, or `?ssl_ca_certs=FILE`; `ssl_check_hostname=false`
leaves out its name, and `ssl_certfile=` and `ssl_keyfile=` are our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Kind = Literal["server", "socket", "sentinel", "cluster"]
Address = tuple[str, int]
_SCHEMES: Mapping[str, Kind] = {
    "redis": "server",
    "rediss": "server",
    "unix": "socket",
    "redis+sentinel": "sentinel",
    "rediss+sentinel": "sentinel",
    "redis+cluster": "cluster",
    "rediss+cluster": "cluster",
}
_PORT, _SENTINELS_PORT = 6379, 26379
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """Where Redis is and who we are there."""

    kind: Kind
    tls: bool = False
    hosts: tuple[Address, ...] = ()
    """The server, the sentinels, or some of the cluster's nodes."""
    path: str = ""
    """Of a socket."""
    service: str = ""
    """What the sentinels call it."""
    database: int = 0
    login: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`username` and `password`, where there are any, as redis-py names them."""
    sentinel_login: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: Mapping[str, str | bool] = field(default_factory=dict)
    """Certificates, and what is looked at in the server's, as redis-py names them."""


def parsed(url: str) -> RedisUrl:
    """What a URL says. Raises ValueError, whose message names what is wrong and repeats nothing of the URL."""
    try:
        split = urlsplit(url)
    except ValueError:
        raise ValueError("the Redis URL cannot be read") from None
    kind = _SCHEMES.get(split.scheme)
    if not kind:
        raise ValueError(f"a Redis URL begins with one of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}")
    if split.fragment:
        raise ValueError("a # in a Redis URL is written %23")
    options = dict(parse_qsl(split.query, keep_blank_values=True))
    tls = split.scheme.startswith("rediss")
    made = RedisUrl(
        kind,
        tls,
        _hosts(split, kind),
        unquote(split.path) if kind == "socket" else "",
        *_service_and_database(split, kind, options),
        _login(split),
        _sentinel_login(options) if kind == "sentinel" else {},
        _verify(options) if tls else {},
    )
    if options:
        raise ValueError("the Redis URL has an option that is none of its kind's")
    return made


def _hosts(split: SplitResult, kind: Kind) -> tuple[Address, ...]:
    named = split.netloc.rpartition("@")[2]
    if kind == "socket":
        if named or not split.path.strip("/"):
            raise ValueError("unix:// is followed by the path of a socket, which begins with /")
        return ()
    if kind == "server" and "," in named:
        raise ValueError("redis:// names one server; several are redis+sentinel:// or redis+cluster://")
    return tuple(_host(one, _SENTINELS_PORT if kind == "sentinel" else _PORT) for one in named.split(","))


def _host(named: str, port: int) -> Address:
    try:
        one = urlsplit(f"//{named}")
        found = one.hostname, one.port
    except ValueError:
        raise ValueError("a port in the Redis URL is no port; / ? # in a password are percent-encoded") from None
    if not found[0] or found[1] == 0:
        raise ValueError("a Redis URL names its hosts, each as host or host:port")
    return unquote(found[0]), found[1] or port


def _service_and_database(split: SplitResult, kind: Kind, options: dict[str, str]) -> tuple[str, int]:
    if kind == "socket":
        return "", _database(options.pop("db", "0"))
    first, *rest = [unquote(part) for part in split.path.removeprefix("/").split("/")]
    if kind == "sentinel":
        if not first or len(rest) > 1:
            raise ValueError("redis+sentinel:// ends with /service or /service/database")
        return first, _database(*rest)
    if rest or (first and kind == "cluster"):
        raise ValueError("redis:// ends with /database or nothing, redis+cluster:// with nothing")
    return "", _database(options.pop("db", first)) if kind == "server" else 0


def _database(written: str = "") -> int:
    if not (written or "0").isdecimal() or not written.isascii():
        raise ValueError("the database in the Redis URL is a number")
    return int(written or 0)


def _login(split: SplitResult) -> dict[str, str]:
    return {
        name: unquote(given) for name, given in (("username", split.username), ("password", split.password)) if given
    }


def _sentinel_login(options: dict[str, str]) -> dict[str, str]:
    return {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}


def _verify(options: dict[str, str]) -> dict[str, str | bool]:
    files = {name: options.pop(name) for name in _FILES if name in options}
    for name, path in files.items():
        if not Path(path).is_file():
            raise ValueError(f"{name} in the Redis URL names no file")
    checked = options.pop("ssl_check_hostname", "true")
    if checked not in ("true", "false"):
        raise ValueError("ssl_check_hostname in the Redis URL is true or false")
    return {**files, "ssl_check_hostname": checked == "true"}
