"""The pictures of the README: `python -m simulator.phone.pictures` dials the engine, and draws what the phone shows."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from simulator.call import Carrier, InProcess
from simulator.phone.app import Phone
from simulator.phone.network import Network, profile_of
from simulator.phone.subscriber import Subscriber
from simulator.rtl import Writing
from ussd.app import redis_url, running
from ussd.callback import WireReply, WireRequest
from ussd.core.loader import COMMON, load_words
from ussd.log import configure
from ussd.settings import Settings

PICTURES = Path(__file__).parents[1] / "pictures"
SIZE = (96, 30)
_LINE, _GATEWAY, _CODE = "989120000001", "africastalking", "*4*1420#"
_DIALOGUE = {"menu": ("",), "answer": ("1", "2", "0007569602")}
"""By the name of a picture, what is typed before it is taken; nothing, where the code is sent that is there already."""

_TRACKING_CODE = re.compile(rb"n[0-9]{6}")
_FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_MATRIX = re.compile(r"\.(terminal-[0-9]+)-matrix \{\s*font-family: [^;]*;")
# The letters are joined and in order already: whoever draws them is not to turn them about again, and is to stretch
# them where a font is narrower than the cells, not to leave gaps between joined letters.
_PERSIAN = re.compile(r'textLength="([^"]*)" (clip-path="[^"]*">[^<]*[\ufb50-\ufeff])')
_STYLE = (
    ".{0}-matrix text {{ direction: ltr; unicode-bidi: bidi-override; }}\n"
    "    .{0}-matrix {{ font-family: 'DejaVu Sans Mono', 'Courier New', monospace;"
)


@dataclass(frozen=True, slots=True)
class Still:
    """A carrier whose tracking codes are always the same: two pictures of one dialogue are one picture."""

    carrier: Carrier

    async def carry(self, wire: WireRequest) -> WireReply:
        """Bring one request. Raises CallFailed."""
        reply = await self.carrier.carry(wire)
        return replace(reply, body=_TRACKING_CODE.sub(b"n570134", reply.body))


async def pictures() -> dict[str, str]:
    """Each picture as SVG, by its name."""
    async with _phone() as phone, phone.run_test(size=SIZE) as pilot:
        taken = {}
        for name, typed in _DIALOGUE.items():
            for answer in typed:
                await pilot.press(*answer, "enter")
                await phone.workers.wait_for_complete()
            await pilot.pause()
            taken[name] = drawn(phone.export_screenshot())
        return taken


def drawn(svg: str) -> str:
    """The picture with a font that has Persian letters, wherever it is looked at."""
    styled = _MATRIX.sub(lambda found: _STYLE.format(found[1]), _FONT_FACE.sub("", svg))
    stretched = _PERSIAN.sub(r'textLength="\1" lengthAdjust="spacingAndGlyphs" \2', styled)
    return "\n".join(line.rstrip() for line in stretched.splitlines()) + "\n"


@asynccontextmanager
async def _phone() -> AsyncIterator[Phone]:
    """A phone on an installation that nobody has used yet; its clock stands still."""
    with tempfile.TemporaryDirectory(prefix="ussd-") as home:
        settings = Settings(home=Path(home))
        with redis_url(settings) as redis:
            async with running(settings, redis, limited=False) as app:

                async def way(name: str) -> Carrier:
                    return Still(InProcess(app.door(name), app.service))

                network = Network((_GATEWAY,), way, profile_of)
                subscriber = Subscriber(_LINE, network, _GATEWAY, clock=lambda: 0.0, sessions=lambda: "ATUid_1")
                next_words = frozenset([load_words(settings.menus / COMMON).next])
                yield Phone(subscriber, _CODE, writing=Writing(), next_words=next_words)


def main() -> None:
    """Write them all."""
    configure("readable", "error")
    PICTURES.mkdir(exist_ok=True)
    for name, svg in asyncio.run(pictures()).items():
        (PICTURES / f"{name}.svg").write_text(svg)


if __name__ == "__main__":
    main()
