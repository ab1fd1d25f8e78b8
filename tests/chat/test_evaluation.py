"""The satisfaction evaluation: asked for once, given once by the chat's customer, changed for a day, on record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry, Service
from agents.throttle import Limit
from chat.abuse import limits
from chat.conversation import evaluations, live
from chat.conversation.message_masks import holder_of
from chat.evaluation import Evaluation
from chat.lifecycle.transitions import close_chat
from chat.masking import destroying
from chat.masking.offers import offers_of
from chat.masking.spans import Span
from chat.models import Chat, ChatSettings, Mask
from contiple.base.errors import Conflict, Invalid
from helpcenter.customers import register_customer
from tests.agents.race import at_once
from tests.chat.comings import committed
from tests.chat.test_change_rules import OFFER, change
from tests.make import make_chat

pytestmark = pytest.mark.django_db

CARD = "4111 1111 1111 1111"
By = Chat.ClosedBy


@pytest.fixture
def known(service) -> tuple[Chat, str]:
    """A chat that its agent has ended, and the token of its customer."""
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    chat = make_chat(
        service, customer=customer, state=Chat.State.CLOSED, answered_at=timezone.now(), closed_by=By.AGENT
    )
    return chat, token


def post(name: str, data: dict, *, token: str, slug: str = "demo"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return Client(enforce_csrf_checks=True).post(reverse(f"chat:{name}", args=[slug]), data, headers=headers)


def evaluate(chat: Chat, token: str, score: int | str = 4, comment: str = ""):
    return post("evaluate", {"chat": chat.pk, "score": score, "comment": comment}, token=token)


def given(chat: Chat) -> tuple[int, str] | None:
    """Score and comment, as they are stored."""
    row = Evaluation.objects.filter(chat=chat).first()
    return (row.score, chat.messages.get(seq=row.seq).body) if row and row.score else None


def standing(chat: Chat, **later) -> str:
    return evaluations.standing(Chat.objects.get(pk=chat.pk), now=timezone.now() + timedelta(**later))


def test_the_customer_evaluates_a_chat_that_has_ended(known) -> None:
    chat, token = known

    response = evaluate(chat, token, 4, "Quick and kind.")

    assert response.status_code == 200
    assert "Good (4/5)" in response.content.decode()
    assert given(chat) == (4, "Quick and kind.")
    entry = AuditEntry.objects.get(action="chat.evaluated")
    assert (entry.actor, entry.details) == ("customer", {"score": 4})


def test_the_comment_is_masked_before_it_is_saved(known) -> None:
    chat, token = known

    response = evaluate(chat, token, 2, f"He wanted my card {CARD}.")

    assert "1111" not in response.content.decode()
    score, comment = given(chat)
    assert (score, comment) == (2, f"He wanted my card {'*' * len(CARD)}.")
    assert Mask.objects.get().message.chat == chat


def test_what_is_under_its_masks_is_destroyed_with_the_chat(known, admin) -> None:
    chat, token = known
    evaluate(chat, token, 2, CARD)

    destroying.destroy_of_customer(admin, chat.customer, holder_of(chat))

    assert not destroying.DataKey.objects.exists()


def test_it_changes_for_a_day_and_stays_one(known) -> None:
    chat, token = known
    evaluate(chat, token, 2, f"My card is {CARD}.")
    changed = evaluate(chat, token, 5, "Solved after all.")

    assert changed.status_code == 200
    assert given(chat) == (5, "Solved after all.")
    assert chat.messages.count() == 1
    assert not Mask.objects.exists()
    assert AuditEntry.objects.filter(action="chat.evaluation_changed").count() == 1


def test_a_comment_that_is_sent_back_as_it_was_shown_keeps_its_masks(known) -> None:
    chat, token = known
    evaluate(chat, token, 2, f"My card is {CARD}.")
    _score, shown = given(chat)

    evaluate(chat, token, 3, shown)

    assert given(chat) == (3, shown)
    assert Mask.objects.count() == 1


def test_what_is_sent_again_unchanged_is_no_change(known) -> None:
    chat, token = known
    for _each in range(2):
        evaluate(chat, token, 3, "Fine.")
    assert not AuditEntry.objects.filter(action="chat.evaluation_changed").exists()


def test_a_changed_comment_is_masked_too(known) -> None:
    chat, token = known
    evaluate(chat, token, 2, "Slow.")

    evaluate(chat, token, 2, f"My card is {CARD}.")

    assert given(chat) == (2, f"My card is {'*' * len(CARD)}.")
    assert Mask.objects.count() == 1


def test_what_a_service_only_offers_to_mask_is_offered_in_a_changed_comment_too(known, admin) -> None:
    chat, token = known
    change(admin, card=OFFER)
    evaluate(chat, token, 2, "Slow.")
    evaluate(chat, token, 2, f"My card is {CARD}.")
    assert offers_of(chat.messages.get().offers) == [Span("card", 11, 11 + len(CARD))]


def test_a_page_of_another_chat_of_the_customer_changes_nothing(known, service, agent) -> None:
    """A new chat has begun in another tab, and its agent asks too."""
    chat, token = known
    later = make_chat(service, customer=chat.customer, agent=agent)
    evaluations.ask(agent, later.pk)
    assert evaluate(chat, token, 1).status_code == 404
    assert given(later) is None


def test_after_a_day_it_is_fixed(known) -> None:
    chat, token = known
    evaluate(chat, token, 2, "Slow.")
    assert standing(chat, hours=23) == "changeable"
    assert standing(chat, hours=25) == "fixed"
    Evaluation.objects.update(given_at=timezone.now() - timedelta(hours=25))

    response = evaluate(chat, token, 5, "Quick.")

    assert response.status_code == 409
    assert given(chat) == (2, "Slow.")


def test_nobody_else_gives_or_changes_it(known, service, agent, outsider, sign_in) -> None:
    chat, token = known
    other, others_token = register_customer(service, name="Mio", email="", language="en")
    make_chat(service, customer=other, state=Chat.State.CLOSED, answered_at=timezone.now())
    form = {"chat": chat.pk, "score": 1, "comment": ""}

    assert post("evaluate", form, token=others_token).status_code == 404
    assert post("evaluate", form, token="").status_code == 404
    assert post("evaluate", form, token="x" * 43).status_code == 404
    assert post("evaluate", form, token=token, slug="other").status_code == 404
    for browser in (sign_in(agent), sign_in(outsider)):
        assert browser.post(reverse("chat:evaluate", args=["demo"]), form).status_code == 404
    assert given(chat) is None


@pytest.mark.parametrize("score", ["", "0", "6", "4.5", "-1", "４", "12"])
def test_there_are_five_steps(known, score) -> None:
    chat, token = known
    assert evaluate(chat, token, score).status_code == 400
    assert given(chat) is None


def test_a_comment_has_a_length(known) -> None:
    chat, token = known
    assert evaluate(chat, token, 3, "x" * 1001).status_code == 400
    assert evaluate(chat, token, 3, "x" * 1000).status_code == 200


@pytest.mark.parametrize("by", [By.SERVICE, By.BLOCKED, By.ADMIN])
def test_not_every_end_asks(known, by) -> None:
    chat, token = known
    Chat.objects.update(closed_by=by)
    assert evaluate(chat, token).status_code == 409


def test_a_chat_that_nobody_answered_is_not_evaluated(known) -> None:
    chat, token = known
    Chat.objects.update(answered_at=None)
    assert evaluate(chat, token).status_code == 409


def test_a_service_may_not_ask(known) -> None:
    chat, token = known
    ChatSettings.objects.update(evaluation_on=False)
    assert evaluate(chat, token).status_code == 409


def test_the_form_is_hidden_until_it_is_due(running, agent) -> None:
    def is_hidden() -> bool:
        return evaluations.form_of(Chat.objects.get(pk=running.pk), now=timezone.now()).is_hidden

    assert is_hidden()
    evaluations.ask(agent, running.pk)
    assert not is_hidden()


def test_long_after_the_end_nobody_is_asked(known) -> None:
    chat, _token = known
    assert standing(chat, days=6) == "due"
    assert standing(chat, days=8) == "none"


def test_the_number_in_an_hour_is_limited(known, monkeypatch) -> None:
    chat, token = known
    monkeypatch.setattr(limits, "EVALUATION_BY_CUSTOMER", Limit("evaluation customer", 2, limits.HOUR))
    assert [evaluate(chat, token, score).status_code for score in (1, 2, 3)] == [200, 200, 429]


# The agent asks


@pytest.fixture
def running(service, agent) -> Chat:
    return make_chat(service, agent=agent, language="ko")


def test_the_agent_asks_in_the_customers_language(running, agent, sign_in, told) -> None:
    with committed():
        response = sign_in(agent).post(reverse("chat:ask_evaluation", args=["demo", running.pk]))

    assert response.status_code == 204
    message = running.messages.get()
    assert (message.event, message.author, message.body) == ("evaluation_asked", "system", evaluations.MESSAGE["ko"])
    assert standing(running) == "due"
    assert live.chat_topic(running.pk) in {topic for topic, _delivery in told}


def test_the_service_has_its_own_words(running, agent) -> None:
    ChatSettings.objects.update(evaluation_messages={"ko": "어떠셨나요?"})
    evaluations.ask(agent, running.pk)
    assert running.messages.get().body == "어떠셨나요?"


def test_an_agent_of_a_service_that_does_not_ask_cannot_either(running, agent) -> None:
    ChatSettings.objects.update(evaluation_on=False)
    with pytest.raises(Conflict):
        evaluations.ask(agent, running.pk)
    assert not Evaluation.objects.exists()


def test_who_asked_is_on_record(running, agent) -> None:
    evaluations.ask(agent, running.pk)
    entry = AuditEntry.objects.get(subject=running.subject)
    assert (entry.action, entry.agent) == ("chat.evaluation_asked", agent)


def test_it_is_asked_for_once(running, agent) -> None:
    evaluations.ask(agent, running.pk)
    with pytest.raises(Conflict):
        evaluations.ask(agent, running.pk)
    assert running.messages.count() == 1


def test_only_the_agent_who_has_the_chat_asks(running, agent, colleague, outsider, sign_in) -> None:
    url = reverse("chat:ask_evaluation", args=["demo", running.pk])
    assert sign_in(colleague).post(url).status_code == 409
    assert sign_in(outsider).post(url).status_code == 404
    assert Client().post(url).status_code == 302
    close_chat(running.pk, by=By.AGENT, agent=agent)
    assert sign_in(agent).post(url).status_code == 409
    assert not Evaluation.objects.exists()


def test_an_agent_without_the_permission_does_not_ask(running, agent, sign_in) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)
    assert sign_in(agent).post(reverse("chat:ask_evaluation", args=["demo", running.pk])).status_code == 403
    assert not Evaluation.objects.exists()


def test_an_open_chat_is_evaluated_when_its_agent_asked(running, agent) -> None:
    with pytest.raises(Conflict):
        evaluations.give(running.pk, score=5, comment="")
    evaluations.ask(agent, running.pk)

    evaluations.give(running.pk, score=5, comment="")

    assert given(running) == (5, "")


def test_the_button_is_there_until_the_agent_has_asked(running, agent, sign_in) -> None:
    url = reverse("chat:conversation", args=["demo", running.pk])
    browser = sign_in(agent)
    ask = reverse("chat:ask_evaluation", args=["demo", running.pk])

    assert ask in browser.get(url, headers={"X-Requested-With": "fetch"}).content.decode()
    evaluations.ask(agent, running.pk)
    assert ask not in browser.get(url, headers={"X-Requested-With": "fetch"}).content.decode()


def test_a_wrong_step_says_so(running, agent) -> None:
    evaluations.ask(agent, running.pk)
    with pytest.raises(Invalid):
        evaluations.give(running.pk, score=6, comment="")


# Where it shows


def test_the_list_shows_it_with_no_query_for_each(known, service, agent, sign_in, django_assert_num_queries) -> None:
    chat, token = known
    evaluate(chat, token, 4)
    browser, url = sign_in(agent), reverse("chat:chats", args=["demo"])
    browser.get(url)  # makes what is made once
    with CaptureQueriesContext(connection) as first:
        browser.get(url)
    for _ in range(5):
        other = make_chat(service, state=Chat.State.CLOSED, answered_at=timezone.now())
        Evaluation.objects.create(chat=other, score=1, seq=1, given_at=timezone.now())

    with django_assert_num_queries(len(first)):
        html = browser.get(url).content.decode()

    assert "★★★★☆" in html
    assert html.count("★☆☆☆☆") == 5


def test_the_conversation_and_the_details_show_it(known, agent, sign_in) -> None:
    chat, token = known
    evaluate(chat, token, 4, "Quick and kind.")

    html = sign_in(agent).get(reverse("chat:history", args=["demo", chat.pk])).content.decode()

    assert "Quick and kind." in html
    assert html.count("Good (4/5)") >= 2


def test_the_conversation_that_other_pages_include_shows_it(known, agent, outsider, sign_in) -> None:
    chat, token = known
    evaluate(chat, token, 4, "Quick and kind.")
    url, script = reverse("chat:history", args=["demo", chat.pk]), {"X-Requested-With": "fetch"}

    html = sign_in(agent).get(url, headers=script).content.decode()

    assert "Good (4/5)" in html
    assert "Quick and kind." in html
    assert sign_in(outsider).get(url, headers=script).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_given_in_two_tabs_at_once_it_is_one(service: Service, agent: Agent) -> None:
    chat = make_chat(service, agent=agent)
    close_chat(chat.pk, by=By.AGENT, agent=agent)

    at_once(
        lambda: evaluations.give(chat.pk, score=1, comment="One"),
        lambda: evaluations.give(chat.pk, score=5, comment="Two"),
    )

    assert given(chat) in [(1, "One"), (5, "Two")]
    assert chat.messages.filter(event__startswith="evaluated_").count() == 1
