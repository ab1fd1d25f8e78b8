"""Canned responses: who has them and may change them, what the composer finds, and when one counts as used."""

from uuid import uuid4

import pytest
from django.db import connection
from django.http import Http404
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, AuditEntry
from chat import access
from chat.canned.responses import FOUND_MAX, Written, remove_response, save_response
from chat.canned_response import TEXT_LENGTH_MAX, CannedResponse
from chat.models import Chat
from tests.chat.canned import form_of, make_response, names_of, own
from tests.chat.test_topics import make_topic
from tests.make import make_agent, make_chat, make_customer, send_as_agent

pytestmark = pytest.mark.django_db
PATH = "/desk/demo/canned/"
CARD = "4111 1111 1111 1111"


@pytest.fixture
def chat(service, agent) -> Chat:
    return make_chat(service, agent=agent, customer=make_customer(service, "Jun"))


def offered(client: Client, chat: Chat, query: str = "") -> str:
    return client.get(f"/desk/demo/chat/{chat.pk}/canned/", {"q": query}).content.decode()


# Who has which


def test_an_agent_has_everybodys_the_own_ones_and_those_of_the_own_queues(service, agent, colleague) -> None:
    refunds, delivery = make_topic(service, "refunds", agent), make_topic(service, "delivery", colleague)
    make_response(service, "all")
    make_response(service, "refunds", topic=refunds)
    make_response(service, "delivery", topic=delivery)
    own(agent, "mine"), own(colleague, "theirs")
    free = make_agent(service, "Free")

    assert names_of(access.canned_responses_for(agent)) == ["all", "mine", "refunds"]
    assert names_of(access.canned_responses_for(free)) == ["all", "delivery", "refunds"]  # serves every queue


def test_those_of_a_removed_queue_are_for_admins_to_move(service, agent, admin) -> None:
    topic = make_topic(service, "refunds", removed_at="2026-01-01T00:00Z", is_active=False)
    make_response(service, "old", topic=topic)
    assert names_of(access.canned_responses_for(agent)) == []
    assert names_of(access.canned_responses_changed_by(admin)) == ["old"]


def test_the_list_shows_what_somebody_else_changes_without_a_link(service, agent, admin, sign_in) -> None:
    shared, mine = make_response(service, "shared"), own(agent, "mine")
    page = sign_in(agent).get(PATH).content.decode()
    assert f"{PATH}{mine.pk}/" in page
    assert "/shared" in page
    assert f"{PATH}{shared.pk}/" not in page
    page = sign_in(admin).get(PATH).content.decode()
    assert f"{PATH}{shared.pk}/" in page
    assert "/mine" not in page


# Saving


def test_an_admin_saves_one_for_all_and_it_is_on_record(service, admin, sign_in) -> None:
    answer = sign_in(admin).post(f"{PATH}new/", form_of(text_ko="환불은 3일 걸립니다."))
    assert answer.status_code == 302
    response = CannedResponse.objects.get()
    assert (response.name, response.owner, response.topic) == ("refund", None, None)
    assert response.texts == {"en": "A refund takes three days.", "ko": "환불은 3일 걸립니다."}
    assert AuditEntry.objects.get(action="canned.created").subject == f"canned:{response.pk}"


def test_an_agents_is_the_own_whatever_the_form_says(agent, sign_in) -> None:
    sign_in(agent).post(f"{PATH}new/", form_of(whose="everyone"))
    assert CannedResponse.objects.get().owner == agent
    assert not AuditEntry.objects.filter(action="canned.created").exists()


def test_an_admin_saves_one_for_a_queue_and_changes_it(service, admin, sign_in) -> None:
    topic, client = make_topic(service, "refunds"), sign_in(admin)
    client.post(f"{PATH}new/", form_of(whose=str(topic.pk)))
    response = CannedResponse.objects.get(topic=topic)
    client.post(f"{PATH}{response.pk}/", form_of("refund2", whose="own"))
    response.refresh_from_db()
    assert (response.name, response.owner, response.topic) == ("refund2", admin, None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text_en": ""}, "Enter a text in one language at least."),
        ({"text_en": "Hello {name}"}, "There is no such name: {name}"),
        ({"text_en": "x" * (TEXT_LENGTH_MAX + 1)}, "at most 2000 characters"),
        ({"text_en": f"Pay with {CARD}"}, "This would be masked whenever it is sent: Card number."),
        ({"name": "two words"}, "Use letters, digits, dots, dashes and underscores alone."),
        ({"name": "REFUND"}, "Another canned response has this name."),
        ({"whose": "999"}, "Select a valid choice."),
        ({"file": "999"}, "This file is gone. Add it again."),
        ({"text_en": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_what_can_not_be_used_is_refused_beside_its_field(service, admin, sign_in, fields, said) -> None:
    make_response(service, "refund")
    page = sign_in(admin).post(f"{PATH}new/", form_of(fields.pop("name", "other"), **fields)).content.decode()
    assert said in page
    assert CannedResponse.objects.count() == 1


def test_without_security_service_nothing_is_personal(service, admin, sign_in) -> None:
    service.contract.security_service = False
    service.contract.save()
    sign_in(admin).post(f"{PATH}new/", form_of(text_en=f"Pay with {CARD}"))
    assert CannedResponse.objects.get().texts == {"en": f"Pay with {CARD}"}


def test_names_in_korean_are_composed(admin, sign_in) -> None:
    sign_in(admin).post(f"{PATH}new/", form_of("/환불"))
    assert CannedResponse.objects.get().name == "환불"


def test_there_is_a_bound(service, agent, sign_in, monkeypatch) -> None:
    monkeypatch.setattr("chat.canned.responses.OWN_MAX", 1)
    client = sign_in(agent)
    client.post(f"{PATH}new/", form_of("one"))
    assert "There are already 1 of them." in client.post(f"{PATH}new/", form_of("two")).content.decode()
    first = CannedResponse.objects.get()
    assert client.post(f"{PATH}{first.pk}/", form_of("three")).status_code == 302


def test_one_that_is_removed_while_its_form_is_saved_stays_removed(service, admin) -> None:
    response = make_response(service)
    seen = CannedResponse.objects.get(pk=response.pk)
    remove_response(admin, CannedResponse.objects.get(pk=response.pk))
    with pytest.raises(Http404):
        save_response(admin, seen, Written(name="hello", texts={"en": "Hello"}))
    assert not CannedResponse.objects.exists()


def test_one_that_is_sent_while_its_form_is_saved_is_counted(service, admin) -> None:
    response = make_response(service)
    seen = CannedResponse.objects.get(pk=response.pk)
    CannedResponse.objects.update(used_count=1)
    save_response(admin, seen, Written(name="hello", texts={"en": "Hello"}))
    assert CannedResponse.objects.get().used_count == 1


def test_a_removed_one_is_gone(service, admin, sign_in) -> None:
    response, client = make_response(service), sign_in(admin)
    assert "will be removed" in client.get(f"{PATH}{response.pk}/remove/").content.decode()
    client.post(f"{PATH}{response.pk}/remove/")
    assert not CannedResponse.objects.exists()
    assert AuditEntry.objects.filter(action="canned.removed").exists()


# Wrong hands


@pytest.mark.parametrize("path", ["", "remove/"])
def test_nobody_else_changes_one(service, agent, colleague, outsider, sign_in, path) -> None:
    theirs, shared = own(colleague), make_response(service, "shared")
    for response in (theirs, shared):
        for person in (agent, outsider):
            client = sign_in(person)
            for slug in {"demo", person.service.slug}:
                address = f"/desk/{slug}/canned/{response.pk}/{path}"
                assert client.get(address).status_code == 404
                assert client.post(address, form_of()).status_code == 404
    assert CannedResponse.objects.filter(name__in=["mine", "shared"]).count() == 2


def test_an_admin_does_not_see_an_agents_own(service, agent, admin, sign_in) -> None:
    assert sign_in(admin).get(f"{PATH}{own(agent).pk}/").status_code == 404


def test_without_the_chat_permission_there_are_none(service, sign_in) -> None:
    client = sign_in(make_agent(service, "Writer", chat_permission=False))
    assert client.get(PATH).status_code == 404
    assert client.post(f"{PATH}new/", form_of()).status_code == 404
    assert PATH not in client.get("/desk/demo/tickets/").content.decode()


def test_nobody_signs_in_first(service, client) -> None:
    assert client.get(PATH).status_code == 302


def test_the_composer_of_others_finds_nothing(service, agent, colleague, admin, outsider, chat, sign_in) -> None:
    make_response(service)
    address = f"/desk/demo/chat/{chat.pk}/canned/"
    assert sign_in(colleague).get(address).status_code == 409
    assert sign_in(outsider).get(address).status_code == 404
    assert sign_in(outsider).get(f"/desk/other/chat/{chat.pk}/canned/").status_code == 404
    assert sign_in(admin).get(address).status_code == 403


# In the composer


def test_texts_come_in_the_language_of_the_chat_with_the_names_in_place(service, agent, sign_in) -> None:
    texts = {"en": "Hello {customer}, I am {agent}.", "ko": "{customer}님, {service}입니다."}
    make_response(service, "hello", texts=texts)
    make_response(service, "english", "Only <b>English</b>")
    korean = make_chat(service, agent=agent, language="ko", customer=make_customer(service, "준"))
    page = offered(sign_in(agent), korean)
    assert 'data-text="준님, Demo 고객센터입니다."' in page
    assert 'data-text="Only &lt;b&gt;English&lt;/b&gt;"' in page


def test_they_are_found_by_name_and_by_words(service, agent, chat, sign_in) -> None:
    make_response(service, "refund", "Money comes back in three days", used_count=1)
    make_response(service, "refund-late", "It takes longer", used_count=9)
    make_response(service, "days", texts={"ko": "영업일 기준 사흘"}, used_count=5)
    client = sign_in(agent)

    def found(query: str) -> list[str]:
        page = offered(client, chat, query)
        return [part.split("</span>")[0] for part in page.split('dir="auto">/')[1:]]

    assert found("") == ["refund-late", "days", "refund"]  # the most used first
    assert found("/refund") == ["refund", "refund-late"]  # the very name before that
    assert found("days") == ["days", "refund"]
    assert found("사흘") == ["days"]
    assert found("three money") == ["refund"]
    assert found("100%") == found("nothing") == []


def test_what_is_searched_for_is_masked_and_can_be_asked_for(service, agent, chat, sign_in) -> None:
    """A number that is typed after a slash is in no query, as in every search."""
    make_response(service, "hello")
    client = sign_in(agent)
    for address in (f"/desk/demo/chat/{chat.pk}/canned/", PATH):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address, {"q": f"/he\0llo {CARD}"}).status_code == 200
        assert not [query["sql"] for query in asked if "4111" in query["sql"]]
        assert ">/hello<" in client.get(address, {"q": "/hel\0lo"}).content.decode()


def test_the_list_is_short_and_one_query_however_many_there_are(service, agent, chat, sign_in) -> None:
    client = sign_in(agent)
    make_response(service, "first", "환불")
    offered(client, chat, "환")
    with CaptureQueriesContext(connection) as few:
        offered(client, chat, "환")
    text = "환" * TEXT_LENGTH_MAX
    rows = [CannedResponse(service=service, name=f"r{n}", texts={"en": text, "ko": text}) for n in range(1000)]
    CannedResponse.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as many:
        page = offered(client, chat, "환")
    assert page.count('role="option"') == FOUND_MAX
    assert len(page.encode()) <= 200_000
    assert len(many) == len(few)


def test_one_is_counted_when_its_message_is_there(service, agent, colleague, chat, sign_in) -> None:
    response, id_ = make_response(service), uuid4()
    address, client = f"/desk/demo/chat/{chat.pk}/canned/{response.pk}/used/", sign_in(agent)
    assert client.post(address, {"client_id": id_}).status_code == 404
    assert client.post(address, {"client_id": "x"}).status_code == 400
    send_as_agent(chat, agent, body="Hello Jun!", client_id=id_)
    assert sign_in(colleague).post(address, {"client_id": id_}).status_code == 404
    assert client.post(address, {"client_id": id_}).status_code == 204
    response.refresh_from_db()
    assert response.used_count == 1
    assert response.last_used_at is not None


def test_a_look_counts_nothing(service, agent, chat, sign_in) -> None:
    response = make_response(service)
    offered(sign_in(agent), chat)
    response.refresh_from_db()
    assert response.used_count == 0


def test_the_chat_has_the_button_of_its_agent_alone(service, agent, colleague, chat, sign_in) -> None:
    address, ask = f"/desk/demo/chat/{chat.pk}/", {"HTTP_X_REQUESTED_WITH": "fetch"}
    assert "canned-responses" in sign_in(agent).get(address, **ask).content.decode()
    assert "canned-responses" not in sign_in(colleague).get(address, **ask).content.decode()


def test_agents_find_the_page_in_the_navigation(service, agent, admin, sign_in) -> None:
    for person in (agent, admin):
        assert sign_in(person).get("/desk/demo/tickets/").content.decode().count(f'href="{PATH}"') == 1


def test_many_are_on_several_pages(service, agent: Agent, sign_in) -> None:
    CannedResponse.objects.bulk_create(CannedResponse(service=service, name=f"r{n:03}") for n in range(120))
    client = sign_in(agent)
    assert "/r119" not in client.get(PATH).content.decode()
    assert "/r119" in client.get(PATH, {"page": "3"}).content.decode()
    assert client.get(PATH, {"page": "x"}).status_code == 200
    assert "/r119" in client.get(PATH, {"q": "r119"}).content.decode()
