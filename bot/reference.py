"""Writes docs/reference/ (commands, environment variables, keys of the YAML files) and config/schema/ from the code.

`python -m bot.reference` writes them, in a checkout; tests compare what stands there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from typer.core import TyperGroup
from typer.main import get_command

from bot.config import Settings, json_schemas

log = structlog.get_logger()

NOTE = "<!-- Written by `make reference` from the code: edit there. -->\n"


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    return {"commands.md": commands(), "environment.md": environment(), "configuration.md": configuration()}


def commands() -> str:
    """Return the page of all commands, their arguments and options."""
    from bot.cli import app

    root = get_command(app)
    lines = [NOTE, "# Commands", ""]
    for name, command in _walk(root, "walkback"):
        if isinstance(command, TyperGroup) and name != "walkback":
            lines += [f"## `{name}`", "", _text(command.help), ""]
        elif name != "walkback":
            lines += _command(name, command)
    return "\n".join(lines).rstrip() + "\n"


def environment() -> str:
    """Return the page of the WALKBACK_* variables."""
    lines = [
        NOTE,
        "# Environment variables",
        "",
        "Deployment and secrets; an empty variable counts as unset. The desk's choices: [the YAML files](configuration.md).",
        "",
        "| variable | what it is | default |",
        "|---|---|---|",
    ]
    prefix = Settings.model_config.get("env_prefix", "")
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        words = "" if default in (None, PydanticUndefined) else f"`{default}`"
        secret = " Secret." if SecretStr in _types(field.annotation) else ""
        lines.append(f"| `{prefix}{name.upper()}` | {_cell(field.description)}{secret} | {words} |")
    return "\n".join(lines) + "\n"


def configuration() -> str:
    """Return the page of the keys of positions.yaml, feeds.yaml and desk.yaml."""
    lines = [NOTE, "# The YAML files", "", "Unknown keys are faults; each is told with its file, line and key.", ""]
    for name, schema in json_schemas().items():
        lines += [f"## {name}.yaml", ""]
        lines += _shape(schema, schema, "")
    return "\n".join(lines).rstrip() + "\n"


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each command that is not hidden, with its full name, depth first in the order of the help."""
    if command.hidden:
        return
    yield name, command
    if isinstance(command, TyperGroup):
        for child in command.commands.values():
            yield from _walk(child, f"{name} {child.name}")


def _command(name: str, command: Any) -> list[str]:
    ctx = command.make_context(name, [], resilient_parsing=True)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden and "--help" not in p.opts]
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *(_argument(p) for p in arguments)])
    lines = [f"### `{name}`", "", "```text", usage, "```", "", _text(command.help), ""]
    if arguments or options:
        lines += ["| argument or option | what it does | default |", "|---|---|---|"]
        lines += [f"| `{_cell(_argument(p))}` | {_cell(p.help)} | {_default(p)} |" for p in arguments]
        lines += [f"| `{_cell(p.get_help_record(ctx)[0])}` | {_cell(p.help)} | {_default(p)} |" for p in options]
        lines.append("")
    return lines


def _argument(param: Any) -> str:
    word = f"{param.metavar or str(param.name).upper()}{' …' if param.nargs == -1 else ''}"
    return word if param.required else f"[{word}]"


def _default(param: Any) -> str:
    value = None if callable(param.default) else param.default
    if param.required:
        return "required"
    return "" if value in (None, False, (), [], "") else f"`{getattr(value, 'value', value)}`"


def _shape(root: dict[str, Any], schema: dict[str, Any], under: str) -> list[str]:
    """Return the table of one mapping's keys, then those of the mappings inside it."""
    lines = [f"{schema['description']}", ""] if schema.get("description") else []
    lines += ["| key | what it is | kind | default |", "|---|---|---|---|"]
    inner: list[str] = []
    for key, value in schema.get("properties", {}).items():
        target, many = _target(root, value)
        place = f"{under}{key}" + ("[]" if many else "")
        default = "required" if key in schema.get("required", []) else _json(value.get("default"))
        lines.append(f"| `{under}{key}` | {_cell(value.get('description'))} | {_kind(root, value)} | {default} |")
        if target:
            inner += [f"### `{place}`", "", *_shape(root, target, f"{place}.")]
    return [*lines, "", *inner]


def _target(root: dict[str, Any], value: dict[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """Return the mapping that a key holds, and whether it holds a list of them; None where it holds plain values."""
    if "$ref" in value:
        found: dict[str, Any] = root["$defs"][value["$ref"].rsplit("/", 1)[1]]
        return found, False
    for option in (*value.get("anyOf", ()), *value.get("allOf", ())):
        found_in, many = _target(root, option)
        if found_in:
            return found_in, many
    if "items" in value:
        return _target(root, value["items"])[0], True
    return None, False


def _kind(root: dict[str, Any], value: dict[str, Any]) -> str:
    if "$ref" in value:
        return "mapping"
    if "enum" in value:
        return " or ".join(f"`{word}`" for word in value["enum"])
    if "anyOf" in value:
        return " or ".join(kind for option in value["anyOf"] if (kind := _kind(root, option)) != "null")
    if value.get("type") == "array":
        return f"list of {_kind(root, value['items'])}"
    if value.get("type") == "object":
        return "mapping"
    names = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    return {"date": "day", "uri": "address"}.get(value.get("format", ""), "") or names.get(
        value.get("type", ""), value.get("type", "")
    )


def _json(value: Any) -> str:
    if value in (None, "", [], {}) or isinstance(value, dict):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *getattr(annotation, "__args__", ()))


def _text(words: str | None) -> str:
    return "\n".join(line.strip() for line in (words or "").strip().splitlines()).replace("\b", "")


def _cell(words: str | None) -> str:
    return " ".join((words or "").split()).replace("|", "\\|")


def main(root: Path) -> None:
    """Write every page and schema into the checkout at `root`."""
    texts = {root / "docs" / "reference" / name: text for name, text in pages().items()}
    for name, schema in json_schemas().items():
        texts[root / "config" / "schema" / f"{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        log.info("reference_written", file=str(path))


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent)
