"""What registries answer, read strictly: an answer that does not say all that it must says nothing."""

from datetime import date, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator

from ussd import strict_json
from ussd.backends import RegistryFault
from ussd.strict_json import NotJson

KINDS = frozenset({"insured", "pensioner", "dependant"})


class Said(BaseModel):
    """Any answer. Fields that the contract does not have are let be: a registry may learn to say more."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    operation_id: str


class SaidOfPerson(Said):
    """The answer to `POST /inquiries`."""

    known: bool
    entitled: bool
    insurer: str
    reason: str | None = None
    full_name: str | None = None
    national_code: str | None = None
    insurance_number: str | None = None
    branch: str | None = None
    kind: str | None = None
    as_of: datetime | date

    @field_validator("entitled")
    @classmethod
    def _known(cls, entitled: bool, so_far: ValidationInfo) -> bool:
        if entitled and so_far.data.get("known") is False:
            raise ValueError("nobody is entitled who is not known")
        return entitled


class SaidOfLine(Said):
    """The answer to `POST /owners`."""

    owns: bool


S = TypeVar("S", bound=Said)


def read(octets: bytes, model: type[S]) -> S:
    """An answer's body as what it says. Raises RegistryFault, which names fields and no values."""
    try:
        strict_json.loads(octets)
    except NotJson:
        raise RegistryFault("its answer is not JSON in UTF-8") from None
    try:
        return model.model_validate_json(octets)
    except ValidationError as error:
        fields = sorted({str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]})
        wrong = f"has no right {', '.join(fields)}" if fields else "is not an object"
        raise RegistryFault(f"its answer {wrong}") from None
