"""The page in a real browser: every view in light and dark, wide and at 360 pixels, by keyboard, under axe-core, on paper.

Needs Debian's chromium, the package playwright and the file axe.min.js of npm's axe-core; `make prove-page` brings the last two.
Nothing may leave the origin, and nothing may break the page's own policy. Ends with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ledger_samples import NOW, Filled, fill
from page_site import MANIFEST, TOKEN

from bot.store.engine import open_engine, snapshot
from bot.store.migrate import upgrade
from bot.store.pages import ShiftFilter, shift_lines
from bot.web.access import Access, AccessPolicy
from bot.web.app import build_page
from bot.web.metrics import Metrics
from bot.web.server import PageServer
from bot.web.site import Rules, Site

WIDE, NARROW = (1280, 900), (360, 740)
PATIENCE_MS = 180_000
SERIOUS = {"serious", "critical"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def is_well(message: ConsoleMessage) -> bool:
    """Whether the browser has nothing to complain of; that the missing page is a 404 is what is wanted."""
    return message.type != "error" or "/nowhere" in message.location.get("url", "")


class Proof:
    """What was looked at and what was wrong."""

    def __init__(self, origin: str, axe: str, pictures: Path | None) -> None:
        self.origin, self.axe, self.pictures = origin, axe, pictures
        self.faults: list[str] = []
        self.looked = self.checks = self.requests = 0

    def expect(self, holds: object, what: str) -> None:
        self.checks += 1
        if not holds:
            self.faults.append(what)
            print(f"WRONG {what}", flush=True)  # noqa: T201  a proof tells its findings on the terminal

    def watch(self, context: BrowserContext) -> None:
        """Be patient with a busy machine, and take down whatever a page asks for or complains of."""

        def asked(url: str) -> None:
            self.requests += 1
            self.expect(url.startswith((self.origin, "data:")), f"a request left the origin: {url}")

        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: asked(request.url))
        context.on("console", lambda message: self.expect(is_well(message), f"the browser complains: {message.text}"))
        context.on("weberror", lambda error: self.expect(False, f"a script failed: {error.error}"))

    def look(self, page: Page, name: str, *, narrow: bool) -> None:
        """Hold a page against axe-core, and see that it is not wider than the screen."""
        self.looked += 1
        page.evaluate(self.axe)
        found = page.evaluate(
            "async rules => (await axe.run(document, {runOnly: rules})).violations.map("
            "v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.target.join(' ')).join('; ')])",
            RULES,
        )
        for impact, rule, where in found:
            self.expect(impact not in SERIOUS, f"{name}: {impact} {rule}: {where}")
            if impact not in SERIOUS:
                print(f"note  {name}: {impact} {rule}: {where}")  # noqa: T201  lesser findings are told as well
        wide = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
        self.expect(not narrow or wide <= 0, f"{name}: {wide} pixels wider than the screen")

    def picture(self, page: Page, name: str) -> None:
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=self.pictures / f"{name}.png")


@contextmanager
def served(folder: Path, statements: int) -> Iterator[tuple[str, Filled, str]]:
    """Serve the page over a generated ledger; gives its address, what is in it, and a shift with several accounts."""
    engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
    upgrade(engine)
    filled = fill(engine, positions=24, statements=statements, feeds=12)
    began = datetime.now(UTC)
    site = Site(
        engine=engine,
        access=Access(AccessPolicy(token=TOKEN)),
        rules=Rules(manifest=MANIFEST),
        clock=lambda: NOW + timedelta(minutes=1) + (datetime.now(UTC) - began),
        version="proof",
    )
    server = PageServer(build_page(site, Metrics(engine, clock=site.clock)), address="127.0.0.1", port=0)
    server.open()
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop, lambda: datetime.now(UTC)))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", filled, busiest(engine)
    finally:
        stop.set()
        thread.join(10)
        engine.dispose()


def busiest(engine: Engine) -> str:
    """Return the newest shift with several accounts."""
    with snapshot(engine) as connection:
        lines = shift_lines(connection, ShiftFilter(), limit=200)
    return next(line.shift.key for line in lines if line.accounts >= 3)


def pages(origin: str, key: str) -> dict[str, str]:
    return {
        "positions": f"{origin}/",
        "timeline": f"{origin}/positions/pos-000",
        "shifts": f"{origin}/shifts",
        "shift": f"{origin}/shifts/{key}",
        "feeds": f"{origin}/feeds",
        "how": f"{origin}/how",
        "sign-in": f"{origin}/sign-in",
        "missing": f"{origin}/nowhere",
    }


def every_view(browser: Browser, proof: Proof, key: str, *, quick: bool) -> None:
    """Every page in both schemes and both widths; each scheme in one width where it has to be `quick`."""
    for scheme in ("light", "dark"):
        for size in (WIDE, NARROW):
            narrow = size == NARROW
            if quick and narrow == (scheme == "light"):
                continue
            context = browser.new_context(color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
            proof.watch(context)
            page = context.new_page()
            for name, address in pages(proof.origin, key).items():
                page.goto(address)
                ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
                proof.expect((ground == "rgb(255, 255, 255)") == (scheme == "light"), f"{name}: {ground} in {scheme}")
                proof.look(page, f"{name}, {scheme}, {size[0]} px", narrow=narrow)
                proof.picture(page, f"{name}-{scheme}-{size[0]}")
            context.close()


def focused(page: Page) -> str:
    """Return the id of the field that has the focus, or the words of anything else."""
    return str(
        page.evaluate(
            "(at => /^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName) ? at.id : (at.innerText || at.tagName).trim())"
            "(document.activeElement)"
        )
    )


def press_until(page: Page, wanted: str, most: int = 120) -> bool:
    """Press Tab until what has the focus begins with `wanted`."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page).startswith(wanted):
            return True
    return False


def by_keyboard(browser: Browser, proof: Proof, key: str) -> None:
    """From the top of the page to a position, and from signing in to a verdict and back, without a pointer."""
    context = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]})
    proof.watch(context)
    page = context.new_page()
    page.goto(f"{proof.origin}/")
    page.keyboard.press("Tab")
    proof.expect(focused(page) == "Skip to the content", f"the first stop is {focused(page)!r}, not the skip link")
    proof.expect(
        page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0, "the skip link shows when focused"
    )
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    proof.expect(focused(page) == "q", f"after the skip link comes {focused(page)!r}, not the search")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    proof.expect(outline == "solid", f"what has the focus shows it ({outline})")
    page.keyboard.type("valdoria")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=valdoria")
    first = page.locator("tbody th a").first.inner_text()
    proof.expect(press_until(page, first), f"{first!r} is reached with Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/positions/*")
    proof.expect(press_until(page, "Skip the picture"), "the picture can be skipped")
    page.keyboard.press("Enter")
    proof.expect(page.url.endswith("#statements"), "skipping leads to the list")
    page.goto(f"{proof.origin}/sign-in")
    proof.expect(press_until(page, "name"), "the name is reached with Tab")
    page.keyboard.type("Ada")
    page.keyboard.press("Tab")
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{proof.origin}/")
    page.goto(f"{proof.origin}/shifts/{key}")
    proof.look(page, "shift, signed in", narrow=False)
    proof.expect(press_until(page, "reason"), "the reason is reached with Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]")
    proof.expect("Ada judged this no shift" in page.locator("[role=status]").inner_text(), "the verdict is told")
    proof.expect(press_until(page, "Take the verdict back"), "taking it back is reached with Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('took this back')")
    context.close()


def on_paper(browser: Browser, proof: Proof, key: str) -> None:
    """Printed in dark mode, a page is black on white and has no forms."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 794, "height": 1123})
    proof.watch(context)
    page = context.new_page()
    for name in ("timeline", "shift", "shifts"):
        page.goto(pages(proof.origin, key)[name])
        page.emulate_media(media="print", color_scheme="dark")
        ink = page.evaluate("getComputedStyle(document.body).color")
        proof.expect(ink == "rgb(0, 0, 0)", f"{name} is printed in {ink}")
        proof.expect(not page.locator("nav").is_visible(), f"{name} is printed without the menu")
        proof.expect(page.locator(".filter:visible").count() == 0, f"{name} is printed without forms")
        proof.picture(page, f"{name}-print")
    context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axe", type=Path, required=True, help="axe.min.js of axe-core")
    parser.add_argument("--statements", type=int, default=600)
    parser.add_argument("--quick", action="store_true", help="light pages wide and dark pages narrow only")
    parser.add_argument("--pictures", type=Path, help="folder for screenshots; none are taken where left out")
    parser.add_argument(
        "--chromium", default=shutil.which("chromium"), help="the browser; Debian's package where left out"
    )
    wanted = parser.parse_args()
    if not wanted.chromium:
        parser.error("there is no chromium: apt-get install chromium")
    root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), wanted.statements) as (origin, filled, key):
        proof = Proof(origin, wanted.axe.read_text(encoding="utf-8"), wanted.pictures)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=wanted.chromium, args=["--no-sandbox"] if root else [])
            every_view(browser, proof, key, quick=wanted.quick)
            by_keyboard(browser, proof, key)
            on_paper(browser, proof, key)
            browser.close()
    print(  # noqa: T201  a proof tells its findings on the terminal
        f"{wanted.statements} statements, {len(filled.shifts)} shifts: {proof.looked} views under axe-core, "
        f"{proof.requests} requests, {proof.checks} checks, {len(proof.faults)} wrong"
    )
    return 1 if proof.faults else 0


if __name__ == "__main__":
    sys.exit(main())
