"""What the site needs beyond docs/: the papers at the top of the checkout as pages, links that lead to them, no page forgotten.

Read by `mkdocs build` through mkdocs.yml. Pages link to files as they lie in the checkout, so that they can be read there, too.
"""
# ruff: noqa: INP001  mkdocs loads this file by its path

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).resolve().parent.parent
PAPERS = {
    "SECURITY.md": "project/SECURITY.md",
    "models/README.md": "project/MODELS.md",
    "CONTRIBUTING.md": "project/CONTRIBUTING.md",
    "CHANGELOG.md": "project/CHANGELOG.md",
    "README.md": "README.md",
    "LICENSE": "",
}
"""Files outside of docs/ by their place in the checkout -> in the site; "" for words without a link."""
LINK = re.compile(r"(?P<image>!?)\[(?P<words>(?:[^\]\[]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)")
MORE = "More"


def on_config(config: Any) -> Any:
    """Put pages that the navigation forgot under "More", and the decisions under theirs."""
    docs = Path(config["docs_dir"])
    pages = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    listed = set(_listed(config["nav"]))
    decisions = [page for page in pages if page.startswith("decisions/") and page not in listed]
    for section in config["nav"]:
        for item in next(iter(section.values())):
            if isinstance(item, dict) and "Decisions" in item:
                item["Decisions"] = [*item["Decisions"], *decisions]
    forgotten = [page for page in pages if page not in listed and page not in decisions]
    if forgotten:
        config["nav"] = [*config["nav"], {MORE: forgotten}]
    return config


def on_files(files: Files, *, config: Any) -> Files:
    """Take in the papers."""
    for place, page in PAPERS.items():
        if page.startswith("project/"):
            files.append(
                File.generated(config, page, abs_src_path=str(ROOT / place), inclusion=InclusionLevel.INCLUDED)
            )
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Point links at where their targets lie in the site; what lies outside of it stays as words."""
    del config, files
    here = page.file.src_uri
    place = next((p for p, uri in PAPERS.items() if uri == here and uri.startswith("project/")), f"docs/{here}")

    def pointed(match: re.Match[str]) -> str:
        target, _, anchor = match["target"].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        meant = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        found = meant.removeprefix("docs/") if meant.startswith("docs/") else PAPERS.get(meant, "")
        if not found and (ROOT / meant).exists():
            return match["words"]
        found = found or meant  # mkdocs tells what leads nowhere
        new = os.path.relpath(found, posixpath.dirname(here) or ".").replace(os.sep, "/")
        return f"{match['image']}[{match['words']}]({new}{'#' + anchor if anchor else ''})"

    return LINK.sub(pointed, markdown)


def _listed(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav if isinstance(nav, list) else nav.values()
    return [page for part in parts for page in _listed(part)]
