"""*Getting started*: steps in an order that is possible, until a chat has gone through; who sees it, who closes it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry, Contract, Service
from agents.new_service import create_service
from chat.canned.starters import add_starters
from chat.models import Chat, OperatingHours
from chat.routing.checklist import checks_of, look_now
from contiple.first_day.progress import progress_of
from contiple.first_day.steps import STEPS
from helpcenter import policies, starters
from helpcenter.access import help_center_of
from helpcenter.models import Article, HelpCenter, HelpCenterText
from tests.chat.comings import come_online
from tests.make import make_agent, make_chat

START, SHOWN = reverse("first_day:start", args=["shop"]), reverse("first_day:shown", args=["shop"])
TICKETS = reverse("tickets:list", args=["shop"])
CHECK = reverse("chat:checklist", args=["shop"])


@pytest.fixture
def boss(db) -> Agent:
    """The admin of a service as the operator leaves it."""
    return create_service(name="My shop", slug="shop", admin_email="boss@shop.example")


def again(agent: Agent) -> Agent:
    """The membership as a new request reads it."""
    return Agent.objects.select_related("service__contract", "service__help_center", "user").get(pk=agent.pk)


def states(agent: Agent) -> dict[str, str]:
    return {shown.step.name: shown.state for shown in progress_of(again(agent)).steps}


def next_of(agent: Agent) -> str:
    return next((name for name, state in states(agent).items() if state == "next"), "")


def turn_on_contract(boss: Agent) -> None:
    Contract.objects.update(chat=True)


def name_help_center(boss: Agent) -> None:
    HelpCenterText.objects.create(help_center=help_center_of(boss.service), language="ko", title="고객센터")


def publish_policy(boss: Agent) -> None:
    policies.publish_policy(help_center_of(boss.service), {"en": "Policy"}, boss)


def enable_chat(boss: Agent) -> None:
    HelpCenter.objects.update(chat_enabled=True)


def grant_permission(boss: Agent) -> None:
    Agent.objects.filter(pk=boss.pk).update(chat_permission=True)


def publish_articles(boss: Agent) -> None:
    starters.add_articles(help_center_of(boss.service), ["shipping", "contact"], by=boss)
    Article.objects.update(is_published=True)


def add_canned(boss: Agent) -> None:
    add_starters(boss, ["hello"], "en")


def go_online(boss: Agent) -> None:
    come_online(boss)


def chat_through(boss: Agent) -> None:
    make_chat(boss.service, agent=boss, state=Chat.State.CLOSED, first_answered_at=timezone.now())


WANTED: dict[str, Callable[[Agent], None]] = {
    "contract": turn_on_contract,
    "help_center": name_help_center,
    "policy": publish_policy,
    "chat": enable_chat,
    "agents": grant_permission,
    "articles": publish_articles,
    "canned": add_canned,
    "online": go_online,
    "test": chat_through,
}


def do_all_before(boss: Agent, name: str) -> None:
    for each, do in WANTED.items():
        if each == name:
            return
        do(again(boss))


def test_each_step_done_makes_the_following_one_the_next(boss):
    for at, (name, do) in enumerate(WANTED.items()):
        assert (next_of(boss), progress_of(again(boss)).done) == (name, at)
        do(again(boss))
    progress = progress_of(again(boss))
    assert (next_of(boss), progress.is_complete, progress.of) == ("", True, 9)


def test_no_step_needs_one_that_comes_after_it():
    names = [step.name for step in STEPS]
    assert all(names.index(need) < names.index(step.name) for step in STEPS for need in step.needs)


def test_what_can_not_be_done_yet_says_what_comes_first_and_has_no_button(boss, sign_in):
    assert [name for name, state in states(boss).items() if state == "later"] == [
        *("chat", "agents", "embed", "online", "test"),
    ]
    page = sign_in(boss).get(START).content.decode()
    assert "First: Turn on Chat in Contract Details" in page
    assert "Start a test chat" not in page


def test_every_button_leads_to_a_page_that_is_there(boss, sign_in):
    client = sign_in(boss)
    for name in [*WANTED, "end"]:
        for shown in progress_of(again(boss)).steps:
            assert client.get(shown.url.partition("#")[0]).status_code == 200, (name, shown.step.name)
        WANTED.get(name, lambda _boss: None)(again(boss))


def test_it_says_of_gates_what_chat_check_says(boss):
    same = {"contract": "contract", "policy": "policy", "chat": "help_center", "agents": "permission"}
    for name, do in WANTED.items():
        checks = {check.name: check.is_done for check in checks_of(again(boss).service, look_now(boss.service))}
        shown = states(boss)
        assert {step: shown[step] == "done" for step in same} == {step: checks[check] for step, check in same.items()}
        if name != "test":
            do(again(boss))


def test_optional_steps_are_done_for_themselves(boss):
    OperatingHours.objects.create(service=boss.service, is_on=True)
    assert states(boss)["hours"] == "done"
    assert progress_of(again(boss)).done == 0


def test_without_a_seat_it_leads_to_the_contract(boss):
    Contract.objects.update(chat=True, chat_seats=0)
    [agents] = [shown for shown in progress_of(again(boss)).steps if shown.step.name == "agents"]
    assert agents.url == reverse("agents:contract", args=["shop"])


def test_outside_of_the_hours_a_test_chat_is_not_offered(boss):
    do_all_before(boss, "test")
    OperatingHours.objects.create(service=boss.service, is_on=True, week=[[]] * 7)
    [test] = [shown for shown in progress_of(again(boss)).steps if shown.step.name == "test"]
    assert test.url == reverse("chat:operating_hours", args=["shop"])


def test_an_admin_who_may_not_chat_is_not_told_to_open_the_widget(boss):
    do_all_before(boss, "agents")
    make_agent(boss.service, "Mina")
    [online] = [shown for shown in progress_of(again(boss)).steps if shown.step.name == "online"]
    assert (online.step.opens, online.state) == ("", "open")


@pytest.mark.parametrize(
    "fields",
    [
        {"state": Chat.State.CLOSED},
        {"state": Chat.State.CLOSED, "answered_at": timezone.now()},
        {"state": Chat.State.ACTIVE, "first_answered_at": timezone.now()},
    ],
)
def test_a_chat_that_was_not_answered_or_not_ended_has_not_gone_through(boss, fields):
    do_all_before(boss, "test")
    make_chat(boss.service, agent=boss, **fields)
    assert states(boss)["test"] == "next"


def test_drafts_that_were_begun_keep_the_articles_open(boss):
    do_all_before(boss, "articles")
    starters.add_articles(help_center_of(boss.service), ["shipping", "contact"], by=boss)
    Article.objects.filter(starter="shipping").update(is_published=True)
    [articles] = [shown for shown in progress_of(again(boss)).steps if shown.step.name == "articles"]
    assert (articles.state, articles.url) == ("next", reverse("helpcenter:article_admin", args=["shop"]))


def test_it_is_the_first_page_until_all_is_done(boss, sign_in):
    client = sign_in(boss)
    assert client.get("/").url == START
    do_all_before(boss, "")
    assert "A chat has gone through" in client.get(START).content.decode()
    assert client.get("/").url == TICKETS
    assert START not in client.get(TICKETS).content.decode()


def test_closed_it_is_gone_for_all_admins_until_chat_check_brings_it_back(boss, sign_in):
    other = make_agent(boss.service, "Ada", role=Agent.Role.ADMIN)
    assert sign_in(boss).post(SHOWN, {"shown": "0"}).url == TICKETS
    client = sign_in(other)
    assert client.get("/").url == TICKETS
    assert START not in client.get(TICKETS).content.decode().replace(SHOWN, "")
    assert SHOWN in client.get(CHECK).content.decode()
    assert client.post(SHOWN, {"shown": "1"}).url == START
    assert sign_in(boss).get("/").url == START
    actions = AuditEntry.objects.filter(action__startswith="getting_started").order_by("pk")
    assert list(actions.values_list("action", "agent")) == [
        ("getting_started.closed", boss.pk),
        ("getting_started.shown", other.pk),
    ]


def test_agents_land_on_the_tickets(boss, sign_in):
    client = sign_in(make_agent(boss.service, "Mina"))
    assert client.get("/").url == TICKETS
    assert START not in client.get(TICKETS).content.decode()


@pytest.mark.parametrize("who", ["outsider", "agent"])
def test_nobody_else_sees_or_changes_it(boss, who, request, sign_in):
    client = sign_in(make_agent(boss.service, "Mina") if who == "agent" else request.getfixturevalue(who))
    assert client.get(START).status_code == client.post(SHOWN, {"shown": "0"}).status_code == 404
    assert not HelpCenter.objects.filter(service=boss.service, getting_started=False).exists()


def test_without_a_session_it_asks_to_sign_in(boss):
    assert Client().get(START).status_code == Client().post(SHOWN, {"shown": "0"}).status_code == 302
    assert not HelpCenter.objects.filter(service=boss.service, getting_started=False).exists()


def test_a_link_closes_nothing(boss, sign_in):
    assert sign_in(boss).get(SHOWN, {"shown": "0"}).status_code == 405


def queries_of(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(url).status_code in {200, 302}
    return len(queries)


def test_the_queries_do_not_grow_with_what_is_there(boss, sign_in):
    client = sign_in(boss)
    client.get(START)
    before = queries_of(client, START)
    do_all_before(boss, "test")
    for _ in range(5):
        make_chat(boss.service)
        make_agent(boss.service)
    assert queries_of(client, START) <= before + 2  # the widget of an agent who may chat now


def test_once_closed_the_way_in_costs_nothing_more(boss, sign_in):
    client = sign_in(boss)
    help_center_of(boss.service)
    client.get("/")
    shown = queries_of(client, "/")
    client.post(SHOWN, {"shown": "0"})
    assert queries_of(client, "/") == shown


def test_services_that_are_there_already_do_not_begin_again(service: Service, admin, sign_in):
    assert sign_in(admin).get("/").url == reverse("tickets:list", args=["demo"])
