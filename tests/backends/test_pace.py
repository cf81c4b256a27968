"""Whose answers say how many dials are let in."""

from ussd.backends import backends, sets_the_pace


def test_only_what_one_registry_answers_sets_the_pace_of_dials() -> None:
    """Where two insurers are asked at once, one that hangs must not close the door to what the other says."""
    assert [name for name, backend in backends().items() if sets_the_pace(backend)] == ["entitlement"]
