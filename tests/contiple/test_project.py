"""The repository agrees with itself."""

import pytest
from django.core.management import call_command

from contiple import env


@pytest.mark.django_db
def test_models_have_their_migrations():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_every_variable_is_in_the_readme():
    readme = (env.BASE_DIR / "README.md").read_text(encoding="utf-8")
    assert [name for name in env.VARIABLES if f"`{name}`" not in readme] == []
