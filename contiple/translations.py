"""Keeps the catalogue of translations up to date with the code, without gettext's programs.

``python -m contiple.translations`` collects every message of the Python files and templates into the Korean catalogue
and compiles it. ``--compile`` only compiles. ``--check`` changes nothing and lists what is missing. It needs neither
settings nor a database, so it can run before they exist.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("ko",)
CODE_FOLDERS = ("contiple", "agents", "helpcenter", "chat", "tickets")
NOT_SHOWN = {"migrations", "commands"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
KEYWORDS: dict[str, tuple | None] = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3), "npgettext_lazy": ((1, "c"), 2, 3),
}  # fmt: skip


def update(root: Path = ROOT) -> None:
    """Adds the code's new messages to each catalogue and removes those that are gone. Translations stay."""
    messages = collect(root)
    for language in LANGUAGES:
        catalog = _read(root, language)
        messages.creation_date = catalog.creation_date
        catalog.update(messages, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        _write(catalog, _po(root, language))


def compile_all(root: Path = ROOT) -> None:
    """Writes the ``.mo`` files that Django reads."""
    for language in LANGUAGES:
        draft = _po(root, language).with_suffix(f".mo.{os.getpid()}")
        draft.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            write_mo(file, _read(root, language))
        draft.rename(_po(root, language).with_suffix(".mo"))


def problems(root: Path = ROOT) -> list[str]:
    """Returns a line for each message that is missing, untranslated, doubtful, left over, or has other placeholders."""
    messages = collect(root)
    return [line for language in LANGUAGES for line in _problems_of(messages, _read(root, language), language)]


def collect(root: Path) -> Catalog:
    """Returns every message of the code, with its files."""
    catalog = Catalog(project="Contiple", charset="utf-8")
    for path, source in _sources(root):
        for _line, message, comments, context in _messages_in(source):
            places = [(path.relative_to(root).as_posix(), 0)]
            catalog.add(message, locations=places, auto_comments=comments, context=context)
    return catalog


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            if not NOT_SHOWN & set(path.parts):
                yield path, path.read_text(encoding="utf-8")
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in {".html", ".txt", ".js", ".svg"}:
            yield path, _as_python(path)


def _as_python(template: Path) -> str:
    """Turns a template into Python as Django does, without the indents, at which the tokenizer would stop."""
    return "\n".join(
        line.lstrip() for line in templatize(template.read_text(encoding="utf-8"), origin=str(template)).splitlines()
    )


def _messages_in(source: str) -> Iterable[tuple]:
    return extract("python", BytesIO(source.encode()), keywords=KEYWORDS, comment_tags=["Translators:"])


def _po(root: Path, language: str) -> Path:
    return root / "locale" / language / "LC_MESSAGES" / "django.po"


def _read(root: Path, language: str) -> Catalog:
    path = _po(root, language)
    if not path.exists():
        return Catalog(locale=language, project="Contiple", version="1", msgid_bugs_address="-", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _write(catalog: Catalog, path: Path) -> None:
    catalog.header_comment = "# Contiple's translations: `make translations` brings in what is new in the code."
    for message in catalog:
        message.locations = sorted(set(message.locations))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, ignore_obsolete=True)


def _problems_of(messages: Catalog, catalog: Catalog, language: str) -> Iterator[str]:
    for message in _texts(messages):
        translated = catalog.get(message.id, message.context)
        if problem := _problem(message, translated):
            yield f"{language}: {problem}: {message.id!r} ({', '.join(sorted({p for p, _ in message.locations}))})"
    for message in _texts(catalog):
        if messages.get(message.id, message.context) is None:
            yield f"{language}: not in the code any more: {message.id!r}"


def _texts(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def _problem(message: Message, translated: Message | None) -> str | None:
    if translated is None:
        return "not in the catalogue (`make translations`)"
    strings = _tuple(translated.string)
    if not all(strings):
        return "not translated"
    if translated.fuzzy:
        return "marked as doubtful (fuzzy)"
    # The last form is the plural, which contains the number. Korean has only this form.
    expected = sorted(PLACEHOLDER.findall(_tuple(message.id)[-1]))
    if any(sorted(PLACEHOLDER.findall(string)) != expected for string in strings):
        return "placeholders differ"
    return None


def _tuple(value: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (value or "",) if isinstance(value, str) or value is None else tuple(value)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 1 if ``--check`` found something."""
    parser = argparse.ArgumentParser(prog="translations", description=__doc__.split("\n")[0])
    add_arguments(parser)
    return run(**vars(parser.parse_args(arguments)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--compile", action="store_true", help="only write the .mo files")
    parser.add_argument("--check", action="store_true", help="change nothing; list what is missing; exit with 1")


def run(*, compile: bool, check: bool) -> int:
    if check:
        found = problems()
        print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
        return 1 if found else 0
    if not compile:
        update()
    compile_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
