"""The repository agrees with itself: models with migrations, READMEs with the tree, templates with the style."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from contiple.base import env

APPS = ("agents", "chat", "contiple", "helpcenter", "tickets")
NOT_IN_THE_MAP = {"management", "commands", "migrations", "templatetags"}  # Django gives these their meaning
README_LINES_MAX = 110  # the first page is read in a few minutes; more belongs to the folder that it is about


@pytest.mark.django_db
def test_models_have_their_migrations():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_variable_is_in_the_table_of_settings():
    table = read("contiple/README.md")
    assert [name for name in env.VARIABLES if f"\n| `{name}` |" not in table] == []


def test_the_readme_is_short():
    assert len(read("README.md").splitlines()) <= README_LINES_MAX


def test_the_map_has_every_package():
    there = {f"{package}/" for app in APPS for package in packages(app)}
    assert sorted(there - rows_of_the_map().keys()) == []


def test_the_map_has_the_modules_of_chat_and_no_others():
    named = set(re.findall(r"`([a-z_]+)`", rows_of_the_map()["chat/"]))
    there = {path.stem for path in (env.BASE_DIR / "chat").glob("*.py")}
    assert sorted(named) == sorted(there - {"__init__", "apps"})


def test_every_link_of_a_text_leads_somewhere():
    texts = list(markdown_files())
    assert {"README.md", "CONTRIBUTING.md"} <= {path.name for path in texts}
    links = [(path, link) for path in texts for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text())]
    broken = [f"{path.relative_to(env.BASE_DIR)}: {link}" for path, link in links if not leads_somewhere(path, link)]
    assert broken == []


def test_lines_of_templates_are_short():
    long = [
        f"{name}:{at}" for name, text in templates() for at, line in enumerate(text.split("\n"), 1) if len(line) > 120
    ]
    assert long == []


def test_no_condition_in_a_template_has_more_than_two_branches():
    assert [f"{name}:{at}" for name, text in templates() for at in long_conditions(text)] == []


def read(name: str) -> str:
    return (env.BASE_DIR / name).read_text(encoding="utf-8")


def rows_of_the_map() -> dict[str, str]:
    """The text of each folder's row."""
    rows = read("README.md").partition("## The map of the code")[2].splitlines()
    cells = [row.strip("| ").split(" | ") for row in rows if row.startswith("| [")]
    return {folder: row[1] for row in cells for folder in re.findall(r"\[([a-z_/]+)\]", row[0])}


def packages(app: str) -> Iterator[Path]:
    folders = (path.parent.relative_to(env.BASE_DIR) for path in (env.BASE_DIR / app).rglob("__init__.py"))
    return (folder for folder in folders if not NOT_IN_THE_MAP & set(folder.parts))


def markdown_files() -> Iterator[Path]:
    """All of the repository's: folders with a dot are data, packages and caches, except GitHub's."""
    yield from env.BASE_DIR.glob("*.md")
    for folder in env.BASE_DIR.iterdir():
        if folder.is_dir() and (not folder.name.startswith(".") or folder.name == ".github"):
            yield from folder.rglob("*.md")


def leads_somewhere(text: Path, link: str) -> bool:
    """An address elsewhere does; a path does if it exists, and its heading too if the link names one."""
    if re.match(r"[a-z]+:", link):
        return True
    name, _, heading = link.partition("#")
    target = text.parent / name if name else text
    return target.exists() and (not heading or heading in anchors(target))


def anchors(text: Path) -> set[str]:
    """What GitHub calls the headings of a text in addresses."""
    headings = re.findall(r"^#+ (.+)$", text.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((env.BASE_DIR / "templates").rglob("*.*")):
        yield path.relative_to(env.BASE_DIR).as_posix(), path.read_text(encoding="utf-8")


def long_conditions(text: str) -> Iterator[int]:
    """The lines at which a third branch begins."""
    branches: list[int] = []
    for found in re.finditer(r"{%\s*(if|elif|else|endif)\b.*?%}", text):
        if found[1] == "if":
            branches.append(1)
        elif found[1] == "endif":
            branches.pop()
        elif branches:
            branches[-1] += 1
            if branches[-1] > 2:
                yield text.count("\n", 0, found.start()) + 1


# Files of chat that may say "ticket", by the beginning of their path, and why.
MAY_SAY_TICKET = {
    "chat/migrations/": "a migration stays as it was applied",
    "chat/masking/detectors/": "a word that customers write before numbers",
    "chat/masking/record.py": "says what was destroyed",
    "chat/desk/views_masking.py": "says what is destroyed",
    "templates/chat/destroy.html": "says what is destroyed",
}


def test_chat_does_not_know_tickets():
    """Neither by import, nor by a field's path, an address, a text or a name: ``chat.follow_ups`` is the only way."""
    knowing = [line for line in _lines_of_chat() if re.search("ticket", line, re.IGNORECASE)]
    assert [line for line in knowing if not line.startswith(tuple(MAY_SAY_TICKET))] == []


def test_every_exception_is_needed():
    knowing = [line for line in _lines_of_chat() if re.search("ticket", line, re.IGNORECASE)]
    assert [start for start in MAY_SAY_TICKET if not any(line.startswith(start) for line in knowing)] == []


def _lines_of_chat() -> Iterator[str]:
    """Every line of code, template and script that is chat's, with its place before it."""
    root = env.BASE_DIR
    scripts = [path for path in (root / "static/js").glob("*.js") if not path.name.startswith("ticket")]
    for path in sorted([*(root / "chat").rglob("*.py"), *(root / "templates/chat").iterdir(), *scripts]):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            yield f"{path.relative_to(root)}:{number}: {line.strip()}"


# Functions with more than five parameters, and why.
MAY_HAVE_MORE_PARAMETERS = {"agents/audit.py: record": "an entry's columns; its callers name each"}


def test_modules_and_functions_stay_small():
    modules, functions, wide = [], [], []
    for path in _product_code():
        name, text = path.relative_to(env.BASE_DIR).as_posix(), path.read_text(encoding="utf-8")
        if len(text.splitlines()) > 300:
            modules.append(name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if node.end_lineno - node.lineno >= 30:
                    functions.append(f"{name}: {node.name}")
                if len(_parameters(node)) > 5:
                    wide.append(f"{name}: {node.name}")
    assert (modules, functions, wide) == ([], [], list(MAY_HAVE_MORE_PARAMETERS))


def _product_code() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in sorted((env.BASE_DIR / app).rglob("*.py")) if "migrations" not in path.parts)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    return [it.arg for it in given.posonlyargs + given.args + given.kwonlyargs if it.arg not in {"self", "cls"}]
