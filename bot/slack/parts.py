"""The blocks and elements that messages, windows and the Home tab are made of. Callers hand in text that is safe already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.ports import Choice
from bot.slack import limits
from bot.slack.escape import plain

Block = dict[str, object]
NOTHING = "–"
"""Stands where words were to stand and are none: Slack takes no empty text."""


def listed(lines: Sequence[str], limit: int = 1000) -> str:
    """Return lines one below the other, as many as fit into `limit`, and how many more there are."""
    shown: list[str] = []
    room = limit - 20
    for line in lines:
        room -= limits.size(line) + 1
        if room < 0:
            break
        shown.append(line)
    rest = len(lines) - len(shown)
    return "\n".join([*shown, f"and {rest} more"] if rest else shown)


def size(blocks: Iterable[Block]) -> int:
    """Return how long blocks are together, written out."""
    return sum(limits.size(str(block)) for block in blocks)


def header(text: str) -> Block:
    """Return a header; `text` is cleaned and cut here, since it is read as plain text."""
    return {"type": "header", "text": _plain(plain(text, limits.HEADER) or NOTHING, emoji=False)}


def section(text: str, accessory: Block | None = None) -> Block:
    """Return a section of `text` in mrkdwn."""
    block: Block = {"type": "section", "text": _mrkdwn(text)}
    return block | {"accessory": accessory} if accessory else block


def context(*texts: str) -> Block:
    """Return a line of small print."""
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def divider() -> Block:
    """Return a line across."""
    return {"type": "divider"}


def actions(*elements: Block) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def button(label: str, action: str, value: str, *, style: str = "", hint: str = "") -> Block:
    """Return a button. `style` is "", primary or danger; `hint` is what a screen reader says instead of the label."""
    made: Block = {
        "type": "button",
        "text": _plain(label),
        "action_id": action,
        "value": (value or NOTHING)[: limits.VALUE],
    }
    if style:
        made["style"] = style
    if hint:
        made["accessibility_label"] = plain(hint, limits.BUTTON)
    return made


def asked(label: str, name: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """Return a field of a window; `name` is the block's and the element's identifier."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return block | {"hint": _plain(hint)} if hint else block


def text_field(initial: str = "", *, least: int = 0, most: int = 3000, several_lines: bool = False) -> Block:
    """Return a field for text, `least` to `most` characters long."""
    element: Block = {"type": "plain_text_input", "max_length": most, "multiline": several_lines}
    if least:
        element["min_length"] = least
    shown = plain(initial, most)
    return element | {"initial_value": shown} if shown else element


def day_field(initial: str) -> Block:
    """Return a field for a day, such as 2026-02-10."""
    return {"type": "datepicker", "initial_date": initial}


def choice_field(choices: Sequence[Choice], *, chosen: str = "") -> Block:
    """Return a field that offers up to 100 choices, at least one; more are left out."""
    options = [_option(choice) for choice in choices[: limits.OPTIONS]]
    element: Block = {"type": "static_select", "options": options}
    first = [option for option in options if option["value"] == chosen]
    return element | {"initial_option": first[0]} if first else element


def choice(action: str, prompt: str, choices: Sequence[Choice]) -> Block:
    """Return a menu that acts as soon as something is chosen; `prompt` stands in it until then."""
    shown = _plain(plain(prompt, limits.PLACEHOLDER))
    return {**choice_field(choices), "action_id": action, "placeholder": shown}


def window(title: str, blocks: Iterable[Block], *, callback: str = "", submit: str = "", memory: str = "") -> Block:
    """Return a modal. `memory` comes back with what is sent; `submit` is the button's label, "" for a window to read."""
    view: Block = {
        "type": "modal",
        "title": _plain(plain(title, limits.TITLE)),
        "close": _plain("Cancel" if submit else "Close"),
        "blocks": list(blocks)[: limits.VIEW_BLOCKS],
    }
    if submit:
        view["submit"] = _plain(submit)
    if callback:
        view["callback_id"] = callback
    return view | {"private_metadata": memory[: limits.MEMORY]} if memory else view


def _option(choice: Choice) -> Block:
    return {"text": _plain(plain(choice.label, limits.OPTION) or NOTHING), "value": choice.value[: limits.OPTION_VALUE]}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text or NOTHING, "verbatim": True}


def _plain(text: str, *, emoji: bool = True) -> Block:
    return {"type": "plain_text", "text": text, "emoji": emoji}
