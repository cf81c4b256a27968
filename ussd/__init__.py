"""A USSD menu session engine: YAML menus, sessions in Redis, any operator's gateway."""

__version__ = "0.1.0"
