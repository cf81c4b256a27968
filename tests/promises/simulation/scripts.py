"""What the limits' scripts of `ussd/store/` do, in plain dicts: dials, wrong codes and people of a line."""

from collections.abc import Callable, Sequence

_Args = Sequence[str | bytes | int]
_MINUTE, _HOUR = 60_000, 3_600_000


class Counters:
    """What is counted; `clock` is the server's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._dials: dict[str, dict[str | bytes | int, int]] = {}
        self._sets: dict[str, tuple[set[str | bytes | int], float]] = {}

    def run(self, script: str, keys: Sequence[str], args: _Args) -> Sequence[bytes | None]:
        """What a script says behind its nonce."""
        match script:
            case "dials":
                return [self._dialled(keys[0], args)]
            case "wrong":
                return [self._mistyped(keys[0], args)]
            case "people":
                return self._asked(*keys, args)  # type: ignore[misc]
        raise ValueError(script)

    def _dialled(self, key: str, args: _Args) -> bytes:
        dial, now, a_minute, an_hour = args[0], int(args[1]), int(args[2]), int(args[3])
        dials = {name: at for name, at in self._dials.get(key, {}).items() if at > now - _HOUR}
        self._dials[key] = dials
        if dial in dials:
            return b""
        wait = max(_wait(dials, a_minute, _MINUTE, now), _wait(dials, an_hour, _HOUR, now))
        if wait > 0:
            return str(wait).encode()
        dials[dial] = now
        return b""

    def _mistyped(self, key: str, args: _Args) -> bytes:
        name, most, pause = args[0], int(args[1]), int(args[2])
        found, until = self._set(key)
        if len(found) < most and name not in found:
            until = self._clock() * 1000 + pause
            self._sets[key] = ({*found, name}, until)
        return self._left(until) if len(self._set(key)[0]) >= most else b""

    def _asked(self, wrong_key: str, people_key: str, args: _Args) -> Sequence[bytes]:
        person, most, wrong, keep = args[0], int(args[1]), int(args[2]), int(args[3])
        mistyped, until = self._set(wrong_key)
        if 0 < wrong <= len(mistyped):
            return [b"paused", self._left(until)]
        people, _ = self._set(people_key)
        if most and person not in people:
            if len(people) >= most:
                return [b"people"]
            self._sets[people_key] = ({*people, person}, self._clock() * 1000 + keep)
        return [b""]

    def _set(self, key: str) -> tuple[set[str | bytes | int], float]:
        found, until = self._sets.get(key, (set(), 0.0))
        return (found, until) if until > self._clock() * 1000 else (set(), 0.0)

    def _left(self, until: float) -> bytes:
        return str(int(until - self._clock() * 1000)).encode()


def _wait(dials: dict[str | bytes | int, int], most: int, span: int, now: int) -> int:
    """The place is free once the oldest of the last `most` is older than the span."""
    if most == 0 or len(dials) < most:
        return 0
    return sorted(dials.values())[-most] + span - now
