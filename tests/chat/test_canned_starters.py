"""Canned responses to start from: chosen from a list, added once, and sent as they are."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import AuditEntry
from chat.canned.placeholders import fill, unknown_in
from chat.canned.starters import STARTERS, add_starters
from chat.canned_response import NAME_LENGTH_MAX, TEXT_LENGTH_MAX, CannedResponse
from chat.masking.concealing import search
from contiple.base.errors import Closed
from tests.chat.canned import make_response, own

pytestmark = pytest.mark.django_db
PATH = reverse("chat:canned_starters", args=["demo"])
ALL = [starter.key for starter in STARTERS]


@pytest.fixture
def client(admin, sign_in) -> Client:
    return sign_in(admin)


def names() -> set[str]:
    return set(CannedResponse.objects.values_list("name", flat=True))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_can_be_saved_and_sent_as_it_is(service, admin, language):
    assert add_starters(admin, ALL, language) == 10
    for starter in STARTERS:
        name, text = starter.names[language], starter.texts[language]
        assert len(name) <= NAME_LENGTH_MAX
        assert len(text) <= TEXT_LENGTH_MAX
        assert not unknown_in(text)
        assert not search(service, text).masked
        assert "{" not in fill(text, {"customer": "Jun", "agent": "Mina", "service": "Demo"})
    assert names() == {starter.names[language] for starter in STARTERS}


def test_the_list_shows_all_before_anything_is_added(client):
    page = client.get(PATH).content.decode()
    assert all(f'value="{key}"' in page for key in ALL)
    assert "Let me look into this for you." in page
    assert "확인해 보겠습니다." in page
    assert not CannedResponse.objects.exists()


def test_the_chosen_ones_are_everybodys_under_names_in_the_admins_language(client):
    assert client.post(PATH, {"starter": ["hello", "nonsense"]}, headers={"Accept-Language": "ko"}).status_code == 302
    response = CannedResponse.objects.get()
    assert (response.name, response.owner, response.topic, set(response.texts)) == ("인사", None, None, {"en", "ko"})
    assert AuditEntry.objects.get(action="canned.created").subject == f"canned:{response.pk}"


def test_twice_adds_nothing_twice_whatever_the_language(client, admin):
    client.post(PATH, {"starter": ALL})
    assert add_starters(admin, ALL, "ko") == 0
    assert "Nothing was added." in client.post(PATH, {"starter": []}, follow=True).content.decode()
    assert CannedResponse.objects.count() == 10
    assert not client.get(PATH).context["has_new"]


def test_one_that_was_renamed_is_still_there(client):
    client.post(PATH, {"starter": ["hello"]})
    CannedResponse.objects.update(name="welcome")
    client.post(PATH, {"starter": ["hello"]})
    assert names() == {"welcome"}


def test_a_response_that_has_the_name_already_is_left_alone(client, service):
    make_response(service, "Hello")
    client.post(PATH, {"starter": ["hello", "bye"]})
    assert names() == {"Hello", "bye"}


def test_an_agents_own_response_is_no_hindrance(client, agent):
    own(agent, "hello")
    client.post(PATH, {"starter": ["hello"]})
    assert CannedResponse.objects.filter(owner=None, name="hello").exists()


def test_another_services_are_no_hindrance(client, outsider):
    add_starters(outsider, ALL, "en")
    client.post(PATH, {"starter": ["hello"]})
    assert CannedResponse.objects.filter(service__slug="demo").count() == 1


def test_who_is_no_admin_adds_nothing(agent, outsider, sign_in):
    for who in (agent, outsider):
        client = sign_in(who)
        assert client.get(PATH).status_code == client.post(PATH, {"starter": ALL}).status_code == 404
    assert Client().post(PATH, {"starter": ALL}).status_code == 302
    with pytest.raises(Closed):
        add_starters(agent, ALL, "en")
    assert not CannedResponse.objects.exists()
