"""Texts of screens, in an octet a letter where they are Persian: of all that is kept of a session they are the most.

The first octet says how the rest is written. ASCII is as it is; the letters, digits and marks that Persian and Arabic
screens are made of have the octets from 0x80 on, in the order of `_LETTERS`. That order is part of the stored form:
new letters go to its end. Whatever holds another character is in UTF-8, lone surrogates too.
"""

import codecs

_LETTERS = (
    "ءآأؤإئابةتثجحخدذرزژسشصضطظعغفقكکگلمنهوىيیپچـ"
    "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩"
    "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u0670"
    "،؛؟٪٫٬۔«»\u200c\u200d\u200e\u200f…–—×÷©"
)
_TABLE = bytes(range(128)).decode("ascii") + _LETTERS
_ENCODE = codecs.charmap_build(_TABLE)
_IN_LETTERS, _IN_UTF_8 = b"\x01", b"\x02"


def written(text: str) -> bytes:
    """A text as it is kept."""
    try:
        return _IN_LETTERS + codecs.charmap_encode(text, "strict", _ENCODE)[0]
    except UnicodeEncodeError:
        return _IN_UTF_8 + text.encode("utf-8", "surrogatepass")


def read(octets: bytes) -> str:
    """What was written. Raises ValueError for anything else."""
    if octets[:1] == _IN_LETTERS:
        return codecs.charmap_decode(octets[1:], "strict", _TABLE)[0]
    if octets[:1] == _IN_UTF_8:
        return octets[1:].decode("utf-8", "surrogatepass")
    raise ValueError("no text of ours")
