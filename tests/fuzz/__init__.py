"""Octets that atheris makes up by what the code does with them; `make fuzz` runs it, pytest does not."""
