"""What Slack accepts at most, and how it is measured.

Sizes count UTF-16 code units of the text as it goes out, escapes included: no counting of Slack's is stricter.
"""

from __future__ import annotations

HEADER = 150
SECTION = 3000
CONTEXT = 2000
BLOCKS = 50
FALLBACK = 3000
URL = 1000
"""Longer addresses are not linked: they would crowd out the words."""
LABEL = 200


def size(text: str) -> int:
    """Return the length of `text` in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


MESSAGE = 12_500
"""Of all blocks of a message together, written out."""
BUTTON = 75
VALUE = 2000
OPTIONS = 100
PLACEHOLDER = 150
OPTION = 75
OPTION_VALUE = 150
TITLE = 24
VIEW_BLOCKS = 100
MEMORY = 3000
