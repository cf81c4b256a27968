"""`python -m ussd.web.api`: write the API's document beside this file."""

from pathlib import Path

from ussd.web.api.document import document

Path(__file__).with_name("openapi.json").write_bytes(document())
