"""Logs name things and never carry values."""

import json
import subprocess
import sys

SCRIPT = """
import logging, structlog
from ussd.log import configure
configure({form!r}, "debug")
log = structlog.get_logger()
try:
    int("0007569602 is no number")
except ValueError:
    log.exception("lookup_failed", backend="entitlement")
logging.getLogger("aiohttp.server").error("bad request: %s", "989120000001")
from aiohttp.http_exceptions import BadHttpMessage
try:
    raise BadHttpMessage("989120000001")
except BadHttpMessage:
    logging.getLogger("aiohttp.server").exception("bad request: %s", "989120000001")
logging.getLogger("transitions").info("989120000001")
"""


def said(form: str) -> str:
    run = subprocess.run([sys.executable, "-c", SCRIPT.format(form=form)], capture_output=True, text=True, check=True)
    assert not run.stdout
    return run.stderr


def test_a_traceback_is_logged_as_its_frames_without_the_message() -> None:
    failed = json.loads(said("json").splitlines()[0])
    assert failed["event"] == "lookup_failed"
    assert failed["exception"] == "ValueError"
    assert failed["frames"] == ["<string>:7 <module>"]
    assert "0007569602" not in said("json") + said("readable")


def test_what_libraries_log_is_named_and_not_repeated() -> None:
    library = json.loads(said("json").splitlines()[1])
    assert (library["event"], library["library"], library["level"]) == ("library_said", "aiohttp.server", "error")
    assert "989120000001" not in said("json") + said("readable")


def test_what_is_no_http_is_a_warning_without_frames_with_which_anybody_could_fill_the_log() -> None:
    library = json.loads(said("json").splitlines()[2])
    assert (library["event"], library["fault"], library["level"]) == ("no_http", "BadHttpMessage", "warning")
    assert "frames" not in library


ODD = """
import structlog
from ussd.log import configure
configure("json", "debug")
structlog.get_logger().info("menu_read", path="menus/\\udcff.yaml", size=2**64, how=object)
"""


def test_a_file_name_that_is_no_utf8_and_a_number_beyond_64_bits_are_logged_too() -> None:
    run = subprocess.run([sys.executable, "-c", ODD], capture_output=True, text=True, check=True)
    odd = json.loads(run.stderr)
    assert (odd["event"], odd["path"], odd["size"]) == ("menu_read", "menus/\udcff.yaml", 2**64)
