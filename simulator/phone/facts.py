"""What a handset does not say, and whoever writes menus wants to know: octets, page, time, and the gateway's terms."""

from simulator.phone.masking import masked
from simulator.phone.pages import Pages
from simulator.phone.subscriber import Subscriber
from ussd.core.profile import Profile
from ussd.core.text import measure

_ALPHABETS = {"gsm7": "GSM-7", "ucs2": "UCS-2"}


def facts(text: str, pages: Pages, subscriber: Subscriber, status: str, *, shown: bool) -> str:
    """A few lines, each with its name; numbers are masked unless they are `shown`."""
    profile = subscriber.network.profile(subscriber.gateway)
    named = {
        "screen": cost(text, profile) if text else "",
        "page": str(pages) if text else "",
        "session": _session(subscriber, profile),
        "gateway": f"{subscriber.gateway}, answer due in {profile.deadline:g} s",
        "letters": f"{profile.letters}, zwnj {profile.zwnj}, digits {profile.digits}",
        "line": subscriber.msisdn if shown else masked(subscriber.msisdn),
        "": status,
    }
    return "\n".join(f"{name:8}{said}" for name, said in named.items())


def cost(text: str, profile: Profile) -> str:
    """Octets of those allowed and the alphabet; characters too, where a gateway counts them."""
    alphabet, units, octets = measure(text)
    characters = f", {units}/{profile.max_chars} characters" if profile.max_chars else ""
    return f"{octets}/{profile.max_octets} octets{characters}, {_ALPHABETS[alphabet]}"


def _session(subscriber: Subscriber, profile: Profile) -> str:
    waited = subscriber.seconds_waited
    waiting = f", waiting {waited:.0f} s of {profile.deadline:g}" if waited is not None else ""
    if subscriber.call is None:
        return f"no call{waiting}"
    return f"{_minutes(subscriber.seconds_left)} left of {_minutes(subscriber.network.session_seconds)}{waiting}"


def _minutes(seconds: float) -> str:
    return "{}:{:02}".format(*divmod(round(seconds), 60))
