"""Files for browsers that are made of several: style sheets, and the scripts of the pages that customers see.

Each is written when it is asked for and a part has changed, so nothing has to be built before an edited file is seen.
A copy compressed with gzip stands beside it, as WhiteNoise sends it.

A joined script is its modules one after the other, each in a function of its own; an import reads what the function
has returned. Modules that are joined import each other by name only, at their head, and not in a circle.
"""

import gzip
import os
import re
import secrets
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage
from rjsmin import jsmin

from contiple.base import env

SOURCES = settings.BASE_DIR / "static"

_COMMON = ("app", "reset", "tokens", "base", "utilities")
_CUSTOMERS = ("button", "field", "badge", "dialog", "notice", "empty", "customer-chat", "personal-hint")
_CHAT = ("skeleton", "message", "composer")
_HELP_CENTER = ("helpcenter", "card", "tabs", "table", "pagination", "breadcrumb", "prose", "inquiry", "chat-widget")
# The order decides between two rules of one layer.
SHEETS = (
    *("css/app.css", "css/reset.css", "css/tokens.css", "css/base.css"),
    *(f"css/layout/{name}.css" for name in ("desk", "helpcenter", "single")),
    *(
        f"css/components/{name}.css"
        for name in (
            *("button", "field", "switch", "checks", "tabs", "table", "card", "badge", "avatar", "dialog", "notice"),
            *("empty", "pagination", "breadcrumb", "prose", "timeline", "ticket-list", "ticket-composer", "inquiry"),
            *("skeleton", "message", "quotes", "composer", "personal-hint", "chat-widget", "chat-dialog"),
            *("desk-place", "conversation-search"),
            *("customer-chat", "files", "evaluation", "suggested-articles", "past-chats", "rules", "hours", "two-step"),
            *("canned", "shortcuts", "category", "report", "settings", "desk-composer", "desk-messages"),
            *("wallboard", "first-day"),
        )
    ),
    "css/utilities.css",
)
STYLES: dict[str, Container[str]] = {
    "joined/chat.css": {*_COMMON, *_CUSTOMERS, *_CHAT},
    "joined/conversation.css": {"files", "evaluation", "quotes"},  # of the same page, once there is a chat
    "joined/helpcenter.css": {*_COMMON, *_CUSTOMERS, *_HELP_CENTER},
    "joined/suggested-articles.css": {"prose", "suggested-articles"},
    "joined/past-chats.css": {"past-chats"},
    "joined/desk.css": {Path(sheet).stem for sheet in SHEETS},
}
SCRIPTS = {
    "joined/chat.js": "js/customer-chat.js",
    "joined/contact.js": "js/contact.js",
    "joined/files.js": "js/customer-files.js",
    "joined/helpcenter.js": "js/helpcenter.js",
    "joined/inquiry.js": "js/inquiry.js",
    "joined/past-chats.js": "js/past-chats.js",
    "joined/watch.js": "js/chat-watch.js",
}
SPRITE, CUSTOMERS_SPRITE, FILES_SPRITE = "icons/sprite.svg", "joined/icons.svg", "joined/file-icons.svg"
# The signs of pages that customers see. Any other would cost these pages the whole sprite.
_HELP_CENTER_ICONS = {
    "book",
    "chat",
    "check",
    "chevron-down",
    "chevron-right",
    "globe",
    "info",
    "mail",
    "mask",
    "search",
}
_CHAT_ICONS = {"alert", "check-circle", "clock", "close", "dots", "download", "error", "send", "smile", "trash"}
# Those of files in a chat, and of earlier chats, which the form before the chat doesn't need.
_FILES_ICONS = {"archive", "arrow-left", "camera", "file", "paperclip", "picture", "refresh", "sound", "video"}
SPRITES = {CUSTOMERS_SPRITE: _HELP_CENTER_ICONS | _CHAT_ICONS, FILES_SPRITE: _FILES_ICONS}
_SPRITE_OF = {icon: sprite for sprite, icons in reversed(SPRITES.items()) for icon in icons}
NAMES = {*STYLES, *SCRIPTS, SPRITE, *SPRITES}

_IMPORT = re.compile(r'^import (?:(\{[^}]*\}) from )?"\./([a-z-]+)\.js";.*\n', re.MULTILINE)
_SYMBOL = re.compile(r'\s*<symbol id="([\w-]+)".*?</symbol>', re.DOTALL)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)


class NotJoinable(ValueError):
    """A module does something that a joined script can't do."""


class JoinedFinder(BaseFinder):
    """Finds the joined files. In `STATICFILES_FINDERS` it stands before the finders of their parts."""

    storage = FileSystemStorage(env.data_folder() / "joined")

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        found = [str(self._written(path))] if path in NAMES else []
        return found if find_all or not found else found[0]

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        for name in sorted(NAMES):
            self._written(name)
            yield name, self.storage

    def _written(self, name: str) -> Path:
        parts, file = parts_of(name), Path(self.storage.path(name))
        changed = max(part.stat().st_mtime_ns for part in [*parts, Path(__file__)])
        if not file.exists() or file.stat().st_mtime_ns != changed:
            _write(file, joined(name), changed)
        return file


def parts_of(name: str) -> list[Path]:
    """Returns the files that a joined one is made of, in their order."""
    if name in SCRIPTS:
        return list(_modules(SOURCES / SCRIPTS[name], []))
    if name in STYLES:
        return [SOURCES / sheet for sheet in SHEETS if Path(sheet).stem in STYLES[name]]
    return [SOURCES / SPRITE]


def joined(name: str) -> str:
    """Returns the text of a joined file. Raises ``NotJoinable`` for a script whose modules can't be joined."""
    parts = parts_of(name)
    if name in SCRIPTS:
        return jsmin("".join(map(_function, parts)))
    text = "".join(part.read_text("utf-8") for part in parts)
    if name in SPRITES:
        return _SYMBOL.sub(lambda found: found[0] if found[1] in SPRITES[name] else "", text)
    return _tight(text) if name in STYLES else text


def sprite_of(icon: str) -> str:
    """Returns the name of the file that has the sign."""
    return _SPRITE_OF.get(icon, SPRITE)


def _tight(css: str) -> str:
    """Style sheets without comments and indents. Blanks before ``:`` stay: they change what a selector means."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r" ?([{};]) ?", r"\1", re.sub(r"\s+", " ", css.strip()))


def _write(file: Path, text: str, changed: int) -> None:
    """Replaces the file at once: other processes may be reading or writing it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    compressed = gzip.compress(text.encode(), 9, mtime=0)
    for path, content in [(file.with_name(f"{file.name}.gz"), compressed), (file, text.encode())]:
        new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        new.write_bytes(content)
        os.utime(new, ns=(changed, changed))
        new.replace(path)


def _modules(module: Path, above: list[Path]) -> dict[Path, None]:
    """The module after all that it imports, each once."""
    if module in above:
        raise NotJoinable(f"{module.name} imports itself")
    found: dict[Path, None] = {}
    for _names, imported in _IMPORT.findall(module.read_text("utf-8")):
        found |= _modules(module.with_name(f"{imported}.js"), [*above, module])
    return {**found, module: None}


def _function(module: Path) -> str:
    """The module as a function of what it imports."""
    text = module.read_text("utf-8")
    exported = [name for _kind, name in _EXPORT.findall(text)]
    text = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(found[2])};\n" if found[1] else "", text)
    text = _EXPORT.sub(r"\1 \2", text)
    if left := re.search(r"^(import|export)\b.*|\bimport\(|\bimport\.meta\b|^await\b", text, re.MULTILINE):
        raise NotJoinable(f"{module.name}: {left[0]}")
    return f"const {_variable(module.stem)} = (() => {{\n{text}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _variable(name: str) -> str:
    return f"${name.replace('-', '_')}"
