"""From a feed's bytes to text, whatever they claim to be.

Strictly valid UTF-8 with letters beyond ASCII is taken for UTF-8 whatever is declared: no other text looks like it. Then the
declared encodings are tried strictly, then a guess. Byte order marks and zero bytes give UTF-16 and UTF-32 away.
"""

from __future__ import annotations

import codecs
import re

GUESS_OVER = 64 * 1024
DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([A-Za-z0-9._:\-]{1,40})\s*["']""")
DECLARATION = re.compile(r"^\s*<\?xml\b[^>]{0,1000}?\?>")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OPENINGS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)
EBCDIC = b"\x4c\x6f\xa7\x94"
ALIASES = {"iso-8859-1": "windows-1252", "latin-1": "windows-1252", "us-ascii": "windows-1252", "ascii": "windows-1252"}
ALIASES |= {"gb2312": "gb18030", "gbk": "gb18030", "x-sjis": "shift_jis", "ks_c_5601-1987": "cp949", "euc-kr": "cp949"}
ALIASES |= {"x-gbk": "gb18030", "win-1251": "windows-1251", "cp-1251": "windows-1251", "unicode": "utf-16"}


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text of `body` with nothing in it that XML forbids, and without an XML declaration that speaks of bytes."""
    text = _text(body, content_type)
    return NOT_XML.sub("", DECLARATION.sub("", text.lstrip("\ufeff"), count=1))


def _text(body: bytes, content_type: str) -> str:
    marked = _marked(body)
    if marked is not None:
        return marked
    if body.startswith(EBCDIC):
        return body.decode("cp037", "replace")
    declared = [name for name in (_charset(content_type), _declared(body)) if name]
    body = body.replace(b"\0", b"")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and (not body.isascii() or not declared):
        return text
    for name in declared:
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return text or _guessed(body, declared)


def _marked(body: bytes) -> str | None:
    for mark, name in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    head = body.lstrip(b" \t\r\n")[:4]
    for opening, name in OPENINGS:
        if head.startswith(opening):
            text = body.decode(name, "replace")
            if text.count("\ufffd") < len(text) // 8 + 1:
                return text
    return None


def _charset(content_type: str) -> str:
    found = re.search(r"""charset\s*=\s*["']?\s*([A-Za-z0-9._:\-]{1,40})""", content_type)
    return _usable(found.group(1)) if found else ""


def _declared(body: bytes) -> str:
    found = DECLARED.match(body[:1024])
    return _usable(found.group(1).decode("ascii")) if found else ""


def _usable(name: str) -> str:
    """Return a text codec's name, "" for none such; UTF-16 and UTF-32 without their marks are mere claims."""
    name = ALIASES.get(name.lower(), name.lower())
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    if not getattr(info, "_is_text_encoding", True) or info.name.startswith(
        ("utf-16", "utf-32", "utf-8", "idna", "punycode")
    ):
        return ""
    return info.name


def _guessed(body: bytes, declared: list[str]) -> str:
    """Return the text as its letters suggest; as last resort the declared encoding or UTF-8, with replacement marks."""
    from charset_normalizer import from_bytes

    damaged = body.decode("utf-8", "replace")
    if damaged.count("\ufffd") <= len(damaged) // 200:
        return damaged  # UTF-8 with a few bad bytes, or cut inside a letter
    sample = b" ".join(re.findall(rb"[\x80-\xff]+(?:[\s,.\-]+[\x80-\xff]+)*", body[:GUESS_OVER])) or body[:GUESS_OVER]
    if _is_cyrillic(sample):
        return body.decode("cp1251", "replace")
    best = from_bytes(body[:GUESS_OVER]).best()
    if best is not None and not best.encoding.startswith("utf_"):
        return body.decode(best.encoding, "replace")
    return body.decode(declared[0] if declared else "cp1252", "replace")


def _is_cyrillic(sample: bytes) -> bool:
    """Whether the high bytes read as Russian in cp1251: nearly all letters, mostly small, in words of several."""
    text = sample.decode("cp1251", "replace")
    letters = [letter for letter in text if letter.isalpha()]
    russian = sum("а" <= letter <= "я" or letter == "ё" for letter in letters)  # noqa: RUF001  Cyrillic on purpose
    longest = max((len(word) for word in text.split()), default=0)
    return longest >= 4 and russian > 0.7 * len(letters)


META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:\-]{1,40})""", re.IGNORECASE)


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text of a web page: as a feed's, with what its head declares counted as well."""
    found = META.search(body[:4096])
    named = (
        f"{content_type}; charset={found.group(1).decode('ascii')}"
        if found and "charset" not in content_type
        else content_type
    )
    return NOT_XML.sub("", _text(body, named))
