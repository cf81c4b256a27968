"""A wire format that the configuration describes: a gateway without a module of its own.

What may be said is in `gateways/README.md` and `ussd/settings/declared/`. A description is taken apart once, when the
server starts; callbacks are then read as strictly as those of the other gateways, by the same readers.
"""

from gateways.declared.reading import decoder
from gateways.declared.writing import encoder
from ussd.callback import Callback, Gateway, Reply, WireReply, WireRequest
from ussd.core.profile import Profile
from ussd.settings.declared import DeclaredGiven


class _Declared:
    def __init__(self, given: DeclaredGiven) -> None:
        limits = given.model_dump(include={"max_octets", "max_chars", "deadline"}, exclude_none=True)
        self.PROFILE = Profile(**limits)
        self._decode, self._encode = decoder(given), encoder(given)

    def decode(self, wire: WireRequest) -> Callback:
        """Read one callback. Raises CallbackError."""
        return self._decode(wire)

    def encode(self, reply: Reply, callback: Callback) -> WireReply:
        """Write the reply."""
        return self._encode(reply, callback)


def gateway(given: DeclaredGiven) -> Gateway:
    """The gateway that speaks a declared format."""
    return _Declared(given)
