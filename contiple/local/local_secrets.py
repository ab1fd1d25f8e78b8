"""Secrets of local mode. They are made once and kept in the data folder, readable by its owner only."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from contiple.base import crypto, env
from contiple.base.env import EnvError


def load(folder: Path) -> None:
    """Sets ``SECRET_KEY`` and ``MASKING_KEYS`` if the environment has none. Makes and keeps them the first time.

    Raises ``EnvError`` if the folder can't be written.
    """
    makers = {
        "SECRET_KEY": lambda: secrets.token_urlsafe(60),
        "MASKING_KEYS": lambda: crypto.format_master_key("local", crypto.new_key()),
    }
    for name, make in makers.items():
        if not env.text(name, ""):
            os.environ[name] = _kept(folder / name.lower(), make)


def _kept(path: Path, make: Callable[[], str]) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, make())
        return path.read_text().strip()
    except OSError as error:
        raise EnvError(f"The data folder {path.parent} can't be written: {error.strerror}.") from None


def _write_once(path: Path, value: str) -> None:
    """Links a complete file to ``path``, which fails if that exists: processes that start together use one secret."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(value)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
