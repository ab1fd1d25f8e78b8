"""Tags of a chat: who puts them on and takes them off, what they may say, and the chats that are found by them."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, Service
from chat.conversation.message_masks import mask_selection
from chat.filing import tagging
from chat.filing.tagging import TAGS_ON_CHAT_MAX, add_tag, remove_tag
from chat.lifecycle.trail import chat_trail
from chat.masking.selections import Selection
from chat.models import Chat
from chat.tag import ChatTag
from contiple.base.errors import Closed, Invalid
from tests.agents.race import at_once
from tests.chat.comings import wait_until_blocked
from tests.make import make_agent, make_chat, make_customer, make_message, make_service
from tickets.lifecycle import create_from_chat

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


def tags_of(chat: Chat) -> list[str]:
    return [tag.name for tag in chat.tags.all()]


def tag_url(chat: Chat) -> str:
    return f"/desk/{chat.service.slug}/chat/{chat.pk}/tags/"


# Putting on and taking off


def test_the_chats_agent_puts_tags_on_and_takes_them_off(agent, chat, sign_in) -> None:
    browser = sign_in(agent)
    part = browser.post(tag_url(chat), {"tag": " #refund  asked "}, headers=FETCH).content.decode()
    assert "refund asked" in part
    browser.post(tag_url(chat), {"tag": "VIP"}, headers=FETCH)
    assert set(tags_of(chat)) == {"VIP", "refund asked"}
    refund = ChatTag.objects.get(name="refund asked")
    browser.post(f"{tag_url(chat)}{refund.pk}/remove/", headers=FETCH)
    assert tags_of(chat) == ["VIP"]
    answer = browser.post(tag_url(chat), {"tag": "late"})
    assert answer.url == f"/desk/demo/chat/{chat.pk}/history/"


def test_a_name_is_one_tag_in_any_case(service, agent, chat) -> None:
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    for name in ("Refund", "refund", "REFUND"):
        add_tag(agent, chat.pk, name)
    add_tag(agent, other.pk, "refund")
    assert (tags_of(chat), tags_of(other), ChatTag.objects.count()) == (["Refund"], ["Refund"], 1)


def test_a_tag_goes_with_the_last_chat_that_has_it(service, agent, chat) -> None:
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    for each in (chat, other):
        add_tag(agent, each.pk, "refund")
    tag = ChatTag.objects.get()
    remove_tag(agent, chat.pk, tag.pk)
    remove_tag(agent, chat.pk, tag.pk)  # a second press
    assert tags_of(other) == ["refund"]
    remove_tag(agent, other.pk, tag.pk)
    assert not ChatTag.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", "#", "x" * 41, "a\x00b", "\ud800", "\u200b"])
def test_a_bad_name_is_refused(agent, chat, name) -> None:
    with pytest.raises(Invalid):
        add_tag(agent, chat.pk, name)
    assert tags_of(chat) == []


@pytest.mark.parametrize("name", ["Chat", "chat", "채팅", "Сhat"])
def test_the_tag_of_the_system_is_not_an_agents(agent, chat, name) -> None:
    with pytest.raises(Closed):
        add_tag(agent, chat.pk, name)


def test_a_chat_and_a_service_have_so_many(monkeypatch, service, agent, chat) -> None:
    for number in range(TAGS_ON_CHAT_MAX):
        add_tag(agent, chat.pk, f"tag {number}")
    with pytest.raises(Invalid, match="at most 10 tags"):
        add_tag(agent, chat.pk, "one more")
    assert not ChatTag.objects.filter(name="one more").exists()
    monkeypatch.setattr(tagging, "TAGS_MAX", TAGS_ON_CHAT_MAX)
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    with pytest.raises(Invalid, match="at most 500 tags"):
        add_tag(agent, other.pk, "one more")
    add_tag(agent, other.pk, "TAG 3")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "is_refused"), [("SAME", False), ("other", True)])
def test_two_new_ones_at_once_are_one_tag_and_pass_no_limit(monkeypatch, service, agent, name, is_refused) -> None:
    monkeypatch.setattr(tagging, "TAGS_MAX", 1)
    first, second = (make_chat(service, agent=agent, customer=make_customer(service, each)) for each in ("Jun", "Hana"))
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            add_tag(agent, first.pk, "same")
            other = threads.submit(at_once, partial(add_tag, agent, second.pk, name))
            wait_until_blocked()
        [refusal] = other.result(10)
    assert isinstance(refusal, Invalid) == is_refused
    assert tags_of(second) == ([] if is_refused else ["same"])
    assert ChatTag.objects.count() == 1


# Who may


def test_admins_may_and_a_colleague_may_not(service, agent, admin, chat, sign_in) -> None:
    add_tag(admin, chat.pk, "seen")
    colleague = make_agent(service, "Theo")
    with pytest.raises(Closed):
        add_tag(colleague, chat.pk, "mine")
    with pytest.raises(Closed):
        remove_tag(colleague, chat.pk, ChatTag.objects.get().pk)
    html = sign_in(colleague).get(f"/desk/demo/chat/{chat.pk}/history/").content.decode()
    assert "seen" in html
    assert "Add a tag" not in html
    assert tags_of(chat) == ["seen"]


def test_another_services_tags_and_chats_are_not_there(service, agent, chat, sign_in) -> None:
    other = make_service("other")
    stranger = make_agent(other, "Rhea")
    theirs = make_chat(other, agent=stranger)
    add_tag(stranger, theirs.pk, "their word")
    add_tag(agent, chat.pk, "our word")
    browser = sign_in(agent)
    assert browser.post(f"/desk/demo/chat/{theirs.pk}/tags/", {"tag": "x"}).status_code == 404
    their_tag = ChatTag.objects.get(name="their word")
    browser.post(f"{tag_url(chat)}{their_tag.pk}/remove/")
    assert tags_of(theirs) == ["their word"]
    assert browser.get("/desk/demo/chat/tags/").content.decode() == '<option value="our word"></option>'
    page = browser.get("/desk/demo/chats/", {"tag": their_tag.pk})
    assert page.context["page"].rows == []
    assert "their word" not in page.content.decode()
    assert [name for name, _ in _choices(browser)] == ["", ChatTag.objects.get(name="our word").pk]
    assert Client().get("/desk/demo/chat/tags/").status_code == 302


def _choices(browser: Client) -> list[tuple[object, str]]:
    return browser.get("/desk/demo/chats/").context["form"].fields["tag"].choices


# What they say


def test_a_tag_is_masked_as_messages_are(agent, chat) -> None:
    add_tag(agent, chat.pk, "card 4111 1111 1111 1111")
    (name,) = tags_of(chat)
    assert "4111 1111" not in name
    assert "*" in name


def test_what_is_masked_by_hand_is_masked_in_the_chats_tags(service, agent, admin, chat) -> None:
    message = make_message(chat, "I am Gil-dong Hong")
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    for each in (chat, other):
        add_tag(agent, each.pk, "Gil-dong waits")
    start = message.body.index("Gil-dong")
    mask_selection(admin, chat.pk, [Selection(message.seq, message.rev, start, start + len("Gil-dong"))])
    assert tags_of(chat) == ["******** waits"]
    assert tags_of(other) == ["Gil-dong waits"]


def test_the_trail_doesnt_say_what_is_masked_by_hand_though_other_chats_have_the_tag(
    service, agent, admin, chat
) -> None:
    message = make_message(chat, "I am Gil-dong Hong")
    other = make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    for name in ("Gil-dong waits", "call Gil-dong"):
        for each in (chat, other):
            add_tag(agent, each.pk, name)
    remove_tag(agent, chat.pk, ChatTag.objects.get(name="call Gil-dong").pk)
    start = message.body.index("Gil-dong")
    mask_selection(admin, chat.pk, [Selection(message.seq, message.rev, start, start + len("Gil-dong"))])
    said = [happening.text for happening in chat_trail(chat)]
    assert "Mina added the tag *." in said
    assert not [text for text in said if "Gil-dong" in text]


def test_the_trail_has_the_names_that_chats_have(service, admin, chat) -> None:
    other = make_chat(service, customer=make_customer(service, "Hana"))
    for name in ("refund", "late"):
        add_tag(admin, chat.pk, name)
        remove_tag(admin, chat.pk, ChatTag.objects.get(name=name).pk)
        add_tag(admin, other.pk, name)
    add_tag(admin, chat.pk, "late")
    said = [happening.text for happening in chat_trail(chat)]
    assert said[-1] == "Ada added the tag late."
    assert said[:2] == ["Ada added the tag *.", "Ada removed the tag *."]  # of a tag that is on no chat any more
    remove_tag(admin, chat.pk, ChatTag.objects.get(name="late").pk)
    assert chat_trail(chat)[-1].text == "Ada removed the tag late."


def test_the_ticket_takes_the_chats_tags_along(agent, chat) -> None:
    add_tag(agent, chat.pk, "refund")
    ticket = create_from_chat(agent, chat)
    assert sorted(ticket.tags.values_list("name", flat=True)) == ["Chat", "refund"]


# Chat History


def test_chats_are_found_by_a_tag(service, agent, chat, sign_in) -> None:
    make_chat(service, agent=agent, customer=make_customer(service, "Hana"))
    add_tag(agent, chat.pk, "refund")
    tag = ChatTag.objects.get()
    page = sign_in(agent).get("/desk/demo/chats/", {"tag": tag.pk})
    assert [row.pk for row in page.context["page"].rows] == [chat.pk]
    assert page.content.decode().count('<span class="truncate">refund</span>') == 1


def test_by_a_tag_that_has_gone_no_chat_is_found_instead_of_all(service, agent, chat, sign_in) -> None:
    add_tag(agent, chat.pk, "refund")
    gone = ChatTag.objects.get()
    remove_tag(agent, chat.pk, gone.pk)
    stranger = make_agent(make_service("other"), "Rhea")
    add_tag(stranger, make_chat(stranger.service, agent=stranger).pk, "their word")
    theirs = ChatTag.objects.get(name="their word")
    browser = sign_in(agent)
    for number in (gone.pk, theirs.pk, 10**17, 0):
        page = browser.get("/desk/demo/chats/", {"tag": number})
        assert page.context["page"].rows == []
        assert f'<option value="{number}" selected>* (removed)</option>' in page.content.decode()
        assert "their word" not in page.content.decode()
    for nonsense in ("x", "9" * 30, "-1", "١"):
        assert browser.get("/desk/demo/chats/", {"tag": nonsense}).status_code == 200


def test_no_filter_for_tags_is_shown_without_one(agent, sign_in) -> None:
    assert "All tags" not in sign_in(agent).get("/desk/demo/chats/").content.decode()


def test_the_lists_queries_dont_grow_with_tags(service, agent, chat, sign_in) -> None:
    browser = sign_in(agent)
    browser.get("/desk/demo/chats/")
    counted = []
    for number in (1, 8):
        for n in range(number):
            add_tag(agent, make_chat(service, customer=make_customer(service, "Hana"), agent=agent).pk, f"tag {n}")
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/desk/demo/chats/").status_code == 200
        counted.append(len(queries))
    assert counted[0] == counted[1]
