"""Values that more than one part of the configuration writes."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s)?")


def _seconds(written: object) -> object:
    match = _SECONDS.fullmatch(written) if isinstance(written, str) else None
    return float(match[1]) / (1000 if match[2] == "ms" else 1) if match else written


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""`4s`, `500ms` or `4`."""
