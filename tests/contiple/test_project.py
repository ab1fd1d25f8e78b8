"""The repository agrees with itself."""

import re

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
    assert sorted(named) == sorted(there - {"__init__", "__pycache__", "apps", "management", "migrations"})
