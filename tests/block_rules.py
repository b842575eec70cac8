"""Block Kit's rules for what Walkback sends, stricter than the SDK's: unknown types and properties are faults, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

PROPERTIES = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "block_id", "fields", "accessory"},
    "context": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
    "actions": {"type", "elements", "block_id"},
    "input": {"type", "label", "element", "hint", "optional", "block_id"},
    "plain_text": {"type", "text", "emoji"},
    "mrkdwn": {"type", "text", "verbatim"},
    "button": {"type", "text", "action_id", "value", "style", "accessibility_label"},
    "plain_text_input": {"type", "action_id", "initial_value", "multiline", "min_length", "max_length"},
    "datepicker": {"type", "action_id", "initial_date"},
    "static_select": {"type", "action_id", "options", "initial_option", "placeholder"},
    "option": {"text", "value"},
    "modal": {"type", "title", "close", "submit", "callback_id", "private_metadata", "blocks"},
    "home": {"type", "blocks"},
}
IN_MESSAGES = frozenset({"header", "section", "context", "divider", "actions"})
IN_VIEWS = IN_MESSAGES | {"input"}
FIELDS = frozenset({"plain_text_input", "datepicker", "static_select"})
BUTTONS = frozenset({"button"})
BESIDE_TEXT = BUTTONS | {"static_select"}
MESSAGE = {"text", "blocks", "metadata"}
TEXT_MOST = {
    "header": 150,
    "section": 3000,
    "context": 2000,
    "label": 2000,
    "hint": 2000,
    "button": 75,
    "option": 75,
    "placeholder": 150,
}


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults_of_blocks(blocks: object, *, known: frozenset[str] = IN_MESSAGES, most: int = 50) -> Iterator[str]:
    """Every breach of Block Kit's rules in `blocks`, one sentence each."""
    if not isinstance(blocks, list) or not blocks:
        yield "blocks are no list, or empty"
        return
    if len(blocks) > most:
        yield f"{len(blocks)} blocks"
    identifiers = [block["block_id"] for block in blocks if "block_id" in block]
    if len(identifiers) != len(set(identifiers)) or not all(1 <= len(each) <= 255 for each in identifiers):
        yield "a block_id stands twice, or is too long"
    for block in blocks:
        yield from _faults_of_block(block, known)
    try:
        for parsed in Block.parse_all(blocks):
            parsed.validate_json()
    except Exception as error:  # noqa: BLE001  # whatever the SDK objects to is a fault
        yield f"slack_sdk: {error}"


def faults_of_message(message: Mapping[str, Any]) -> Iterator[str]:
    """Every breach of the rules in the arguments of a post."""
    if extra := set(message) - MESSAGE:
        yield f"message has {extra}"
    if not 1 <= units(message["text"]) <= 3000:
        yield f"fallback text of {units(message['text'])}"
    yield from faults_of_blocks(message["blocks"])
    if sum(units(str(block)) for block in message["blocks"]) > 13_000:
        yield "blocks too long together"


def faults_of_view(view: Mapping[str, Any]) -> Iterator[str]:
    """Every breach of the rules in a modal or a Home tab."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        yield f"unknown view {kind!r}"
        return
    if extra := set(view) - PROPERTIES[kind]:
        yield f"{kind} has {extra}"
    for name in ("title", "submit", "close") if kind == "modal" else ():
        text = (view.get(name) or {}).get("text", "x" if name == "submit" else "")
        if not 1 <= units(text) <= 24:
            yield f"{name} of {units(text)}"
    if units(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        yield "memory or callback too long"
    yield from faults_of_blocks(view["blocks"], known=IN_VIEWS, most=100)
    if any(block.get("type") == "input" for block in view["blocks"]) and "submit" not in view:
        yield "fields and nothing to send them with"
    if units(str(view)) > 250_000:
        yield "a view too long altogether"
    try:
        View(**view).validate_json()
    except Exception as error:  # noqa: BLE001  # whatever the SDK objects to is a fault
        yield f"slack_sdk: {error}"


def _faults_of_block(block: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in known:
        yield f"unknown block {kind!r}"
        return
    if extra := set(block) - PROPERTIES[kind]:
        yield f"{kind} has {extra}"
    if kind == "actions":
        yield from _faults_of_buttons(block["elements"])
    elif kind == "input":
        yield from _faults_of_text(block.get("label"), "label")
        if "hint" in block:
            yield from _faults_of_text(block["hint"], "hint")
        yield from _faults_of_element(block["element"], FIELDS)
    elif kind != "divider":
        texts = block["elements"] if kind == "context" else [block.get("text")]
        if kind == "context" and not 1 <= len(texts) <= 10:
            yield f"context of {len(texts)} elements"
        for text in texts:
            yield from _faults_of_text(text, kind)
        if "accessory" in block:
            yield from _faults_of_element(block["accessory"], BESIDE_TEXT)


def _faults_of_buttons(elements: list[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(elements) <= 25:
        yield f"{len(elements)} elements in a row"
    names = [element.get("action_id") for element in elements]
    if len(names) != len(set(names)):
        yield "an action_id stands twice in a row"
    for element in elements:
        yield from _faults_of_element(element, BUTTONS)


def _faults_of_element(element: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    kind = element.get("type")
    if kind not in known:
        yield f"unknown element {kind!r}"
        return
    if extra := set(element) - PROPERTIES[kind]:
        yield f"{kind} has {extra}"
    if not 1 <= len(element.get("action_id", "")) <= 255:
        yield f"{kind} has no action_id that fits"
    if kind == "button":
        yield from _faults_of_button(element)
    if kind == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if not 0 <= least <= most <= 3000 or units(element.get("initial_value", "")) > most:
            yield "a field whose lengths do not fit"
    if kind == "static_select":
        yield from _faults_of_options(element["options"])
        if "placeholder" in element:
            yield from _faults_of_text(element["placeholder"], "placeholder")


def _faults_of_button(element: Mapping[str, Any]) -> Iterator[str]:
    yield from _faults_of_text(element.get("text"), "button")
    if not 1 <= units(element.get("value", "")) <= 2000:
        yield f"button value of {units(element.get('value', ''))}"
    label, style = element.get("accessibility_label", ""), element.get("style", "primary")
    if units(label) > 75 or style not in ("primary", "danger"):
        yield "button label or style"


def _faults_of_options(options: list[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(options) <= 100:
        yield f"{len(options)} options"
    for option in options:
        yield from _faults_of_text(option["text"], "option")
        if set(option) != PROPERTIES["option"] or not 1 <= units(option["value"]) <= 150:
            yield "an option whose value does not fit"


def _faults_of_text(text: object, kind: str) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        yield f"{kind} has no text object"
        return
    if extra := set(text) - PROPERTIES[text["type"]]:
        yield f"{text['type']} has {extra}"
    if kind not in ("section", "context") and text["type"] != "plain_text":
        yield f"{kind} in mrkdwn"
    if not 1 <= units(text["text"]) <= TEXT_MOST[kind]:
        yield f"{kind} text of {units(text['text'])}"
