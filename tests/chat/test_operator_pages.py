"""The operator's pages of masking: that there are rules and patterns, and not what is looked for."""

import pytest
from django.test import Client

from chat.masking.models import MaskingRules, OwnPattern
from tests.make import make_user


@pytest.fixture
def operator(db) -> Client:
    client = Client()
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def rows(service) -> tuple[MaskingRules, OwnPattern]:
    rules = MaskingRules.objects.create(service=service, kinds={"phone": ["mask", True]})
    return rules, OwnPattern.objects.create(service=service, source="Project Heron", action="mask")


def paths(rules: MaskingRules, own: OwnPattern) -> list[str]:
    return [
        "/operator/chat/maskingrules/",
        f"/operator/chat/maskingrules/{rules.pk}/change/",
        "/operator/chat/ownpattern/",
        f"/operator/chat/ownpattern/{own.pk}/change/",
    ]


def test_the_operator_sees_that_they_are_there_and_not_what_they_look_for(rows, operator):
    for path in paths(*rows):
        page = operator.get(path)
        assert page.status_code == 200
        assert "Heron" not in page.content.decode()


def test_the_operator_changes_nothing(rows, operator):
    for path in paths(*rows)[1::2]:
        assert operator.post(path, {"version": 7, "action": "off"}).status_code == 403
        assert operator.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert operator.get("/operator/chat/ownpattern/add/").status_code == 403
    assert OwnPattern.objects.get().action == "mask"


def test_an_admin_of_the_service_is_no_operator(rows, admin, sign_in):
    for path in paths(*rows):
        assert sign_in(admin).get(path).status_code == 302
