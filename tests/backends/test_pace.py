"""Whose answers say how many dials are let in."""

from dataclasses import fields

from ussd.backends import World, backends, sets_the_pace


def test_only_what_one_registry_answers_sets_the_pace_of_dials() -> None:
    """Where two insurers are asked at once, one that hangs must not close the door to what the other says."""
    found = {name: sets_the_pace(backend) for name, backend in backends().items()}
    assert {name: registry for name, registry in found.items() if registry} == {"entitlement": "sso"}
    assert "sso" in {field.name for field in fields(World)}
