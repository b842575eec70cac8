"""The shapes of the three configuration files: what may stand where, for reading them and for editors (JSON Schema)."""

from __future__ import annotations

import ipaddress
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bot.core.policies import AlertPolicy, DispatchPolicy, PollPolicy

ALERT, DISPATCH, POLL = AlertPolicy(), DispatchPolicy(), PollPolicy()


def _calendar_day(value: object) -> object:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("should be a day such as 2026-02-10")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("should be a day such as 2026-02-10") from None


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c.isspace() for c in value)
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise ValueError("should be a web address that begins with https:// or http://")
    return value


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"should be a network such as 10.1.0.0/16 ({error})") from None
    return value


ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
CHANNEL_NAME = r"^[a-z0-9][a-z0-9_-]{0,79}$"
SLACK_CHANNEL = r"^(#[^\s#@,.A-Z]{1,80}|[CGD][A-Z0-9]{5,})$"
USER_GROUP = r"^(S[A-Z0-9]{5,})?$"
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
CONTACT = r"^[!-'*-~]*$"
FORMS = {
    ID: "should be a short name of letters, digits, dots and hyphens, such as ru-nato",
    CHANNEL_NAME: "should be a short name in lower case, such as desk",
    SLACK_CHANNEL: 'should be a Slack channel, in quotes, such as "#foreign-desk", or its id, such as C024BE91L',
    USER_GROUP: "should be the id of a Slack user group, such as S0614TZR7",
    CLOCK: "should be a time of day from 00:00 to 23:59, such as 22:30",
    LANGUAGE: "should be a language code, such as en",
    CONTACT: "should be a web or mail address without spaces or brackets",
}
"""What each pattern asks for, in words."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Day = Annotated[date, BeforeValidator(_calendar_day)]
Clock = Annotated[str, Field(pattern=CLOCK)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Seconds = Annotated[Number, Field(ge=0)]
Probability = Annotated[Number, Field(ge=0, le=1)]
Count = Annotated[int, Field(strict=True, ge=0)]
Url = Annotated[str, AfterValidator(_web_address), Field(json_schema_extra={"format": "uri", "pattern": "^https?://"})]
Network = Annotated[str, AfterValidator(_network)]


class Shape(BaseModel):
    """Base of all shapes: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, str_strip_whitespace=True)


class VoiceShape(Shape):
    """A person or body that speaks for the holder."""

    name: Text
    """As news gives it in full."""
    aliases: list[Text] = []
    """Other names and spellings of the same person or body."""
    role: str = ""
    """Office held, in words."""
    since: Day | None = None
    """First day in office; leave out where it does not matter."""
    until: Day | None = None
    """Last day in office; leave out while in office."""


class HolderShape(Shape):
    """Who holds positions: a state, institution, company or person."""

    name: Text
    """As alerts give it; positions name the holder by it."""
    aliases: list[Text] = []
    """Names by which text calls the holder: capital, seat, short forms."""
    voices: list[VoiceShape] = []
    """Who speaks for the holder."""


class PositionShape(Shape):
    """One line that a holder is on record as holding."""

    id: Annotated[str, Field(pattern=ID)]
    """Stable short name, such as ru-nato; the ledger files under it."""
    holder: Text
    """Name of a holder."""
    topic: Text
    """What the line is about, as a noun phrase."""
    paraphrases: list[Text] = []
    """Other ways in which news names the topic: three to six short noun phrases."""
    baseline: Text
    """What the holder is on record as holding, in one sentence of your own."""
    since: Day
    """The day from which the holder is on record with it."""
    source: str = ""
    """Where that is on record, in words."""
    document: str = ""
    """The same as source, for corpora."""
    channel: str = ""
    """A channel's short name in desk.yaml; the default channel where left out."""


class PositionsFile(Shape):
    """positions.yaml: the lines that the desk tracks, and who speaks for whom."""

    holders: list[HolderShape] = []
    """Left out, holders are taken from the shipped file by name."""
    positions: Annotated[list[PositionShape], Field(min_length=1)]
    """The lines themselves."""


class FeedShape(Shape):
    """One feed (RSS, Atom or JSON Feed)."""

    url: Url
    """Where the feed is."""
    name: Text
    """What people call it."""
    outlet: str = ""
    """As alerts name it; the feed's name where left out."""
    language: Annotated[str, Field(pattern=LANGUAGE)] = "en"
    """Of its articles, as a code."""
    first_run: Literal["silent", "post"] = "silent"
    """What the first reading of a new feed does: fill the ledger only, or post alerts, too."""
    full_text: bool = False
    """Whether entries carry whole articles, so that the linked pages are not fetched."""


class FeedsFile(Shape):
    """feeds.yaml: what the desk reads."""

    feeds: list[FeedShape]
    """The feeds, in any order."""


class AlertShape(Shape):
    """When an assessment becomes an alert. Thresholds are probabilities that the line moved."""

    alert_at: Probability = ALERT.alert_at
    """From here on the desk is alerted."""
    digest_at: Probability = ALERT.digest_at
    """From here on, and below alert_at, a near miss is kept for the digest."""
    pair_at: Probability = ALERT.pair_at
    """The same as alert_at for pairs that somebody chose (`assess`, `evaluate`), among which shifts are common."""
    near_at: Probability = ALERT.near_at
    """How close a statement must be to the topic or the line to wake anybody; what is less close is a near miss."""
    alert_at_by_position: dict[str, Probability] = {}
    """Another alert_at for single positions, by their ids."""
    max_age_days: Annotated[Number, Field(gt=0)] = ALERT.max_age_days
    """Older articles stay silent."""
    known_for_days: Annotated[Number, Field(gt=0)] = ALERT.known_for_days
    """How long a repeated shift is the same shift."""
    told_for_days: Annotated[Number, Field(gt=0)] = ALERT.told_for_days
    """How long further reports of a shift are told in its thread; later ones only fill the ledger."""
    group_at: Annotated[Number, Field(ge=0, le=1)] = ALERT.group_at
    """How alike two reports must be to be of one shift."""
    line_after_outlets: Count = ALERT.line_after_outlets
    """A shift that so many outlets carry becomes the line on record by itself; 0 for never, so that only the desk decides."""
    line_after_days: Annotated[Number, Field(ge=0)] = ALERT.line_after_days
    """And only after so many days without a dispute."""
    mixed_within_days: Annotated[Number, Field(gt=0)] = ALERT.mixed_within_days
    """How far apart two voices of one holder that differ may speak to be mixed signals."""


class QuietShape(Shape):
    """Local times between which nothing is posted; over midnight where start is later than end."""

    start: Clock
    """From this time of day on, such as 23:00."""
    end: Clock
    """Until this time of day, such as 06:00."""
    zone: str = "UTC"
    """IANA time zone, such as Europe/Berlin."""
    contradictions_pass: bool = True
    """Whether contradictions are posted all the same."""


class DispatchShape(Shape):
    """How alerts go out."""

    gap_s: Seconds = DISPATCH.gap_s
    """Seconds between two messages to one channel."""
    per_hour: Annotated[Count, Field(ge=1)] = DISPATCH.per_hour
    """Alerts to one channel in an hour; what is above is held for the digest."""
    quiet: QuietShape | None = None
    """When nothing is posted; always posted where left out."""
    digest_every_s: Annotated[Number, Field(ge=60)] = DISPATCH.digest_every_s
    """Seconds for which what is held above the cap waits for its digest."""
    max_attempts: Annotated[Count, Field(ge=1)] = DISPATCH.max_attempts
    """How often a delivery is tried before it is given up, with its reason."""
    first_retry_s: Annotated[Number, Field(gt=0)] = DISPATCH.first_retry_s
    """Seconds until the second try; the wait doubles from there."""
    longest_retry_s: Annotated[Number, Field(gt=0)] = DISPATCH.longest_retry_s
    """Seconds between two tries at most."""


class DailyShape(Shape):
    """The daily digest in Slack: shifts, near misses, quiet positions, failing feeds."""

    at: Clock
    """Local time of day at which it goes to the default channel, such as 07:00."""
    zone: str = "UTC"
    """IANA time zone, such as Europe/Berlin."""
    quiet_days: Annotated[Number, Field(gt=0)] = 30.0
    """After how many days without a statement a position is named as quiet."""


class PollShape(Shape):
    """How feeds are polled."""

    fastest_s: Annotated[Number, Field(ge=10)] = POLL.fastest_s
    """Seconds between two polls of the busiest feed."""
    slowest_s: Annotated[Number, Field(ge=10)] = POLL.slowest_s
    """Seconds between two polls of the quietest feed."""
    host_gap_s: Seconds = POLL.host_gap_s
    """Seconds between two requests to one server."""
    connect_timeout_s: Annotated[Number, Field(gt=0)] = POLL.connect_timeout_s
    """Seconds to reach a server."""
    read_timeout_s: Annotated[Number, Field(gt=0)] = POLL.read_timeout_s
    """Seconds of silence while it answers."""
    total_timeout_s: Annotated[Number, Field(gt=0)] = POLL.total_timeout_s
    """Seconds for the whole of a request."""
    max_bytes: Annotated[Count, Field(ge=1000)] = POLL.max_bytes
    """Of a body after decompression."""
    contact: Annotated[str, Field(pattern=CONTACT)] = ""
    """A web or mail address that servers see in the User-Agent, so that their operators can reach you."""
    allowed_networks: list[Network] = []
    """Networks (CIDR) inside the guarded ranges that may be reached all the same, for intranet feeds."""
    revisions: Count = POLL.revisions
    """How often an edited article is assessed again."""
    retention_days: Annotated[Count, Field(ge=1)] = POLL.retention_days
    """How long an entry that has left its feed is remembered."""
    text_days: Annotated[Count, Field(ge=1)] = POLL.text_days
    """How long an article's full text is kept; what was said in it, and the ledger, stay for good."""
    obey_robots: bool = POLL.obey_robots
    """Whether article pages that a site's robots.txt excludes are left alone."""


class DeskFile(Shape):
    """desk.yaml: where alerts go, and when."""

    default_channel: Annotated[str, Field(pattern=CHANNEL_NAME)]
    """Short name of the channel for positions that name none."""
    channels: Annotated[
        dict[Annotated[str, Field(pattern=CHANNEL_NAME)], Annotated[str, Field(pattern=SLACK_CHANNEL)]],
        Field(min_length=1),
    ]
    """Short name -> Slack channel (#name, or an id such as C024BE91L)."""
    mention_group: Annotated[str, Field(pattern=USER_GROUP)] = ""
    """Id of a Slack user group that contradictions mention; nobody where left out."""
    alert: AlertShape = AlertShape()
    """What becomes of an assessment."""
    dispatch: DispatchShape = DispatchShape()
    """Pace, caps and quiet hours of what goes out."""
    daily: DailyShape | None = None
    """The daily digest in Slack; none where left out."""
    poll: PollShape = PollShape()
    """Pace, limits and politeness of polling."""


FILES: dict[str, type[Shape]] = {"positions": PositionsFile, "feeds": FeedsFile, "desk": DeskFile}


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each file by its name without ending, as config/schema/*.json hold them for editors."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema()}
        for name, shape in FILES.items()
    }


def keys_at(shape: type[Shape], where: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the mapping at `where` may have, for advice on a misspelt one."""
    for part in where:
        if isinstance(part, str) and part in shape.model_fields:
            inner = _shape_in(shape.model_fields[part].annotation)
            if inner is None:
                return []
            shape = inner
    return list(shape.model_fields)


def _shape_in(annotation: Any) -> type[Shape] | None:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _shape_in(argument)
        if found is not None:
            return found
    return None
