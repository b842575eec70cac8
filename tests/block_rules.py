"""Block Kit's rules for what Walkback sends, stricter than the SDK's: unknown types and properties are faults, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models.blocks import Block

PROPERTIES = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "block_id", "fields", "accessory"},
    "context": {"type", "elements", "block_id"},
    "plain_text": {"type", "text", "emoji"},
    "mrkdwn": {"type", "text", "verbatim"},
}
TOP = {"header", "section", "context"}
MESSAGE = {"text", "blocks", "metadata"}
TEXT_MOST = {"header": 150, "section": 3000, "context": 2000}


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults_of_blocks(blocks: object) -> Iterator[str]:
    """Every breach of Block Kit's rules in `blocks`, one sentence each."""
    if not isinstance(blocks, list) or not blocks:
        yield "blocks are no list, or empty"
        return
    if len(blocks) > 50:
        yield f"{len(blocks)} blocks"
    identifiers = [block["block_id"] for block in blocks if "block_id" in block]
    if len(identifiers) != len(set(identifiers)):
        yield "a block_id stands twice"
    for block in blocks:
        yield from _faults_of_block(block)
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


def _faults_of_block(block: Mapping[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in TOP:
        yield f"unknown block {kind!r}"
        return
    if extra := set(block) - PROPERTIES[kind]:
        yield f"{kind} has {extra}"
    texts = block["elements"] if kind == "context" else [block.get("text")]
    if kind == "context" and not 1 <= len(texts) <= 10:
        yield f"context of {len(texts)} elements"
    for text in texts:
        yield from _faults_of_text(text, kind)


def _faults_of_text(text: object, kind: str) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        yield f"{kind} has no text object"
        return
    if extra := set(text) - PROPERTIES[text["type"]]:
        yield f"{text['type']} has {extra}"
    if kind == "header" and text["type"] != "plain_text":
        yield "header in mrkdwn"
    if not 1 <= units(text["text"]) <= TEXT_MOST[kind]:
        yield f"{kind} text of {units(text['text'])}"
