"""What holders are called, and which of many groups of names a text mentions, its words looked at once however many there are."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from bot.domain import Holder

SHORTEST_INITIALS = 3
_RUN = re.compile(r"\w+")


def names_of(holder: Holder) -> tuple[str, ...]:
    """Return every word by which a text may call a holder or somebody who speaks for it."""
    voices = [name for voice in holder.voices for name in (voice.name, *voice.aliases)]
    return (holder.name, *holder.aliases, *voices)


def by_meaning(called: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return by each that is meant every name that means it, of a table of whom each name means."""
    names: dict[str, list[str]] = {}
    for name, whom in called.items():
        names.setdefault(whom, []).append(name)
    return {whom: tuple(those) for whom, those in names.items()}


def short_forms(holder: Holder) -> tuple[str, ...]:
    """Return the initials by which a text may call a body: those in its name ("Rail union GVB"), and of three words or more."""
    found = []
    for name in (holder.name, *holder.aliases):
        words = [word for word in name.split() if word[:1].isalpha()]
        found += [word for word in words if len(word) >= SHORTEST_INITIALS and word.isupper() and word.isalpha()]
        initials = "".join(word[0] for word in words)
        if len(words) >= SHORTEST_INITIALS and initials.isupper():
            found.append(initials)
    known = names_of(holder)
    return tuple(form for form in dict.fromkeys(found) if form not in known)


class NameIndex:
    """Groups of names, to be looked for as whole words. A group is its place in `groups`; "" is no name."""

    def __init__(self, groups: Sequence[Collection[str]]) -> None:
        self._by_first: dict[str, list[tuple[str, int]]] = {}
        self._odd: list[tuple[re.Pattern[str], int]] = []
        for group, names in enumerate(groups):
            for name in filter(None, dict.fromkeys(names)):
                first = _RUN.match(name)
                if first:
                    self._by_first.setdefault(first.group(), []).append((name, group))
                else:  # begins with a mark: no word leads to it
                    self._odd.append((re.compile(rf"(?<!\w){re.escape(name)}(?!\w)"), group))

    def mentioned(self, text: str) -> set[int]:
        """Return the groups of which a name stands in `text`, with no letter, figure or underscore right before or after it."""
        found = {group for pattern, group in self._odd if pattern.search(text)}
        for run in _RUN.finditer(text):
            for name, group in self._by_first.get(run.group(), ()):
                at = run.start()
                if group not in found and text.startswith(name, at) and not _RUN.match(text, at + len(name)):
                    found.add(group)
        return found
