"""What a callback says beyond what its session has heard, for gateways that tell inputs and requests apart by it alone.

A gateway that accumulates sends all inputs each time. A gateway that tells a dial string from an answer by nothing but
a session id that nobody has seen may send the dial string again: that is no answer, and the screen stays as it is.
"""

from ussd.callback import Callback
from ussd.core.engine import Typed
from ussd.core.session import Session


def newly_typed(callback: Callback, session: Session) -> Typed | None:
    """What was typed since the last callback; None where it is nothing new, or does not follow from what was heard."""
    if not callback.accumulated:
        return None if session.heard and callback.typed == session.heard else Typed(callback.typed)
    heard = f"{session.heard}*" if session.heard else ""
    if not callback.typed.startswith(heard):
        return None
    text, *more = callback.typed.removeprefix(heard).split("*")
    return Typed(text, tuple(more))


def heard_after(callback: Callback, session: Session | None = None) -> str:
    """What a session keeps of what was heard, after a callback that went on with it; None for one that is anew.

    All inputs; or the dial string that began it, as long as nobody can mean it as an answer: `1666` alone may be one as
    soon as the first screen is answered, `4*1420` never is.
    """
    if callback.accumulated:
        return callback.typed
    return session.heard if session and "*" in session.heard else ""
