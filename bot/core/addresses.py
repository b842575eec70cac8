"""What a web address names: cleaned for reading and clicking, and reduced to an identity for comparing.

`clean` unwraps redirectors that carry their target in the address and drops trackers; what it returns can be fetched.
`identity` goes further (scheme, `www.`, trailing slash, AMP forms): two addresses with one identity are one page, but the
identity itself need not answer.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from ipaddress import IPv6Address
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

TRACKERS = re.compile(
    r"^(?:utm_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|"
    r"at_(?:medium|campaign|custom\d|link.*|ptr.*|bbc.*|format)|ns_(?:mchannel|source|campaign|linkname|fee)|"
    r"ref_src|ref_url|cmpid|ocid|ftag|xtor|smid|smtyp|partner|feedtype|feedname|spref|wt_.*|pk_.*|mtm_.*|piwik_.*|"
    r"oly_.*|vero_.*|s_cid|ito|traffic_source|soc_.*|__twitter_impression|amp_gsa|amp_js_v|guccounter|guce_.*)$",
    re.IGNORECASE,
)
REDIRECT_PARAMETERS = {
    "www.google.com": ("/url", ("q", "url")),
    "news.google.com": ("/news/url", ("url",)),
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "out.reddit.com": ("/", ("url",)),
    "www.bing.com": ("/news/apiclick.aspx", ("url",)),
    "r.search.yahoo.com": ("/", ("RU",)),
    "vk.com": ("/away.php", ("to",)),
    "away.vk.com": ("/away.php", ("to",)),
    "www.youtube.com": ("/redirect", ("q",)),
    "www.linkedin.com": ("/redir/redirect", ("url",)),
    "l.instagram.com": ("/", ("u",)),
    "l.threads.com": ("/", ("u",)),
    "t.umblr.com": ("/redirect", ("z",)),
    "duckduckgo.com": ("/l/", ("uddg",)),
    "getpocket.com": ("/redirect", ("url",)),
    "exit.sc": ("/", ("url",)),
    "slack-redir.net": ("/link", ("url",)),
    "go.skimresources.com": ("/", ("url",)),
    "go.redirectingat.com": ("/", ("url",)),
    "redirect.viglink.com": ("/", ("u",)),
    "click.linksynergy.com": ("/", ("murl",)),
    "steamcommunity.com": ("/linkfilter/", ("url", "u")),
    "translate.google.com": ("/translate", ("u",)),
    "feedproxy.google.com": ("/", ("url",)),
}
REDIRECTORS = frozenset(
    {
        "t.co", "bit.ly", "buff.ly", "ow.ly", "dlvr.it", "trib.al", "tinyurl.com", "is.gd", "goo.gl", "ift.tt", "reut.rs",
        "bbc.in", "nyti.ms", "wapo.st", "cnn.it", "feedproxy.google.com", "feeds.feedburner.com", "rss.feedsportal.com",
        "news.google.com", "apple.news", "flip.it", "lnkd.in", "shorturl.at", "rb.gy", "t.ly", "cutt.ly", "on.ft.com",
    }
)  # fmt: skip
OUTLOOK = ".safelinks.protection.outlook.com"
HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")
PLAIN = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[A-Za-z0-9/_.~-]*")
"""An address that `clean` leaves as it is, unless its host redirects: most of them, and quickly told."""
UNWRAPPED = frozenset({*REDIRECT_PARAMETERS, "google.com", "cdn.ampproject.org"})
DEFAULT_PORTS = {"http": 80, "https": 443}
SHARED_SUFFIXES = frozenset({"ac", "co", "com", "edu", "gob", "gouv", "gov", "net", "or", "org"})
AMP_QUERY = frozenset({"amp", "outputtype"})
LONGEST = 8000


def clean(address: str, base: str = "") -> str:
    """Return a fetchable address without trackers and fragment, "" where it is no http(s) address.

    Relative addresses are joined to `base`. Redirectors and AMP caches that carry the target in the address are unwrapped.
    """
    if PLAIN.fullmatch(address) and not _may_unwrap(address.split("/", 3)[2]):
        return address
    text = "".join(re.sub(r"[\x00-\x20\x7f]+", "", address).split())
    if not text or len(text) > LONGEST:
        return ""
    try:
        joined = urljoin(base, text) if base else text
        for _ in range(4):
            inner = _unwrap(joined)
            if inner == joined:
                break
            joined = inner
        return _normal(joined)
    except (ValueError, UnicodeError):
        return ""


def identity(address: str) -> str:
    """Return what two addresses of one page have in common; the trimmed address itself where it is no http(s) address."""
    cleaned = clean(address)
    if not cleaned:
        return address.strip()
    return _identity(cleaned)


@lru_cache(maxsize=8192)
def _identity(cleaned: str) -> str:
    parts = urlsplit(cleaned)
    host = parts.netloc.removeprefix("www.").removeprefix("amp.").removeprefix("m.")
    path = re.sub(r"/(?:amp|index\.(?:html?|php))$", "", parts.path.rstrip("/"))
    path = re.sub(r"\.amp(?=\.html?$|$)", "", path).rstrip("/")
    query = urlencode(
        [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key.lower() not in AMP_QUERY]
    )
    return urlunsplit(("https", host, path, query, ""))


def is_redirector(address: str) -> bool:
    """Whether the address's host only points elsewhere, so that it says nothing about who publishes."""
    host = host_of(address)
    return host in REDIRECTORS or host.endswith((".feedsportal.com", ".ampproject.org"))


def host_of(address: str) -> str:
    """Return the host in lower case, "" where there is none."""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


@lru_cache(maxsize=8192)  # asked several times a poll, and feeds come back
def origin_of(address: str) -> str:
    """Return scheme, host and port, the unit of credentials and of robots.txt; "" where it is no http(s) address."""
    try:
        parts = urlsplit(address)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme.lower())
    except ValueError:
        return ""
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        return ""
    return f"{parts.scheme.lower()}://{parts.hostname.lower()}:{port}"


@lru_cache(maxsize=8192)
def server_of(address: str) -> str:
    """Return the host's name, the unit of politeness, whatever scheme and port; "" where it is no http(s) address.

    On this machine itself (which only an allow-list opens) each port is a server of its own, and stays in the name.
    """
    origin = origin_of(address)
    if not origin:
        return ""
    host = host_of(address).rstrip(".")
    here = host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host)
    return f"{host}:{origin.rpartition(':')[2]}" if here else host


def redacted(address: str) -> str:
    """Return the address fit for logs and screens: a password in it is hidden."""
    return re.sub(r"(?<=://)[^/@\s]*@", "***@", address, count=1)


def canonical(declared: str, fetched: str) -> str:
    """Return the address a page is known by: the one it declares, where that can be believed, else the fetched one.

    A declared address is believed on the same site, or from an AMP cache or redirector; never when it is a front page.
    """
    mine, other = clean(fetched), clean(declared, fetched)
    if not other or not urlsplit(other).path.strip("/"):
        return mine
    if is_redirector(mine) or site_of(host_of(mine)) == site_of(host_of(other)):
        return other
    return mine


def site_of(host: str) -> str:
    """Return the part of a host name that one owner has: "example.co.uk" of "news.example.co.uk"."""
    labels = host.split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SHARED_SUFFIXES  # the "co" of example.co.uk
    return ".".join(labels[-3 if shared else -2 :])


def _may_unwrap(host: str) -> bool:
    return host in UNWRAPPED or host.endswith((".ampproject.org", OUTLOOK))


def _unwrap(address: str) -> str:
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if host in REDIRECT_PARAMETERS:
        prefix, names = REDIRECT_PARAMETERS[host]
        if parts.path.startswith(prefix):
            query = parse_qs(parts.query)
            for name in names:
                target = query.get(name, [""])[0]
                if target.startswith(("http://", "https://")):
                    return target
    if host.endswith(OUTLOOK):
        target = parse_qs(parts.query).get("url", [""])[0]
        return target if target.startswith(("http://", "https://")) else address
    if host in ("www.google.com", "google.com") and parts.path.startswith("/amp/"):
        return _amp_target(parts.path.removeprefix("/amp/"), parts.query) or address
    if host.endswith(".cdn.ampproject.org") or host == "cdn.ampproject.org":
        rest = re.sub(r"^/[a-z]/", "", parts.path)
        return _amp_target(rest, parts.query) or address
    if host == "news.google.com":
        return _google_news_target(parts.path) or address
    return address


def _amp_target(rest: str, query: str) -> str:
    scheme = "https" if rest.startswith("s/") else "http"
    rest = rest.removeprefix("s/")
    if "." not in rest.split("/", 1)[0]:
        return ""
    return f"{scheme}://{rest}" + (f"?{query}" if query else "")


def _google_news_target(path: str) -> str:
    """Return the address inside an old-style Google News article id (base64 of a small record), "" in a new-style one."""
    found = re.match(r"^/(?:__i/)?(?:rss/)?(?:articles|read)/([\w-]{20,4000}=*)", path)
    if not found:
        return ""
    token = found.group(1).rstrip("=")
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return ""
    inner = re.search(rb"https?://[\x21-\x7e]+", raw)  # the first is the page; an AMP form of it may follow
    return inner.group(0).decode("ascii") if inner else ""


def _normal(address: str) -> str:
    parts = urlsplit(address)
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").lower().rstrip(".")
    if scheme not in DEFAULT_PORTS or not host:
        return ""
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if ":" in host:
        host = f"[{IPv6Address(host.split('%', 1)[0])}]"
    elif not HOST.fullmatch(host):
        return ""
    if parts.port is not None and parts.port != DEFAULT_PORTS[scheme]:
        host = f"{host}:{parts.port}"
    path = quote(unquote(parts.path, errors="surrogateescape"), safe="/%:@!$&'()*+,;=~-._", errors="surrogateescape")
    if "%2f" in parts.path.lower() or "%25" in parts.path:
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")  # decoding these would change what is asked for
    return urlunsplit((scheme, host, path or "/", _query(parts.query), ""))


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [part for part in query.split("&") if part and not TRACKERS.match(part.split("=", 1)[0])]
    return quote("&".join(kept), safe="/%:@!$&'()*+,;=~-._?[]|")
