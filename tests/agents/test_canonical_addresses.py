"""Addresses of the release before: brought to their canonical form, unless another account has it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from agents.models import User
from tests.make import make_user

migration = import_module("agents.migrations.0009_canonical_addresses")


@pytest.mark.django_db
def test_stored_addresses_are_folded_and_a_second_one_is_left_and_named(capsys):
    oscar, other, kim = make_user(email="oscar@example.com"), make_user(), make_user()
    with connection.cursor() as cursor:
        for user, stored in ((other, "oſcar@example.com"), (kim, "kim@예시.한국")):
            cursor.execute("UPDATE agents_user SET email = %s WHERE id = %s", [stored, user.pk])

    migration.fold(apps, None)

    assert User.objects.get(email="kim@예시.한국") == kim
    assert User.objects.get(email="oſcar@example.com") == oscar
    assert f"User {other.pk} has another user's" in capsys.readouterr().err
