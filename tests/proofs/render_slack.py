"""Draws what Slack is sent, from the very blocks, for the documentation: an alert, a disputed one, the digest, the Home tab.

    python tests/proofs/render_slack.py docs/pictures

Needs Chromium (Debian's package chromium). It is a rendering of ours in a browser, not a picture of Slack.
"""

from __future__ import annotations

import argparse
import base64
import html
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parents[2])]

from alert_samples import account, sample_alert  # noqa: E402  # the path above comes first
from desk_samples import AT, alert_sheet, desk_sheet, finding, line_sheet  # noqa: E402  # the path above comes first

from bot.core.card import card_of, record_of  # noqa: E402  # the path above comes first
from bot.core.daily import Day, DayItem, daily_record  # noqa: E402  # the path above comes first
from bot.core.desk import VerdictKind  # noqa: E402  # the path above comes first
from bot.core.marks import mark, with_marks  # noqa: E402  # the path above comes first
from bot.slack.blocks import message  # noqa: E402  # the path above comes first
from bot.slack.home import home  # noqa: E402  # the path above comes first

WIDTH = 760
STYLE = """
body { margin: 0; background: #fff; font: 15px/1.47 "Lato", "DejaVu Sans", sans-serif; color: #1d1c1d; width: 760px }
main { padding: 18px 22px 20px }
.who { font-weight: 900; margin-bottom: 4px } .who span { font-weight: 400; color: #616061; font-size: 12px }
.note { color: #8a898b; font-size: 11px; margin-top: 12px; border-top: 1px solid #eee; padding-top: 6px }
h1 { font-size: 18px; line-height: 1.33; margin: 10px 0 6px }
.section { margin: 6px 0; display: flex; gap: 16px; justify-content: space-between } .section > div { flex: 1 }
.context { color: #616061; font-size: 12.5px; margin: 6px 0 }
blockquote { margin: 3px 0; padding: 1px 0 1px 12px; border-left: 4px solid #ddd }
hr { border: 0; border-top: 1px solid #ddd; margin: 12px 0 }
a { color: #1264a3; text-decoration: none }
code { background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; font-size: 12px; padding: 1px 3px; color: #c01343 }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 }
button { border: 1px solid #bbb; background: #fff; border-radius: 4px; font: bold 13px "Lato", "DejaVu Sans", sans-serif;
  padding: 5px 11px; color: #1d1c1d; height: 32px; white-space: nowrap }
button.primary { background: #007a5a; border-color: #007a5a; color: #fff }
"""


def main() -> int:
    """Write the pictures into the folder that is named, and say which."""
    wanted = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    wanted.add_argument("folder", nargs="?", type=Path, default=Path("docs/pictures"), help="where the pictures go")
    folder = wanted.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.stderr.write("chromium is needed: apt-get install chromium\n")
        return 1
    for name, blocks in pages().items():
        draw(chromium, page(blocks), folder / f"slack-{name}.png")
        sys.stdout.write(f"{folder / f'slack-{name}.png'}\n")
    return 0


def pages() -> dict[str, list[dict[str, Any]]]:
    """Return the blocks of each picture. All people, words and events in them are invented."""
    alert = sample_alert(accounts=(account(1, outlet="Meridian Wire"), account(2, outlet="Northern Post")))
    done = [mark(verdict_id="v1", kind=VerdictKind.MUTE, by="@ada", at=AT, until=AT + timedelta(days=1))]
    confirmed = mark(
        verdict_id="v2", kind=VerdictKind.CONFIRM, by="@bob", at=AT,
        line="Russia could live with Ukraine in NATO after a pause of twenty years.",
    )  # fmt: skip
    disputed = record_of(card_of(alert, disputed="denies it"))
    items = (
        DayItem(
            headline="Russia softens on Ukraine's NATO membership", words=alert.assessment.candidate.statement.text,
            url="https://wire.example.com/a", outlet="Example Wire", ending=confirmed.told.split(". ")[0] + ".",
        ),
        DayItem(
            headline="Germany makes a new offer on gas pipelines", words="Berlin would pay for half of the repairs, Lindt said.",
            url="https://post.example.com/b", outlet="Northern Post",
        ),
    )  # fmt: skip
    near = DayItem(
        headline="Russia softens on grain exports", words="Some quotas might be looked at again in spring, a deputy minister said.",
        url="https://wire.example.com/c", outlet="Example Wire", ending="near miss: shift at 0.27, threshold 0.30",
    )  # fmt: skip
    day = Day(
        day=AT.date(), shifts=items, near=(near,), quiet=("Norland on tanks: nothing for 41 days",), shift_count=2, near_count=1,
        failing=("Down Daily: the server answered 503 (4 times in a row)",), articles=1128,
    )  # fmt: skip
    lines = (
        line_sheet(),
        line_sheet(
            id="de-pipes", holder="Germany", topic="gas pipelines", baseline="Germany pays for none of the repairs.", revision=1,
            last_shift="Germany makes a new offer on gas pipelines", trend=(None,) * 11 + (1,), muted_by="@ada",
            muted_until=AT + timedelta(hours=20),
        ),
    )  # fmt: skip
    to_judge = finding(id="a1", line="Russia rejects any membership of Ukraine in NATO.")
    sheet = desk_sheet(lines=lines, open_alerts=(alert_sheet(),), review=(to_judge,), articles_today=1128)
    return {
        "alert": message(record_of(card_of(alert)), "k", buttons=True)["blocks"],
        "disputed": message(with_marks(disputed, [confirmed, *done]), "k", buttons=True)["blocks"],
        "digest": message(daily_record(day), "k")["blocks"],
        "home": home(sheet, AT)["blocks"],
    }


def page(blocks: list[dict[str, Any]]) -> str:
    """Return an HTML page that shows blocks much as Slack does."""
    body = "".join(_block(block) for block in blocks)
    head = (
        f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><main><div class=who>Walkback <span>APP</span></div>"
    )
    note = "A rendering of the message's blocks in a browser; people and events are invented."
    return f"{head}{body}<div class=note>{note}</div></main>"


def draw(chromium: str, text: str, target: Path) -> None:
    """Draw a page as high as it is."""
    with tempfile.TemporaryDirectory() as folder:
        address = "data:text/html;base64," + base64.b64encode(text.encode()).decode()
        common = [
            chromium,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/u",
        ]
        shot = Path(folder) / "page.png"
        sizes = [
            *common,
            "--force-device-scale-factor=2",
            f"--screenshot={shot}",
            f"--window-size={WIDTH},2600",
            address,
        ]
        subprocess.run(sizes, check=True, capture_output=True, timeout=240)
        _trimmed(shot, target)


def _trimmed(source: Path, target: Path) -> None:
    from PIL import Image, ImageChops

    with Image.open(source) as picture:
        shown = picture.convert("RGB")
        box = ImageChops.difference(shown, Image.new("RGB", shown.size, (255, 255, 255))).getbbox()
        assert box, "the page is empty"
        cut = shown.crop((0, 0, shown.width, min(shown.height, box[3] + 24)))
        cut.quantize(128).save(target, optimize=True)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"<h1>{html.escape(block['text']['text'])}</h1>"
        case "divider":
            return "<hr>"
        case "context":
            return f"<div class=context>{' '.join(_mrkdwn(element['text']) for element in block['elements'])}</div>"
        case "actions":
            return f"<div class=actions>{''.join(map(_button, block['elements']))}</div>"
        case "section":
            side = _element(block["accessory"]) if "accessory" in block else ""
            return f"<div class=section><div>{_mrkdwn(block['text']['text'])}</div>{side}</div>"
        case other:
            raise ValueError(f"no drawing of {other}")


def _element(element: dict[str, Any]) -> str:
    if element["type"] != "static_select":
        return _button(element)
    return f"<button>{html.escape(element['placeholder']['text'])} ▾</button>"


def _button(element: dict[str, Any]) -> str:
    return f"<button class='{element.get('style', '')}'>{html.escape(element['text']['text'])}</button>"


def _mrkdwn(text: str) -> str:
    """Return mrkdwn as HTML; it comes escaped for Slack, which is what HTML needs, too."""
    text = re.sub(r"<!date\^\d+\^[^|>]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<!subteam\^[^>]*>", "@desk", text)
    text = re.sub(r"<(https?://[^|>]+)\|([^>]*)>", r'<a href="#">\2</a>', text)
    text = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", text)
    text = re.sub(r"~([^~\n]+)~", r"<s>\1</s>", text)
    text = re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text)
    lines = text.split("\n")
    shown = [f"<blockquote>{line[2:]}</blockquote>" if line.startswith("> ") else f"{line}<br>" for line in lines]
    return re.sub(r"<br>$|<br>(?=<blockquote>)", "", "".join(shown))


if __name__ == "__main__":
    sys.exit(main())
