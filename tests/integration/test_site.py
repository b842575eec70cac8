"""The documentation as a site: it builds without a broken link, and neither building nor reading it asks anybody else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source|audio|video)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>"
    r"|<link\b[^>]*rel=[\"']?(?:stylesheet|preload|preconnect|icon)[^>]*href=[\"']?(?:https?:)?//[^>]*>"
)


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    # A proxy that nobody serves: whatever is fetched fails.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=root,
        env={**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material", reason="mkdocs-material is not installed: requirements/docs.lock has it")
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT, folder)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_of_the_documentation_is_in_the_site_with_the_papers_beside_them(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    wanted = {page.with_name("index.html") if page.stem == "README" else page for page in pages}
    wanted |= {
        Path("project") / name for name in ("SECURITY.html", "CONTRIBUTING.html", "CHANGELOG.html", "MODELS.html")
    }
    assert [str(page) for page in sorted(wanted) if not (site / page).is_file()] == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = {
        str(page.relative_to(site)): ELSEWHERE.findall(page.read_text(encoding="utf-8"))
        for page in site.rglob("*.html")
    }
    assert {page: tags for page, tags in found.items() if tags} == {}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.search(r"@import\s|url\([\"']?(?:https?:)?//", styles)
    assert ELSEWHERE.search('<script src="https://cdn.example/x.js"></script>')


def test_a_link_out_of_the_documentation_leads_to_the_paper_or_stays_as_words(site: Path) -> None:
    faq = (site / "faq.html").read_text(encoding="utf-8")
    assert 'href="project/SECURITY.html"' in faq
    slack = (site / "slack.html").read_text(encoding="utf-8")
    assert "slack-manifest.yaml" in slack
    assert 'slack-manifest.yaml"' not in slack


def test_a_broken_link_is_a_fault(site: Path, tmp_path: Path) -> None:
    del site  # skips where there is no builder
    for name in (
        "docs",
        "scripts",
        "models/README.md",
        "mkdocs.yml",
        *("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"),
    ):
        target = tmp_path / "copy" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
    with (tmp_path / "copy" / "docs" / "faq.md").open("a") as page:
        page.write("\n[nowhere](nowhere.md)\n")
    built = build(tmp_path / "copy", tmp_path / "site")
    assert built.returncode != 0
    assert "nowhere.md" in built.stdout + built.stderr
