import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from agents.models import Agent, Contract, Service, User
from contiple.management.commands.demo import PASSWORD, sign_ins
from helpcenter.access import chat_gate_open
from helpcenter.markdown import to_html
from helpcenter.models import Article, ArticleText
from helpcenter.policies import current_policy
from helpcenter.search import search_articles
from tickets.models import Ticket


@pytest.fixture
def demo(db):
    call_command("demo", verbosity=0)
    return Service.objects.get(slug="demo")


def test_the_demo_service_can_be_tried_at_once(demo):
    assert chat_gate_open(demo)
    contract = Contract.objects.get(service=demo)
    assert contract.security_service
    assert contract.chat_widget
    assert demo.canned_responses.count() == 10
    assert {current_policy(demo.help_center, language).language for language in ("en", "ko")} == {"en", "ko"}


def test_everything_is_written_in_both_languages(demo):
    assert demo.help_center.categories.count() == 3
    assert Article.objects.filter(is_published=True).count() == 9
    assert ArticleText.objects.filter(language="en").count() == ArticleText.objects.filter(language="ko").count() == 9
    assert not ArticleText.objects.filter(title__startswith="#").exists()
    for query, language in (("환불", "ko"), ("refund", "en")):
        assert search_articles(demo.help_center, query, language)


def test_the_demo_people_can_sign_in(demo):
    agents = Agent.objects.filter(service=demo).values_list("user__email", "role", "chat_permission")
    assert sorted(agents) == [
        ("ada@demo.example", "admin", True),
        ("mina@demo.example", "agent", True),
        ("theo@demo.example", "agent", True),
    ]
    for user in User.objects.all():
        assert Client().login(username=user.email, password=PASSWORD)


def test_the_other_shop_stands_behind_a_wall(demo):
    oscar = User.objects.get(email="oscar@other.example")
    assert [agent.service.slug for agent in oscar.memberships.all()] == ["other"]
    assert not Ticket.objects.filter(service__slug="other").exists()


def test_the_ticket_list_shows_every_state(demo):
    tickets = Ticket.objects.filter(service=demo)
    assert tickets.count() == 12
    assert set(tickets.values_list("state", flat=True)) == set(Ticket.State.values)
    assert tickets.filter(tags__name="Chat", chat__isnull=False).count() == 2
    assert sorted(tickets.values_list("number", flat=True)) == list(range(1, 13))


def test_sign_ins_name_who_exists(demo):
    assert sign_ins()[0] == "ada@demo.example / contiple-demo  — admin, Demo"
    assert len(sign_ins()) == 4
    User.objects.filter(email="theo@demo.example").update(is_active=False)
    assert len(sign_ins()) == 3


def test_a_second_run_changes_nothing_and_says_so(demo):
    with pytest.raises(CommandError, match="already"):
        call_command("demo")
    assert Service.objects.count() == 2


def test_a_service_that_is_there_is_left_alone(service):
    with pytest.raises(CommandError, match="'demo'"):
        call_command("demo")
    assert not User.objects.exists()


def test_it_is_for_local_mode_alone(db, settings):
    settings.LOCAL = False
    with pytest.raises(CommandError, match="local"):
        call_command("demo")
    assert not Service.objects.exists()


def test_no_sign_of_markdown_is_left_in_the_articles(demo):
    for text in ArticleText.objects.filter(article__category__help_center=demo.help_center):
        assert "**" not in to_html(text.body), text.title
