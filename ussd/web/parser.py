"""The part of aiohttp that reads what strangers send: the server does not start with one that has a known hole."""

import re

import aiohttp
from aiohttp import http, http_parser

LEAST = (3, 14, 4)
"""Before it, what one side took for a request was two for another: CVE-2026-111750, and what SECURITY.md names."""


class ParserError(Exception):
    """Requests would be read by something else than what this program is meant to run with; one line says what."""


def check_parser() -> None:
    """See that aiohttp is new enough, and that the server's parser is the one in C. Raises ParserError.

    The one in Python, which aiohttp takes where its extension is missing or AIOHTTP_NO_EXTENSIONS is set, is another
    program with holes of its own.
    """
    version = tuple(int(part) for part in re.findall(r"[0-9]+", aiohttp.__version__)[:3])
    if version < LEAST:
        least = ".".join(str(part) for part in LEAST)
        raise ParserError(f"aiohttp is {aiohttp.__version__}, and before {least} it has holes that are known")
    if http.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise ParserError("aiohttp would read requests by its parser in Python: its extension in C is not loaded")
