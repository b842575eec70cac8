"""What a person can do about each way a feed fails."""

from __future__ import annotations

from bot.core.schedule import Outcome

ADVICE = {
    Outcome.REFUSED: "The address is inside a protected network. For a feed in your own, list that network in desk.yaml under "
    "`poll: allowed_networks`, such as `allowed_networks: [10.1.0.0/16]`.",
    Outcome.BAD_ADDRESS: "Write the whole address, beginning with https:// or http://.",
    Outcome.NO_SUCH_HOST: "Check the host name for a slip; if it is right, the site or its name server is down.",
    Outcome.NO_CONNECTION: "The server does not answer. Try the address in a browser; if it opens there, we may be blocked.",
    Outcome.TLS: "The site's certificate is expired, for another name, or not trusted. Tell the site, or use another feed of it.",
    Outcome.TIMEOUT: "The server is too slow. It is tried again with growing pauses.",
    Outcome.DROPPED: "The server ends the connection before the answer is complete. It is tried again with growing pauses.",
    Outcome.NOT_HTTP: "What answers there is no web server, or a broken one.",
    Outcome.TOO_LARGE: "The feed is over the size limit. Ask for a shorter one, or raise `poll: max_bytes` in desk.yaml.",
    Outcome.BAD_ENCODING: "The server's compression is broken. Tell the site.",
    Outcome.REDIRECT_LOOP: "The address sends round in a circle, often for want of a cookie or a login. Look for another feed.",
    Outcome.GONE: "The publisher ended this feed. Look for its successor; the address is asked again once a week.",
    Outcome.NOT_FOUND: "The feed has moved or ended. Give the site's address to `walkback feeds check` to look for it.",
    Outcome.FORBIDDEN: "The server refuses us. Check user and password in the address, or ask the site to admit the bot.",
    Outcome.RATE_LIMITED: "We ask too often for this server. It is left alone for as long as it said.",
    Outcome.UNAVAILABLE: "The server says that it is down for now. It is tried again with growing pauses.",
    Outcome.HTTP_ERROR: "The server reports an error of its own. It is tried again with growing pauses.",
    Outcome.EMPTY: "The answer has no content. If that lasts, tell the site.",
    Outcome.HTML: "This is a web page. Look for its RSS link, or give the site's address to `walkback feeds check`.",
    Outcome.LOGIN_PAGE: "A login, consent or captcha page stands in the feed's place. Ask the site for an address without.",
    Outcome.NOT_A_FEED: "This is neither RSS, Atom nor JSON Feed. Look for another address.",
    Outcome.PARSE_LIMIT: "The document exhausts the parser. Tell the site; it is tried again with growing pauses.",
    Outcome.PARSE_CRASH: "The document breaks the parser. Report it to us with the file.",
    Outcome.ERROR: "This is a fault of ours. Report it with the log.",
}


def advice(outcome: Outcome) -> str:
    """Return what to do about `outcome`, "" where nothing needs doing."""
    return ADVICE.get(outcome, "")
