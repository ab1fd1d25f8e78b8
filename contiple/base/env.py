"""Reads settings from the environment. Each variable is declared here once, and read nowhere else.

A test compares ``VARIABLES`` with the table of variables in the documentation.
"""

import os
import re
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from contiple.base import crypto, strength

POSITIVE_MAX = 10_000  # hours or days: over a year, and far from what dates can hold
SAMPLERS = tuple(
    f"{parent}{kind}" for parent in ("PARENTBASED_", "") for kind in ("ALWAYS_ON", "ALWAYS_OFF", "TRACEIDRATIO")
)
BASE_DIR = Path(__file__).resolve().parent.parent.parent

VARIABLES: dict[str, str] = {
    "CONTIPLE_MODE": "`production` (default), or `local` for one machine with generated secrets",
    "CONTIPLE_DATA": "folder for the embedded database and the generated secrets of local mode",
    "DATABASE_URL": "PostgreSQL, as `postgresql://user:password@host:port/name`",
    "REDIS_URL": "Redis between processes; without it one process serves everything",
    "SECRET_KEY": "signs sessions and links; at least 50 random characters",
    "MASKING_KEYS": "master keys of masked originals, newest first: `id:base64 of 32 bytes`, comma-separated",
    "DATABASE_PASSWORD": "the password, if `DATABASE_URL` has none",
    "MASKING_KEYS_LOST": "ids of master keys that are lost for good, comma-separated: it starts without them",
    "PUBLIC_ORIGIN": "where browsers find it, as `https://desk.example.com`",
    "TRUST_PROXY": "`1` when a proxy in front sets `X-Forwarded-Proto` and `X-Forwarded-For`",
    "DEMO": "`0`: `manage.py run` leaves an empty database without the demo service",
    "TRUSTED_PROXIES": "addresses and networks of the proxies in front, comma-separated; their headers tell the client",
    "CLIENT_ADDRESS_HEADER": "the CDN's header with the client's address, as `CF-Connecting-IP`",
    "PORT": "port to listen on",
    "FILES_URL": "where files of chats are: `file:///folder` or `s3://key:secret@host/bucket` (extra `s3`)",
    "CLAMD_URL": "virus scanner of files: `tcp://host:3310` or `unix:///run/clamav/clamd.ctl`; without it none scans",
    "EMAIL_URL": "mail server, as `smtp://user:password@host:587`; without it no mail is sent (local mode prints it)",
    "EMAIL_FROM": "sender of mail",
    "IMAP_URL": "mailbox whose mails become tickets, as `imaps://user:password@host/INBOX`",
    "INBOUND_WEBHOOK": "provider that posts mails: `mailgun`, `mailjet` or `postmark` (extra `webhooks`)",
    "INBOUND_WEBHOOK_SECRET": "user and password with which the provider posts, as `user:password`; 24 characters",
    "INBOUND_WEBHOOK_KEY": "Mailgun's key for the signatures of its webhooks",
    "SESSION_IDLE_HOURS": "hours after which an agent who does nothing is signed out; 12 by default",
    "SESSION_MAX_DAYS": "days after which an agent signs in again in any case; 14 by default",
    "ROUTING_LOG_DAYS": "days for which it is kept why a chat went to an agent; 90 by default",
    "ACCOUNT_ENTRIES_DAYS": "days for which sign-ins and failures are kept; 730 by default",
    "SENT_MAIL_DAYS": "days for which mails are kept that were sent or given up; 30 by default",
    "RECEIVED_MAIL_DAYS": "days for which mails are kept that became no ticket; 90 by default",
    "TRAIL_DAYS": "days for which the trail is kept, 1095 at least; without it for good",
    "UNMASK_RECORD_DAYS": "days for which looks under masks are kept on record, 730 at least; without it for good",
    "LOG_LEVEL": "`INFO` by default",
    "LOG_FORMAT": "`json` (default in production) or `text`",
    "ACCESS_LOG": "`1` writes a line for each request: pattern of the address, method, status, ms, bytes",
    "OPERATOR_SECOND_FACTOR": "`0` lets operators in without two-step verification (in local mode `1` requires it)",
    "SENTRY_DSN": "address of a Sentry project; errors are reported there, without text (extra `sentry`)",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "address of a collector (OTLP over HTTP) for traces of messages (extra `tracing`)",
    "OTEL_EXPORTER_OTLP_HEADERS": "headers for the collector, as `name=value`, comma-separated",
    "OTEL_SERVICE_NAME": "name of the installation in traces; `contiple` by default",
    "OTEL_TRACES_SAMPLER": "which messages are traced: `parentbased_always_on` (default), `traceidratio`, …",
    "OTEL_TRACES_SAMPLER_ARG": "share of the messages for the sampler `traceidratio`, from 0 to 1",
    "METRICS_TOKEN": "bearer token of who may read `/metrics`; without it there is no such address",
}
# Secrets can also be in files, as Docker and systemd hand them over: `docker inspect` shows variables to everybody.
SECRETS = (
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "SECRET_KEY",
    "MASKING_KEYS",
    "REDIS_URL",
    "FILES_URL",
    "EMAIL_URL",
    "IMAP_URL",
    "INBOUND_WEBHOOK_SECRET",
    "INBOUND_WEBHOOK_KEY",
    "METRICS_TOKEN",
    "OTEL_EXPORTER_OTLP_HEADERS",
)
VARIABLES |= {f"{name}_FILE": f"file that holds `{name}`, instead of that variable" for name in SECRETS}


class EnvError(Exception):
    """A variable is missing or can't be used. The text is one line for the operator."""


def text(name: str, default: str | None = None) -> str:
    """Returns the variable's value, or ``default``. Raises ``EnvError`` if there is neither."""
    assert name in VARIABLES, name
    value = os.environ.get(name, "").strip() or _from_file(name) or default
    if value is None:
        raise EnvError(f"{name} is not set: {VARIABLES[name]}.")
    return value


def _from_file(name: str) -> str:
    path = os.environ.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise EnvError(f"{name}_FILE: {path} can't be read: {reason}.") from None


def flag(name: str, *, default: bool = False) -> bool:
    return text(name, str(int(default))).lower() in {"1", "true", "yes", "on"}


def integer(name: str, default: int) -> int:
    value = text(name, str(default))
    if not (value.isascii() and value.isdecimal()):
        raise EnvError(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def positive(name: str, default: int) -> int:
    value = integer(name, default)
    if not 0 < value <= POSITIVE_MAX:
        raise EnvError(f"{name} must be between 1 and {POSITIVE_MAX}, not {value}.")
    return value


def kept(name: str, default: int = 0, *, at_least: int = 1) -> timedelta | None:
    """Returns for how long something is kept, or ``None`` for good. Raises ``EnvError`` for less than ``at_least``."""
    days = integer(name, default)
    if days == default == 0:
        return None
    if not at_least <= days <= POSITIVE_MAX:
        raise EnvError(f"{name} must be between {at_least} and {POSITIVE_MAX} days, not {days}.")
    return timedelta(days=days)


def local() -> bool:
    """Returns whether this installation is for one machine and makes its own secrets."""
    mode = text("CONTIPLE_MODE", "production")
    if mode not in {"production", "local"}:
        raise EnvError(f"CONTIPLE_MODE must be `production` or `local`, not {mode!r}.")
    return mode == "local"


def data_folder() -> Path:
    return Path(text("CONTIPLE_DATA", str(BASE_DIR / ".data")))


def origin(name: str, default: str | None) -> str:
    """Returns an exact origin (RFC 6454) as browsers write it: scheme, host and port in lower case, no default port."""
    value = text(name, default).lower().rstrip("/")
    if not re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", value):
        raise EnvError(f"{name} must be an origin such as https://desk.example.com, not {value!r}.")
    return re.sub(r"^(http(?=:.*:80$)|https(?=:.*:443$))(.*):\d+$", r"\1\2", value)


def url(name: str, schemes: set[str], default: str | None = None) -> SplitResult | None:
    """Returns the URL's parts, or ``None`` if it is empty. No error shows its content, which may be a password."""
    value = text(name, default)
    try:
        parts = urlsplit(value)
        usable = not value or (parts.scheme in schemes and (parts.port or 1) > 0)
    except ValueError:
        usable = False
    if not usable:
        raise EnvError(f"{name} can't be read: {VARIABLES[name]}.")
    return parts if value else None


def files_url() -> SplitResult:
    """Returns where files of chats are stored: a folder among the data if nothing else is said."""
    parts = url("FILES_URL", {"file", "s3"}, (data_folder() / "files").absolute().as_uri())
    assert parts is not None
    if (parts.scheme == "file") == bool(parts.netloc) or not parts.path.strip("/"):
        raise EnvError(f"FILES_URL can't be read: {VARIABLES['FILES_URL']}.")
    return parts


def clamd_url() -> SplitResult | None:
    parts = url("CLAMD_URL", {"tcp", "unix"}, "")
    if parts and not (parts.hostname if parts.scheme == "tcp" else parts.path):
        raise EnvError(f"CLAMD_URL can't be read: {VARIABLES['CLAMD_URL']}.")
    return parts


def required_url(name: str, schemes: set[str]) -> SplitResult:
    parts = url(name, schemes)
    assert parts is not None, name
    return parts


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Returns the networks in a list with commas or spaces. None may be so wide that it holds everybody."""
    found: list[IPv4Network | IPv6Network] = []
    for entry in text(name, "").replace(",", " ").split():
        try:
            found.append(ip_network(entry))
        except ValueError as error:
            raise EnvError(f"{name}: {error}.") from None
        if found[-1].prefixlen < found[-1].max_prefixlen // 16:
            raise EnvError(f"{name}: {entry} is too wide: anybody in it can claim any address.")
    return found


def header(name: str) -> str:
    """Returns the name of a header that holds one address, or ``""``."""
    value = text(name, "")
    if value and (
        not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value) or value.lower() in {"x-forwarded-for", "forwarded"}
    ):
        raise EnvError(f"{name} must be a header that the CDN alone writes, such as CF-Connecting-IP, not {value!r}.")
    return value


def headers(name: str) -> dict[str, str]:
    """Returns headers in a list with commas, `name=value` with values as in URLs (W3C Baggage). Shows no value."""
    found: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text(name, "").split(","))):
        key, sign, value = (part.strip() for part in entry.partition("="))
        if not (sign and re.fullmatch(r"[A-Za-z0-9!#$&'*+.^_`|~-]+", key) and unquote(value).isprintable()):
            raise EnvError(f"{name} must be a list of `name=value`, comma-separated.")
        found[key.lower()] = unquote(value)
    return found


def traced_share() -> float:
    """Returns which share of the messages is traced, from 0 to 1, by OpenTelemetry's variables for samplers."""
    sampler = choice("OTEL_TRACES_SAMPLER", SAMPLERS).removeprefix("PARENTBASED_")
    if sampler != "TRACEIDRATIO":
        return float(sampler == "ALWAYS_ON")
    try:
        share = float(text("OTEL_TRACES_SAMPLER_ARG", "1"))
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise EnvError("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.")
    return share


def master_keys(name: str) -> dict[str, bytes]:
    """Returns the keys by id, as ``crypto.parse_master_keys`` does."""
    try:
        return crypto.parse_master_keys(text(name))
    except ValueError as error:
        raise EnvError(f"{name}: {error}.") from None


def lost_keys(name: str, *, at_hand: dict[str, bytes]) -> frozenset[str]:
    """Returns the ids in the list. Raises ``EnvError`` for one that a key at hand has."""
    ids = frozenset(filter(None, (part.strip() for part in text(name, "").split(","))))
    if both := sorted(ids & at_hand.keys()):
        raise EnvError(
            f"{name} names a key that is in MASKING_KEYS: give the new key an id of its own, not {both[0]!r}."
        )
    return ids


def secret(name: str, *, length: int) -> str:
    """Returns a variable that has at least ``length`` characters and wasn't typed, or copied from an example."""
    value = text(name)
    if len(value) < length:
        raise EnvError(f"{name} is too short: it must have at least {length} characters.")
    if strength.is_guessable(value):
        raise EnvError(f"{name} can be guessed: use at least {length} random characters.")
    return value


def token(name: str, *, length: int) -> str:
    """Returns a secret that a header can carry, or ``""`` if the variable is not set."""
    value = text(name, "")
    if value and (len(value) < length or not (value.isascii() and value.isprintable()) or " " in value):
        raise EnvError(f"{name} must have at least {length} characters, all of them ASCII, and no spaces.")
    return value


def webhook() -> tuple[str, str, str]:
    """Returns the provider that posts mails (``NONE`` for none), its user and password, and its key."""
    provider = choice("INBOUND_WEBHOOK", ("NONE", "MAILGUN", "MAILJET", "POSTMARK"))
    secret, key = token("INBOUND_WEBHOOK_SECRET", length=24), token("INBOUND_WEBHOOK_KEY", length=16)
    if provider != "NONE" and ":" not in secret.strip(":"):
        raise EnvError(f"INBOUND_WEBHOOK_SECRET is needed: {VARIABLES['INBOUND_WEBHOOK_SECRET']}.")
    if provider == "MAILGUN" and not key:
        raise EnvError(f"INBOUND_WEBHOOK_KEY is needed: {VARIABLES['INBOUND_WEBHOOK_KEY']}.")
    return provider, secret, key


def choice(name: str, choices: tuple[str, ...]) -> str:
    """Returns one of ``choices``: the first if the variable is not set."""
    value = text(name, choices[0]).upper()
    if value not in choices:
        raise EnvError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value
