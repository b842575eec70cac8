# ruff: noqa: E501 - sample documents read better unbroken
from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.feeds.encoding import decode, decode_page
from bot.feeds.parse import OPAQUE, REFERENCE, parse
from bot.feeds.parsed import NotAFeed, ParsedFeed, from_record, to_record
from bot.feeds.plain import to_line, to_text

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>The Paper</title><link>https://paper.example/</link><language>en-gb</language><ttl>15</ttl>
<item><title>Talks &amp;amp; terms</title><media:title>A picture</media:title><link>https://paper.example/1</link>
<guid isPermaLink="false">p-1</guid><dc:creator>A. Writer</dc:creator><pubDate>Wed, 25 Nov 2026 18:54:53 GMT</pubDate>
<description>Short.</description><content:encoded><![CDATA[<p>The <b>line</b> holds.</p><p>It has held.</p>]]></content:encoded></item>
<item><guid>https://paper.example/2</guid><description>Only words.</description></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://paper.example/" xml:lang="en"><title type="html">The &lt;b&gt;Paper&lt;/b&gt;</title>
<entry><id>tag:paper.example,2026:1</id><title>One</title><link rel="self" href="/feed"/><link rel="alternate" href="news/1"/>
<author><name>A. Writer</name></author><updated>2026-11-25T18:00:00Z</updated><published>2026-11-25T17:00:00Z</published>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>First.</p><script>no()</script><p>Second &lt;3.</p></div></content></entry>
<entry><title>Two</title></entry></feed>"""
ATOM_03 = """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>Old</title><entry><title mode="base64">VHdv</title>
<link rel="alternate" type="text/html" href="https://old.example/2"/><id>x</id><issued>2004-01-01T10:00:00Z</issued>
<content mode="escaped" type="text/html">&lt;p&gt;Text&lt;/p&gt;</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://r.example/"><title>R</title><link>https://r.example/</link></channel>
<item rdf:about="https://r.example/1"><title>One</title><link>https://r.example/1</link><dc:date>2026-01-02T03:04:05Z</dc:date></item></rdf:RDF>"""
RDF_09 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">
<channel><title>R</title></channel><item><title>One</title><link>https://r.example/1</link></item></rdf:RDF>"""
NETSCAPE = """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">
<rss version="0.91"><channel><title>N&eacute;</title><item><title>One&nbsp;two</title></item></channel></rss>"""
PREFIXED = """<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:entry><a:title>One</a:title></a:entry></a:feed>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://j.example/",
        "items": [
            {"id": 7, "url": "/7", "title": "Seven", "content_html": "<p>A</p><p>B</p>", "date_published": "2026-01-02T03:04:05Z"},
            {"id": "8", "content_text": "Only text", "authors": [{"name": "W"}]}, "nonsense",
        ],
    }
)  # fmt: skip


def feed(document: str | bytes, content_type: str = "") -> ParsedFeed:
    found = parse(document.encode() if isinstance(document, str) else document, content_type)
    assert isinstance(found, ParsedFeed), found
    return found


@pytest.mark.parametrize(
    ("document", "name", "entries"),
    [(RSS, "rss20", 2), (ATOM, "atom10", 2), (ATOM_03, "atom03", 1), (RDF, "rss10", 1), (RDF_09, "rss090", 1),
     (NETSCAPE, "rss091u", 1), (PREFIXED, "atom10", 1), (JSON, "json11", 2)],
    ids=["RSS 2.0", "Atom 1.0", "Atom 0.3", "RSS 1.0", "RSS 0.90", "RSS 0.91 with HTML's entities", "prefixed Atom", "JSON Feed"],
)  # fmt: skip
def test_every_format_is_read(document, name, entries):
    found = feed(document)
    assert (found.format, len(found.entries)) == (name, entries)


def test_an_rss_item_is_read_whole():
    found = feed(RSS)
    first, second = found.entries
    assert (found.title, found.site, found.language, found.ttl_s) == (
        "The Paper",
        "https://paper.example/",
        "en-gb",
        900.0,
    )
    assert (first.guid, first.url, first.title, first.author) == (
        "p-1",
        "https://paper.example/1",
        "Talks & terms",
        "A. Writer",
    )
    assert first.text == "The line holds.\n\nIt has held."
    assert first.dates == ("Wed, 25 Nov 2026 18:54:53 GMT",)
    assert (second.guid, second.url, second.title, second.text) == (
        "https://paper.example/2",
        "https://paper.example/2",
        "",
        "Only words.",
    )


ODD = {
    "text before and after the document": "<br />\n<b>Warning</b>: foo on line 3<br />\n{}<!-- cached --><script>x</script>",
    "two byte order marks": "\ufeff\ufeff{}",
    "blank lines before the declaration": "\n\n <?xml version='1.0' encoding='iso-8859-1'?>{}",
    "two declarations": "<?xml version='1.0'?><?xml version='1.0'?>{}",
    "Netscape's document type": '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">{}',
    "UTF-16 claimed, UTF-8 sent": "<?xml version='1.0' encoding='utf-16'?>{}",
    "an encoding that nobody knows": "<?xml version='1.0' encoding='x-foo'?>{}",
}


@pytest.mark.parametrize("frame", ODD.values(), ids=ODD)
def test_what_stands_around_a_feed_keeps_none_of_its_entries(frame):
    feed = "<rss version='2.0'><channel><title>F</title><item><title>One</title><link>http://e.example/1</link></item></channel></rss>"
    found = parse(frame.format(feed).encode())
    assert [(entry.title, entry.url) for entry in found.entries] == [("One", "http://e.example/1")]


ATOM_NS = 'xmlns="http://www.w3.org/2005/Atom"'
MISSING = {
    "guid that is the address": ("<rss version='2.0'><channel><item><guid>http://e.example/1</guid></item></channel></rss>", "http://e.example/1"),
    "guid that is none": ("<rss version='2.0'><channel><item><guid isPermaLink='false'>http://e.example/1</guid></item></channel></rss>", ""),
    "enclosure alone": ("<rss version='2.0'><channel><item><title>T</title><enclosure url='http://e.example/1.mp3'/></item></channel></rss>", ""),
    "id alone": (f"<feed {ATOM_NS}><entry><id>http://e.example/1</id></entry></feed>", "http://e.example/1"),
    "content elsewhere": (f"<feed {ATOM_NS} xml:base='http://e.example/'><entry><title>T</title><content src='1'/></entry></feed>", "http://e.example/1"),
    "base within base": (f"<feed {ATOM_NS} xml:base='http://e.example/a/'><entry xml:base='b/'><link href='1'/></entry></feed>", "http://e.example/a/b/1"),
    "items beside the channel": ("<rss version='0.92'><channel><title>F</title></channel><item><link>http://e.example/1</link></item></rss>", "http://e.example/1"),
    "capitals": ("<RSS><CHANNEL><ITEM><LINK>http://e.example/1</LINK></ITEM></CHANNEL></RSS>", "http://e.example/1"),
    "a source's own link": (f"<feed {ATOM_NS}><entry><source><link href='http://o.example/'/></source><link href='http://e.example/1'/></entry></feed>", "http://e.example/1"),
}  # fmt: skip


@pytest.mark.parametrize(("document", "url"), MISSING.values(), ids=MISSING)
def test_an_entry_that_lacks_this_or_that_is_an_entry(document, url):
    found = parse(document.encode())
    assert [entry.url for entry in found.entries] == [url]


def test_an_item_inside_an_items_content_is_no_item():
    inner = "<content:encoded><item><title>quoted</title></item></content:encoded>"
    document = f"<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><item><title>T</title>{inner}</item></channel></rss>"
    assert [entry.title for entry in parse(document.encode()).entries] == ["T"]


def test_a_title_in_xhtml_has_no_tags():
    document = f"<feed {ATOM_NS}><entry><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>T <em>x</em></div></title></entry></feed>"
    assert [entry.title for entry in parse(document.encode()).entries] == ["T x"]


def test_an_atom_entry_is_read_whole():
    first, second = feed(ATOM).entries
    assert (first.guid, first.url, first.author) == (
        "tag:paper.example,2026:1",
        "https://paper.example/news/1",
        "A. Writer",
    )
    assert first.text == "First.\n\nSecond <3."
    assert first.dates == ("2026-11-25T17:00:00Z", "2026-11-25T18:00:00Z")
    assert (second.title, second.url) == ("Two", "")


def test_json_items_are_read_and_wrong_types_are_as_good_as_missing():
    first, second = feed(JSON).entries
    assert (first.guid, first.url, first.text) == ("7", "https://j.example/7", "A\n\nB")
    assert (second.text, second.author) == ("Only text", "W")


@pytest.mark.parametrize(
    ("damage", "titles"),
    [
        (lambda text: text.replace("Talks &amp;amp; terms", "AT&T & terms"), ["AT&T & terms", ""]),
        (lambda text: text.replace("Talks &amp;amp; terms", "Talks&nbsp;resume &bogus; now"), ["Talks resume &bogus; now", ""]),
        (lambda text: "<br />\n<b>Warning</b>: mysql in /x on line 3<br />\n" + text, ["Talks & terms", ""]),
        (lambda text: text + "\n<!-- cached --><script>x</script>", ["Talks & terms", ""]),
        (lambda text: text.replace("</channel></rss>", ""), ["Talks & terms", ""]),
        (lambda text: text.replace("<channel>", "<channel><b>"), ["Talks & terms", ""]),
        (lambda text: text.replace("Short.", "Short\x0b\x00."), ["Talks & terms", ""]),
        (lambda text: text.replace('xmlns:media="http://search.yahoo.com/mrss/"', ""), ["Talks & terms", ""]),
        (lambda text: text.replace("Short.", "&#0;&#xFFFFFF;Short."), ["Talks & terms", ""]),
    ],
    ids=["bare ampersands", "entities", "text before", "text after", "cut off", "stray tag", "control characters", "no namespace", "bad references"],
)  # fmt: skip
def test_items_of_damaged_documents_are_found_all_the_same(damage, titles):
    assert [" ".join(entry.title.split()) for entry in feed(damage(RSS)).entries] == titles


RUSSIAN = '<?xml version="1.0"{}?><rss version="2.0"><channel><title>Газета</title><item><title>Переговоры продолжаются в Москве</title></item></channel></rss>'


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "", ""),
        ("utf-8", ' encoding="iso-8859-1"', ""),
        ("utf-8", ' encoding="windows-1251"', "text/xml; charset=windows-1251"),
        ("utf-8-sig", "", ""),
        ("cp1251", ' encoding="windows-1251"', ""),
        ("cp1251", "", "text/xml; charset=windows-1251"),
        ("cp1251", "", ""),
        ("cp1251", ' encoding="utf-8"', ""),
        ("koi8-r", ' encoding="koi8-r"', ""),
        ("utf-16", ' encoding="utf-16"', ""),
        ("utf-16-le", ' encoding="utf-16"', ""),
        ("utf-16-be", "", ""),
        ("utf-32", "", ""),
        ("utf-16", "", "application/rss+xml; charset=utf-8"),
    ],
)
def test_letters_survive_what_is_and_is_not_declared_of_their_encoding(encoding, declared, content_type):
    found = feed(RUSSIAN.format(declared).encode(encoding), content_type)
    assert [entry.title for entry in found.entries] == ["Переговоры продолжаются в Москве"]


def test_curly_quotes_of_windows_are_read_where_latin_1_is_declared():
    document = '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel><item><title>The “line”</title></item></channel></rss>'
    assert feed(document.encode("cp1252")).entries[0].title == "The “line”"


def test_unknown_encodings_are_passed_over():
    document = '<?xml version="1.0" encoding="x-nonsense"?><rss><channel><item><title>é</title></item></channel></rss>'
    assert feed(document.encode(), "text/xml; charset=hex").entries[0].title == "é"


def test_a_pages_own_charset_counts():
    page = '<html><head><meta charset="windows-1251"></head><body>Переговоры</body></html>'
    assert "Переговоры" in decode_page(page.encode("cp1251"), "text/html")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\0\0", "empty"),
        (b"<!DOCTYPE html><html><head><title>Home</title></head><body><p>item</p></body></html>", "html"),
        (b"<html><body><form><input type='password' name=p></form></body></html>", "login_page"),
        (b"<html><head><title>Just a moment...</title></head></html>", "login_page"),
        (b'{"error": "not found"}', "not_a_feed"),
        (b"[1, 2", "not_a_feed"),
        (b"%PDF-1.7", "not_a_feed"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_feed"),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", "not_a_feed"),
        (b"plain words", "not_a_feed"),
    ],
)
def test_what_is_no_feed_is_named(body, kind):
    found = parse(body)
    assert isinstance(found, NotAFeed)
    assert found.kind == kind
    assert found.problem


def test_a_page_gives_the_feeds_that_it_names():
    page = b"""<html><head><link rel="alternate" type="application/rss+xml" href="/rss"><link rel=alternate type=application/atom+xml
    href='https://x.example/atom?a=1&amp;b=2'><link rel="stylesheet" href="/x.css"></head></html>"""
    found = parse(page)
    assert isinstance(found, NotAFeed)
    assert found.links == ("/rss", "https://x.example/atom?a=1&b=2")


def test_external_entities_are_never_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    document = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "file://{secret}">]><rss><channel><item><title>&x;!</title></item></channel></rss>'
    assert "secret" not in feed(document).entries[0].title.replace("&x;", "")


def test_declared_entities_do_not_multiply():
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    document = (
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]><rss><channel><item><title>&l8;</title></item></channel></rss>'
    )
    assert len(feed(document).entries[0].title) < 10_000


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("plain & simple", "plain & simple"),
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\n\nThree"),
        ("<style>p{}</style>A<script>x<y</script>B", "AB"),
        ("a &lt; b &amp; c<b>!</b>", "a < b & c!"),
        ("<ul><li>x<li>y</ul>", "x\n\ny"),
        ("First line\nsecond line\n\nNext", "First line second line\n\nNext"),
    ],
)
def test_markup_becomes_paragraphs(markup, expected):
    assert to_text(markup) == expected


def test_titles_are_one_line_without_markup():
    assert to_line(" The <em>line</em>\n holds &amp; 3 < 5 ") == "The line holds & 3 < 5"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=40))
def test_any_bytes_have_an_answer(body, content_type):
    found = parse(body, content_type)
    assert isinstance(found, ParsedFeed | NotAFeed)
    assert from_record(json.loads(json.dumps(to_record(found)))) == found


FRAGMENTS = st.sampled_from(
    [
        "<rss>", "<channel>", "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "&", "&amp;", "&#x;", "<![CDATA[", "]]>",
        "<!--", "-->", "<link href='", "'/>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<?xml version='1.0'?>", "<!DOCTYPE x [",
        "<!ENTITY a 'b'>", "]>", "text", "\x00", "é", "<a:b>", "<author>", "<name>", "{", '"items": [', "</rss>", "</feed>", "<pubDate>",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAGMENTS, max_size=40))
def test_any_heap_of_fragments_has_an_answer(pieces):
    assert isinstance(parse("".join(pieces).encode()), ParsedFeed | NotAFeed)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(RSS)), st.binary(max_size=8))
def test_a_feed_with_a_wound_anywhere_has_an_answer(at, wound):
    body = RSS.encode()
    assert isinstance(parse(body[:at] + wound + body[at + len(wound) :]), ParsedFeed | NotAFeed)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=30)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), max_size=12))
def test_every_well_formed_entry_is_found(items):
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    for title, guid in items:
        item = ET.SubElement(channel, "item")
        ET.SubElement(item, "title").text = title
        ET.SubElement(item, "guid").text = guid
    found = feed(ET.tostring(root, encoding="utf-8"))
    assert [entry.guid for entry in found.entries] == [guid.strip() for _, guid in items]


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_decoding_never_fails_and_leaves_nothing_that_xml_forbids(body, content_type):
    text = decode(body, content_type)
    assert not any(ord(letter) < 32 and letter not in "\t\n\r" for letter in text)
    text.encode("utf-8")


def test_a_long_prologue_of_comments_costs_no_more_than_its_length():
    body = b"<!--a--><?b?> " * 20_000 + b"<nothing"
    found = parse(body)
    assert isinstance(found, NotAFeed)
    assert found.kind == "not_a_feed"


def test_a_page_after_comments_is_a_page():
    found = parse(b"<!-- a --> <?php ?>\n<!-- b --><HTML><body>x & y</body>")
    assert isinstance(found, NotAFeed)
    assert found.kind == "html"


@pytest.mark.parametrize("mark", ["<![CDA[", "<![ n[", "<![<b>", "<![", "<![\u2643;DA<x"])
def test_a_marked_section_of_no_known_kind_is_a_comment_and_ends_nothing(mark):
    assert to_text(f"<p>Before.</p>{mark}>After.<p>At the end.</p>").endswith("At the end.")
    assert to_text(f"<p>Before.</p>{mark}").startswith("Before.")
    feed = f"<rss><channel><item><title>One</title><description>&lt;b>x&lt;/b> {mark} y</description></item></channel>"
    found = parse(feed.encode())
    assert isinstance(found, ParsedFeed)
    assert [entry.title for entry in found.entries] == ["One"]


@pytest.mark.parametrize("opening", [b"<!--", b"<![CDATA["])
def test_openings_without_an_end_are_looked_through_once(opening):
    """Measured in characters looked at, not in seconds: each opening alone has the rest of the document to itself."""
    for pattern in (REFERENCE, OPAQUE):
        text = "<rss><channel>&" + opening.decode() * 3000
        spans = [found.span() for found in pattern.finditer(text)]
        assert spans[-1] == (text.index(opening.decode()), len(text))


def test_items_after_a_comment_that_is_never_closed_are_counted():
    found = parse(
        b"<rss><channel><!-- oops <item><title>A</title></item><item><title>B & C</title></item></channel></rss>"
    )
    assert isinstance(found, ParsedFeed)
    assert [entry.title for entry in found.entries] == ["A", "B & C"]
