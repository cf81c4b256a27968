"""`python -m ussd.pictures`: draw the menus that are shipped, in the README that is beside them."""

from pathlib import Path

from ussd.backends import backends, contracts_of
from ussd.core.loader import load_all
from ussd.pictures.pages import redrawn
from ussd.settings import Settings

folder: Path = Settings.model_fields["menus"].default
readme = folder / "README.md"
readme.write_text(redrawn(readme.read_text(encoding="utf-8"), load_all(folder, contracts_of(backends()))), "utf-8")
