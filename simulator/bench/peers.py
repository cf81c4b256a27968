"""Other engines to be compared with: a folder each, with the smallest server for the same flow.

`peer.yaml` says what it is, what had to be mended, and what it answers. Its packages, with their versions, stand in
`package.json` or `requirements.txt`, and are installed outside the tree by npm or pip, wherever those get theirs from.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.bench.flow import Flow
from simulator.bench.processes import BenchFailed, reason
from ussd.core.strict_yaml import read

_INSTALL_SECONDS = 600.0
_MANIFESTS = {"npm": "package.json", "pip": "requirements.txt", "nothing": "peer.yaml"}
_NPM = ("--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
_PIP = ("--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt")
_DONE = "installed"
"""A file that is there once all packages are."""


Installer = Literal["npm", "pip", "nothing"]
"""What brings its packages: nothing does where it needs none."""


class _Written(BaseModel):
    """`peer.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    install: Installer
    serve: Annotated[list[str], Field(min_length=1)]
    patched: str
    answers: Annotated[list[str], Field(min_length=4, max_length=4)]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another engine, not installed yet."""

    name: str
    folder: Path
    flow: Flow
    patched: str
    """What had to be mended, and why."""
    _install: Installer
    _serve: Sequence[str]

    def installed(self, under: Path) -> Path:
        """The folder in which it can be served, in which it is installed once. Raises BenchFailed."""
        manifest = self.folder / _MANIFESTS[self._install]
        digest = blake2b(manifest.read_bytes() + sys.version.encode(), digest_size=6).hexdigest()
        place = under.resolve() / f"{self.folder.name}-{digest}"
        shutil.copytree(self.folder, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        if not (place / _DONE).exists():
            for command in self._commands(place):
                _run(command, place)
            (place / _DONE).touch()
        return place

    def command(self, place: Path) -> Sequence[str]:
        """What serves it from there."""
        program = shutil.which(self._serve[0], path=self.environment(place)["PATH"])
        return [program or self._serve[0], *self._serve[1:]]

    def environment(self, place: Path) -> Mapping[str, str]:
        """The variables of its processes: none of this program's and of this Python's."""
        path = os.pathsep.join([str(place / "venv" / "bin"), os.environ.get("PATH", os.defpath)])
        return {**_foreign(), "PATH": path, "NODE_ENV": "production"}

    def _commands(self, place: Path) -> Iterator[Sequence[str]]:
        """What installs its packages."""
        match self._install:
            case "npm":
                yield _found("npm"), "install", *_NPM
            case "pip":
                yield sys.executable, "-m", "venv", "venv"
                yield str(place / "venv" / "bin" / "python"), "-m", "pip", "install", *_PIP
            case "nothing":
                return


def _found(program: str) -> str:
    if found := shutil.which(program):
        return found
    raise BenchFailed(f"{program} is not installed here")


def _foreign() -> Mapping[str, str]:
    """The variables of this process, but for this program's and this Python's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("USSD_", "PYTHON"))}


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env=_foreign(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise BenchFailed(f"{Path(command[0]).name} failed: {type(fault).__name__}") from None
    if done.returncode:
        raise BenchFailed(f"{Path(command[0]).name} failed: {reason(done.stdout)}")


def peers(folder: Path) -> list[Peer]:
    """The peers in a folder, by name. Raises FileError for a `peer.yaml` that is none."""
    return [_peer(file) for file in sorted(folder.glob("*/peer.yaml"))]


def _peer(file: Path) -> Peer:
    written = read(file).checked(_Written)
    return Peer(written.name, file.parent, Flow(written.answers), written.patched, written.install, written.serve)
