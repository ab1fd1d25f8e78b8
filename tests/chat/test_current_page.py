"""Agents see which page the customer is on, live, if an admin has confirmed that the policy in force says so."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.models import Agent, Service
from chat.conversation.current_page import is_followed, note_page
from chat.models import Chat, ChatSettings
from chat.routing.chat_settings import change_chat_settings, chat_settings_of
from chat.sockets import limits
from contiple.base.errors import Invalid
from helpcenter.customers import register_customer
from helpcenter.models import Customer
from helpcenter.policies import current_version, publish_policy
from tests.chat.lines import chat_of, desk_of, do
from tests.make import make_agent, make_chat, make_customer

pytestmark = pytest.mark.django_db

SHOP = "https://shop.example"
CARD = "5137 2046 8093 1170"


@pytest.fixture
def known(service: Service) -> tuple[Customer, str]:
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def chat(service: Service, agent: Agent, known) -> Chat:
    return make_chat(service, agent=agent, customer=known[0], connected=False)


@pytest.fixture
def followed(service: Service) -> None:
    confirm(service, current_version(service.help_center))


def confirm(service: Service, version: int | None) -> None:
    chat_settings_of(service)
    ChatSettings.objects.filter(service=service).update(follow_page_policy=version)


def page_of(chat: Chat) -> str:
    return Chat.objects.values_list("page_now", flat=True).get(pk=chat.pk)


def test_nobody_is_followed_unless_it_is_switched_on(service, chat) -> None:
    assert not is_followed(chat.pk)
    assert not note_page(chat.pk, f"{SHOP}/cart")
    assert page_of(chat) == ""


def test_the_last_page_is_kept_masked(followed, chat) -> None:
    assert note_page(chat.pk, f"{SHOP}/cart")
    assert note_page(chat.pk, f"{SHOP}/pay?card={CARD.replace(' ', '+')}&size=%ED%81%B0")
    assert page_of(chat) == f"{SHOP}/pay?card={'*' * len(CARD)}&size=큰"
    assert Chat.objects.get(pk=chat.pk).page_now_at is not None


def test_a_newer_policy_switches_it_off(service, followed, chat, admin) -> None:
    assert is_followed(chat.pk)
    publish_policy(service.help_center, {"en": "We changed something."}, admin)
    assert not is_followed(chat.pk)
    assert not note_page(chat.pk, SHOP)
    confirm(service, current_version(service.help_center))
    assert not is_followed(chat.pk)
    assert not note_page(chat.pk, SHOP), "this customer agreed to the version before"


def test_of_a_chat_that_has_ended_nothing_is_noted(service, followed, known) -> None:
    ended = make_chat(service, customer=known[0], state="closed")
    assert not note_page(ended.pk, SHOP)
    assert page_of(ended) == ""


def test_a_policy_that_is_not_in_force_cannot_be_confirmed(service, admin) -> None:
    for version in (0, 2):
        with pytest.raises(Invalid) as refused:
            change_chat_settings(by=admin, values={"follow_page_policy": version})
        assert refused.value.code == "follow_page"
    service.help_center.policies.all().delete()
    with pytest.raises(Invalid, match="Write a privacy policy"):
        change_chat_settings(by=admin, values={"follow_page_policy": 0})


def test_the_page_confirms_the_version_that_it_showed(service, admin, sign_in) -> None:
    def confirmed() -> int | None:
        return ChatSettings.objects.values_list("follow_page_policy", flat=True).get(service=service)

    browser: Client = sign_in(admin)
    here = reverse("chat:chat_settings", args=["demo"])

    def send(**changes: object) -> object:
        form = browser.get(here).context["form"]
        fields = {name: form[name].value() for name in form.fields}
        sent = {
            name: "on" if value is True else value
            for name, value in fields.items()
            if value is not None and value is not False
        }
        return browser.post(here, sent | changes)

    assert send(follow_page="on").status_code == 302
    assert confirmed() == 1
    assert "checked" in str(browser.get(here).context["form"]["follow_page"])
    publish_policy(service.help_center, {"en": "Another one."}, admin)
    assert "checked" not in str(browser.get(here).context["form"]["follow_page"])
    refused = send(follow_page="on", seen_policy="1")
    assert refused.status_code == 200
    assert "The privacy policy has changed" in refused.text
    assert confirmed() == 1
    assert send(follow_page="on").status_code == 302
    assert confirmed() == 2
    assert send().status_code == 302
    assert confirmed() == 2, "what is not touched stays"


def test_agents_read_where_the_customer_is(service, followed, chat, agent, sign_in) -> None:
    note_page(chat.pk, f"{SHOP}/<b>cart")
    read = reverse("chat:history", args=["demo", chat.pk])
    text = sign_in(agent).get(read).text
    assert "On now" in text
    assert f"{SHOP}/&lt;b&gt;cart" in text
    Chat.objects.filter(pk=chat.pk).update(state="closed", closed_at=chat.created_at)
    assert "Last on" in sign_in(agent).get(read).text


@pytest.mark.django_db(transaction=True)
async def test_a_customer_moves_and_only_agents_of_the_service_hear_it(service, followed, chat, agent, known) -> None:
    async with desk_of(agent) as desk, chat_of(known[1]) as customer:
        await desk.say("watch", chat=chat.pk)
        await desk.hear("marks")
        await customer.say("page", page=f"{SHOP}/cart?card={CARD.replace(' ', '-')}")
        heard = await desk.hear("page")
        assert [frame["follows"] for frame in customer.heard if frame["type"] == "unread"] == [True]
        assert (heard["chat"], heard["page"]) == (chat.pk, f"{SHOP}/cart?card={'*' * len(CARD)}")
        assert heard["at"]
        assert "page" not in customer.types()


@pytest.mark.django_db(transaction=True)
async def test_without_it_no_page_is_asked_for(chat, known) -> None:
    async with chat_of(known[1]) as customer:
        assert [frame["follows"] for frame in customer.heard if frame["type"] == "unread"] == [False]


@pytest.mark.django_db(transaction=True)
async def test_an_agent_who_comes_later_hears_the_last_one(service, followed, chat, agent) -> None:
    await do(note_page, chat.pk, f"{SHOP}/cart")
    async with desk_of(agent) as desk:
        await desk.say("watch", chat=chat.pk)
        assert (await desk.hear("page"))["page"] == f"{SHOP}/cart"


@pytest.mark.django_db(transaction=True)
async def test_more_pages_than_a_reader_turns_are_dropped(followed, chat, known, monkeypatch) -> None:
    monkeypatch.setattr(limits, "PAGE_BURST", 2)
    monkeypatch.setattr(limits, "PAGES_PER_S", 0)
    async with chat_of(known[1]) as customer:
        for number in range(4):
            await customer.say("page", page=f"{SHOP}/{number}")
        await customer.send_text("Done")
    assert await do(page_of, chat) == f"{SHOP}/1"


@pytest.mark.django_db(transaction=True)
async def test_an_outsider_hears_no_page(service, followed, chat, agent, known, outsider) -> None:
    async with desk_of(outsider, slug="other") as desk, chat_of(known[1]) as customer:
        await desk.say("watch", chat=chat.pk)
        await desk.hear("error")
        await customer.say("page", page=f"{SHOP}/cart")
        await customer.send_text("Done")
        assert "page" not in desk.types()


def test_another_customers_chat_is_not_moved(service, followed, chat) -> None:
    other = make_chat(service, customer=make_customer(service), agent=make_agent(service))
    note_page(other.pk, SHOP)
    assert page_of(chat) == ""
