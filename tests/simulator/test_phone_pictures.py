"""The pictures of the README are what the phone shows; `make screenshots` makes them again."""

import re

from simulator.phone.pictures import PICTURES, pictures

_TEXT = re.compile(r"<text [^>]*>([^<]*)</text>")


async def test_they_show_what_is_shown_and_are_drawn_alike_wherever_they_are_looked_at() -> None:
    now = await pictures()
    for name, svg in now.items():
        assert _TEXT.findall(svg) == _TEXT.findall((PICTURES / f"{name}.svg").read_text()), "run make screenshots"
        assert "unicode-bidi: bidi-override" in svg
        assert "DejaVu Sans Mono" in svg
        assert re.findall("https?://(?!www.w3.org|www.textualize.io)", svg) == []
    assert "ﯽﻋﺎﻤﺘﺟﺍ&#160;ﻦﯿﻣﺄﺗ" in now["menu"]
    assert "n570134&#160;:ﯼﺮﯿﮕﯿﭘ&#160;ﺪﮐ" in now["answer"]
