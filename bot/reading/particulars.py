"""What a page says of its article beside the text: title, author, outlet, address and date, by trafilatura's own steps.

Its `extract_metadata` also looks for tags, categories and licences, and looks for what the page does not have: half of the time
that a page takes. Here are the same steps in the same order, those left out whose outcome nobody asks for or that can find nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

_AUTHOR_MARKS = (
    r"author|byl|bbl|username|zuozhe|bianji|xiaobian|channel-name|submitted-by|posted-by|journalist-name|screenname|"
    r"writer"
)
_AUTHOR_MARK = re.compile(
    rf"<author|<rel|=\s*(?:\"[^\"]{{0,5000}}?|'[^']{{0,5000}}?|[\w-]{{0,100}}?)(?:{_AUTHOR_MARKS})", re.IGNORECASE
)
"""Stands in the source of whatever trafilatura's expressions for authors find."""


def particulars(tree: Any, page: str, *, url: str, dated: bool) -> Any:
    """Return trafilatura's document without a text for the parsed page `tree`, whose source is `page`.

    `dated` says that the date is known already: then none is looked for.
    """
    from trafilatura import metadata as steps
    from trafilatura.settings import set_date_params

    told = steps.examine_meta(tree)
    if told.author and " " not in told.author:
        told.author = None
    with suppress(Exception):  # the library passes over whatever its reading of JSON stumbles on
        told = steps.extract_meta_json(tree, told)
    told.title = told.title or steps.extract_title(tree)
    if not told.author and _AUTHOR_MARK.search(page):
        told.author = steps.extract_author(tree)
    told.url = told.url or steps.extract_url(tree, url or None)
    if not dated:
        told.date = steps.find_date(tree, **(set_date_params() | {"url": told.url}))  # type: ignore[attr-defined]  # htmldate's
    told.sitename = _sitename(steps, tree, told)
    told.clean_and_trim()
    return told


def _sitename(steps: Any, tree: Any, told: Any) -> str | None:
    name = told.sitename or steps.extract_sitename(tree)
    if name:
        name = name.lstrip("@")
        return str(name.title() if name and "." not in name and not name[0].isupper() else name)
    named = steps.META_URL.match(told.url) if told.url else None
    return str(named[1]) if named else None
