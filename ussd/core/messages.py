"""What an installation says outside of its screens: in SMS, and through the API's clients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from ussd.core.loader import MESSAGES, MenuError
from ussd.core.menu import PLACEHOLDER, placeholders
from ussd.core.strict_yaml import FileError, read
from ussd.core.text import fold_in, printable

SHIPPED = Path(__file__).resolve().parent.parent.parent / "menus" / MESSAGES

_WANTED: Mapping[str, frozenset[str]] = {
    "credit_code_sms": frozenset({"code"}),
    "one_time_code_sms": frozenset({"code", "client"}),
    "entitled": frozenset({"number_name", "number", "tracking_code"}),
    "not_entitled": frozenset({"number_name", "number", "tracking_code"}),
}
"""The placeholders of each text: all of them, and no other."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class Messages(BaseModel):
    """The texts. Each is filled in by `filled`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    credit_code_sms: Text
    one_time_code_sms: Text
    entitled: Text
    """What a client shows the person who asked."""
    not_entitled: Text
    national_code: Text
    """What the number is called that was asked about."""
    insurance_number: Text
    used_up: Text
    """What a client shows where a credit code is used up."""

    @field_validator("*")
    @classmethod
    def _sound(cls, text: str, info: ValidationInfo) -> str:
        wanted = _WANTED.get(str(info.field_name), frozenset())
        if faults := _faults(text, wanted):
            raise PydanticCustomError("text", "{faults}", {"faults": "; ".join(faults)})
        return text


def _faults(text: str, wanted: frozenset[str]) -> list[str]:
    written = placeholders(text)
    faults = [f"unknown placeholder: {{{name}}}" for name in sorted(written - wanted)]
    faults += [f"missing placeholder: {{{name}}}" for name in sorted(wanted - written)]
    bare = PLACEHOLDER.sub("", text)
    if "{" in bare or "}" in bare:
        faults.append("a brace that belongs to no placeholder such as {code}")
    return faults if fold_in(text) else ["nothing to read"]


def filled(text: str, **known: str) -> str:
    """A text with its placeholders filled in; what is filled in cannot break or reorder it."""
    return PLACEHOLDER.sub(lambda match: printable(known[match[1]]), text)


def read_messages(path: Path) -> Messages:
    """The texts of a file. Raises MenuError with all its faults."""
    try:
        return read(path).checked(Messages)
    except FileError as error:
        raise MenuError(error.faults) from None


def load_messages(folder: Path) -> Messages:
    """The texts of a folder of menus, or those of this program where it has none. Raises MenuError."""
    path = folder / MESSAGES
    return read_messages(path if path.exists() else SHIPPED)
