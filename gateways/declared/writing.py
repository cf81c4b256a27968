"""Replies of a declared gateway: its templates, filled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ussd.callback import Callback, Phase, Reply, WireReply
from ussd.core.text import measure
from ussd.settings.declared import DeclaredGiven
from ussd.settings.declared.reply import SaidGiven, WrittenGiven
from ussd.settings.declared.template import Template, template


@dataclass(frozen=True, slots=True)
class _Form:
    """One kind of reply."""

    body: Template
    content_type: str
    headers: tuple[tuple[str, Template], ...]

    def filled(self, values: Mapping[str, str]) -> WireReply:
        headers = {name: text.filled(values) for name, text in self.headers}
        return WireReply(self.body.filled(values).encode(), self.content_type, headers=headers)


def encoder(given: DeclaredGiven) -> Callable[[Reply, Callback], WireReply]:
    """What writes the reply to a callback."""
    says = given.reply.says
    answer = _form(given.reply, says)
    acknowledgement = _form(given.reply.abort, says) if given.reply.abort else answer

    def encode(reply: Reply, callback: Callback) -> WireReply:
        form = acknowledgement if callback.phase is Phase.ABORT else answer
        return form.filled(_values(reply, callback, says))

    return encode


def _form(written: WrittenGiven, says: Mapping[str, SaidGiven]) -> _Form:
    headers = tuple((name, template(text, raw=says)) for name, text in written.headers.items())
    return _Form(template(written.body, written.kind, says), written.content_type, headers)


def _values(reply: Reply, callback: Callback, says: Mapping[str, SaidGiven]) -> dict[str, str]:
    alphabet = measure(reply.text).alphabet
    return {
        "text": reply.text,
        "session": callback.session,
        "msisdn": callback.msisdn,
        "request": callback.request,
        **callback.echo,
        **{name: said.text(reply.ends, alphabet) for name, said in says.items()},
    }
