"""Writes addresses of our pages in log lines by their pattern: links in mails carry secrets, others ids and searches.

``/invitation/<str:secret>/`` tells where something failed as well as the address itself does.
"""

import contextlib
import re
from typing import Any
from urllib.parse import unquote, urlsplit

ADDRESS = re.compile(r"""(?:https?://[^/\s"'<>]+)?/[^\s"'<>()\[\],]*""")
FIRST_FOLDER = re.compile(r"/[a-z][a-z-]{0,20}(?=/)")
# Below these, a part of what follows may be a secret even if there is no such page.
SECRET_FOLDERS = ("/invitation", "/password", "/inquiry")


def without_addresses(text: str, request: Any = None) -> str:
    """Returns the text with patterns in place of addresses. ``request``: the one it is about, if there is one."""
    path = getattr(request, "path", "")
    if len(path) <= 1:
        return ADDRESS.sub(_shown, text)
    shown = pattern(path)
    escaped = path.encode("unicode_escape").decode()  # as Django logs it
    return shown.join(ADDRESS.sub(_shown, part) for part in text.replace(escaped, path).split(path))


def pattern(path: str) -> str:
    """Returns the pattern of our page at ``path``; of any other its first folder."""
    return _pattern_of(path) or _first_folder(path)


def _shown(found: re.Match[str]) -> str:
    with contextlib.suppress(ValueError):
        path = unquote(urlsplit(found[0]).path)
        pattern = _pattern_of(path)
        if pattern:
            return pattern
        if path.startswith(SECRET_FOLDERS):
            return _first_folder(path)
    return found[0]


def _pattern_of(path: str) -> str:
    """Returns ``""`` if there is no such page, or if our addresses aren't known (yet)."""
    from django.urls import resolve  # the log is there before Django is

    with contextlib.suppress(Exception):
        return f"/{resolve(path).route}"
    return ""


def _first_folder(path: str) -> str:
    folder = FIRST_FOLDER.match(path)
    return f"{folder[0] if folder else ''}/…"
