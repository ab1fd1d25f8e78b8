"""The settings that come from the environment: each variable is declared here once, and read nowhere else.

``VARIABLES`` is what the README's table is checked against.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

VARIABLES: dict[str, str] = {
    "CONTIPLE_MODE": "`production` (default), or `local` for one machine with generated secrets",
    "CONTIPLE_DATA": "folder for the embedded database and the generated secrets of local mode",
    "DATABASE_URL": "PostgreSQL, as `postgresql://user:password@host:port/name`",
    "REDIS_URL": "Redis between processes; without it one process serves everything",
    "SECRET_KEY": "signs sessions and links; at least 50 characters",
    "MASKING_KEYS": "master keys of masked originals, newest first: `id:base64 of 32 bytes`, comma-separated",
    "PUBLIC_ORIGIN": "where browsers find it, as `https://desk.example.com`",
    "TRUST_PROXY": "`1` when a proxy in front sets `X-Forwarded-Proto` and `X-Forwarded-For`",
    "PORT": "port to listen on",
    "EMAIL_URL": "mail server, as `smtp://user:password@host:587`; without it mail is written to the log",
    "EMAIL_FROM": "sender of mail",
    "LOG_LEVEL": "`INFO` by default",
}


class EnvError(Exception):
    """A variable is missing or can't be used. The text is one line for the operator."""


def text(name: str, default: str | None = None) -> str:
    """The variable's value, or ``default``. Raises ``EnvError`` where there is neither."""
    assert name in VARIABLES, name
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise EnvError(f"{name} is not set: {VARIABLES[name]}.")
    return value


def flag(name: str) -> bool:
    return text(name, "0").lower() in {"1", "true", "yes", "on"}


def integer(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdigit():
        raise EnvError(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def local() -> bool:
    """Whether this is one machine's own installation, which makes its own secrets."""
    mode = text("CONTIPLE_MODE", "production")
    if mode not in {"production", "local"}:
        raise EnvError(f"CONTIPLE_MODE must be `production` or `local`, not {mode!r}.")
    return mode == "local"


def data_folder() -> Path:
    return Path(text("CONTIPLE_DATA", str(BASE_DIR / ".data")))


def origin(name: str, default: str | None) -> str:
    """An exact origin (RFC 6454): scheme, host and port, nothing behind them."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or f"{parts.scheme}://{parts.netloc}" != value:
        raise EnvError(f"{name} must be an origin such as https://desk.example.com, not {value!r}.")
    return value
