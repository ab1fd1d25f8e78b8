"""The repository agrees with itself."""

import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command

from contiple.base import env


@pytest.mark.django_db
def test_models_have_their_migrations():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_variable_is_in_the_readme():
    readme = (env.BASE_DIR / "README.md").read_text(encoding="utf-8")
    assert [name for name in env.VARIABLES if f"`{name}`" not in readme] == []


def test_the_readme_s_map_of_chat_has_its_packages_and_no_others():
    readme = (env.BASE_DIR / "README.md").read_text(encoding="utf-8")
    shown = readme.partition("\nchat/ ")[2].partition("\nhelpcenter/ ")[0]
    # A line of two blanks begins with names; what they are for follows after more blanks, or on the next line.
    lines = re.findall(r"^  ([a-z_/]+(?:, [a-z_/]+)*)(?:  .*)?$", shown, re.MULTILINE)
    named = [name.strip("/") for line in lines for name in line.split(", ")]
    there = {path.stem for path in (env.BASE_DIR / "chat").iterdir() if path.suffix in {"", ".py"}}
    assert sorted(named) == sorted(
        there - {"__init__", "__pycache__", "apps", "management", "migrations", "templatetags"}
    )


def test_lines_of_templates_are_short():
    long = [
        f"{name}:{at}" for name, text in _templates() for at, line in enumerate(text.split("\n"), 1) if len(line) > 120
    ]
    assert long == []


def test_no_condition_in_a_template_has_more_than_two_branches():
    assert [f"{name}:{at}" for name, text in _templates() for at in _long_conditions(text)] == []


def _templates() -> Iterator[tuple[str, str]]:
    for path in sorted((env.BASE_DIR / "templates").rglob("*.*")):
        yield path.relative_to(env.BASE_DIR).as_posix(), path.read_text(encoding="utf-8")


def _long_conditions(text: str) -> Iterator[int]:
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
    "chat/models.py": "a column of data keys, by which an app above names whose originals they are",
    "chat/masking/vault.py": "the same column",
    "chat/masking/selections.py": "masks are for texts of apps above as well",
    "chat/masking/record.py": "the record of unmasking lists looks into comments",
    "chat/masking/destroying.py": "originals in comments are destroyed with the chat's",
    "chat/conversation/message_masks.py": "copies in texts of apps above",
    "chat/desk/views_masking.py": "masks in texts of apps above",
    "templates/chat/_record_row.html": "the record of unmasking links to them",
    "templates/chat/destroy.html": "says what is destroyed",
    "templates/chat/_destroy_person.html": "says what is destroyed",
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
