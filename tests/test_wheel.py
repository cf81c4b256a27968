"""What is installed is whole: a wheel has all that a checkout has, and dials from any folder."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("ussd", "gateways", "simulator", "menus")


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """Built without a network, by the build's own tool."""
    with tempfile.TemporaryDirectory(prefix="ussd-wheel-") as folder:
        command = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder)
        subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True)
        [built] = Path(folder).glob("*.whl")
        yield built


def test_a_wheel_has_every_file_of_its_packages(wheel: Path) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = set(ZipFile(wheel).namelist())
    assert there - packed == set()
    for kind in (".lua", ".tcss", ".yaml", "openapi.json", "menu.schema.json", "migrations/env.py"):
        assert [name for name in packed if name.endswith(kind)], kind


def test_a_wheel_has_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_what_is_installed_dials_from_another_folder(wheel: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ussd-") as elsewhere:
        installed, home = Path(elsewhere) / "site", Path(elsewhere) / "home"
        ZipFile(wheel).extractall(installed)
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("USSD_", "PYTHON"))}
        variables |= {"PYTHONPATH": str(installed), "USSD_HOME": str(home)}

        def run(code: str, *arguments: str) -> str:
            command = (sys.executable, "-c", code, *arguments)
            done = subprocess.run(command, cwd=elsewhere, env=variables, timeout=60, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            return done.stdout

        assert run("import menus, ussd; print(ussd.__file__)").startswith(str(installed))
        dial = "from ussd.cli import main; main()"
        assert "کد پیگیری: n" in run(dial, "dial", "*4*1420*1*2*0007569602#", "--plain")
        assert "no fault" in run(dial, "check")
