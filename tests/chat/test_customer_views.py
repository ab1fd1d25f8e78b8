"""The customer's pages: gates, consent, the start, the way back, earlier messages, the end; by the right token."""

import json
import re
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.models import Agent, AuditEntry, Contract, Service
from chat.abuse import limits
from chat.conversation import entries, evaluations
from chat.customer import views as views_customer
from chat.lifecycle import upkeep
from chat.masking import concealing
from chat.models import Chat, Lease, Message
from chat.routing import presence
from chat.routing.assignment import assign_waiting_chats
from contiple.base import clock
from contiple.base.texts import MESSAGE_LENGTH_MAX
from helpcenter.customers import TOKEN_LASTS, keep_token, register_customer
from helpcenter.models import Customer, HelpCenter, PrivacyPolicy
from tests.chat.comings import come_online, connect
from tests.chat.secrets import columns_with
from tests.make import make_chat, make_message, make_service

pytestmark = pytest.mark.django_db

NAME, EMAIL, TEXT = "Soo-jin Park", "soojin@example.com", "Where is my parcel?"


@pytest.fixture
def browser() -> Client:
    """Of a customer: without a session, and forged requests would be refused where they can be made."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def online(agent: Agent) -> Agent:
    return come_online(agent)


@pytest.fixture
def known(service: Service) -> tuple[Customer, str]:
    return register_customer(service, name="Jun", email="", language="en")


def policy(service: Service, language: str = "en") -> PrivacyPolicy:
    return PrivacyPolicy.objects.filter(help_center__service=service, language=language).latest("version")


def form(service: Service, **changed) -> dict:
    data = {"name": NAME, "email": EMAIL, "message": TEXT, "policy": policy(service).pk, "agree": "on"} | changed
    return {name: value for name, value in data.items() if value is not None}


def post(browser: Client, name: str, data: dict | None = None, *, token: str = "", slug: str = "demo", **headers):
    headers = {"X-Requested-With": "fetch"} | headers
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return browser.post(reverse(f"chat:{name}", args=[slug]), data or {}, headers=headers)


def stage(answer) -> str:
    """The page's stage; before it a page may have what is shown until its customer is known."""
    return re.findall(r'data-stage="(\w+)"', answer.content.decode())[-1]


# The panel


def test_a_customer_is_asked_for_consent_first(browser, service, online) -> None:
    answer = browser.get("/hc/demo/chat/")
    assert answer.status_code == 200
    assert stage(answer) == "start"
    assert "Policy 1 en" in answer.content.decode()
    assert f'value="{policy(service).pk}"' in answer.content.decode()


def test_in_korean_it_is_the_korean_policy(browser, service, online) -> None:
    answer = browser.get("/hc/demo/chat/", headers={"Accept-Language": "ko"})
    assert "Policy 1 ko" in answer.content.decode()
    assert f'value="{policy(service, "ko").pk}"' in answer.content.decode()


def test_with_nobody_online_agents_are_absent_and_contact_us_is_there(browser, service, agent) -> None:
    answer = browser.get("/hc/demo/chat/")
    assert stage(answer) == "absent"
    assert "Agents is absent" in answer.content.decode()
    assert "Contact Us" in answer.content.decode()


def test_online_without_a_living_socket_is_absent(browser, service, online) -> None:
    Lease.objects.all().delete()
    assert stage(browser.get("/hc/demo/chat/")) == "absent"


def close_contract(service: Service) -> None:
    Contract.objects.filter(service=service).update(chat=False)


def close_help_center(service: Service) -> None:
    HelpCenter.objects.filter(service=service).update(chat_enabled=False)


def take_permission(service: Service) -> None:
    Agent.objects.filter(service=service).update(chat_permission=False)


GATES = [(close_contract, "unavailable"), (close_help_center, "unavailable"), (take_permission, "absent")]


@pytest.mark.parametrize(("close", "shown"), GATES)
def test_with_a_gate_closed_there_is_no_form(browser, service, online, close, shown) -> None:
    close(service)
    answer = browser.get("/hc/demo/chat/")
    assert stage(answer) == shown
    assert "<form" not in answer.content.decode()


def test_without_any_policy_there_is_nothing_to_agree_to(browser, service, online) -> None:
    PrivacyPolicy.objects.all().delete()
    assert stage(browser.get("/hc/demo/chat/")) == "unavailable"


def test_the_panel_is_kept_by_nobody(browser, service, online) -> None:
    assert "no-store" in browser.get("/hc/demo/chat/")["Cache-Control"]


@pytest.mark.parametrize("name", ["start", "resume", "customer_earlier"])
def test_no_answer_with_messages_is_kept_by_anybody(browser, service, online, known, name) -> None:
    make_message(make_chat(service, customer=known[0]), TEXT)
    data = {"before": 9} if name == "customer_earlier" else form(service, agree=None)
    answer = post(browser, name, data, token=known[1])
    assert TEXT in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["start", "resume"])
def test_no_browser_keeps_what_was_typed_into_a_text_box(browser, service, online, known, name) -> None:
    make_chat(service, customer=known[0])
    boxes = re.findall(r"<textarea[^>]*>", post(browser, name, token=known[1]).content.decode())
    assert boxes
    assert all('autocomplete="off"' in box for box in boxes)


def test_a_stopped_or_unknown_service_has_no_pages(browser, service, online) -> None:
    assert browser.get("/hc/nobody/chat/").status_code == 404
    data = form(service)
    Service.objects.update(is_stopped=True)
    assert browser.get("/hc/demo/chat/").status_code == 404
    for name in ("start", "resume", "customer_earlier", "customer_end"):
        assert post(browser, name, data).status_code == 404
    assert not Customer.objects.exists()


def frame_ancestors(answer) -> list[str]:
    assert "X-Frame-Options" not in answer
    directives = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    return directives["frame-ancestors"].split()


def test_only_our_own_pages_may_frame_it_at_first(browser, service) -> None:
    assert frame_ancestors(browser.get("/hc/demo/chat/")) == ["'self'"]


def test_the_sites_an_admin_named_may_frame_it_where_the_contract_has_the_widget(browser, service) -> None:
    sites = ["https://shop.example", "https://www.example:8443"]
    HelpCenter.objects.update(embed_origins=sites)
    assert frame_ancestors(browser.get("/hc/demo/chat/")) == ["'self'"]
    Contract.objects.update(chat_widget=True)
    assert frame_ancestors(browser.get("/hc/demo/chat/")) == ["'self'", *sites]
    Contract.objects.update(chat=False)
    assert frame_ancestors(browser.get("/hc/demo/chat/")) == ["'self'"]


def test_sites_of_one_service_may_not_frame_another_s(browser, service) -> None:
    make_service("third", chat_widget=True)
    HelpCenter.objects.filter(service__slug="third").update(embed_origins=["https://shop.example"])
    Contract.objects.update(chat_widget=True)
    assert frame_ancestors(browser.get("/hc/demo/chat/")) == ["'self'"]


def test_other_pages_may_be_framed_by_nobody(browser, service) -> None:
    answer = browser.get("/hc/demo/")
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


# The start


def test_consent_starts_a_chat_that_rings_and_gives_a_token(browser, service, online) -> None:
    answer = post(browser, "start", form(service, page="https://shop.example/cart"))

    assert answer.status_code == 201
    assert stage(answer) == "chat"
    assert "no-store" in answer["Cache-Control"]
    chat = connect(Chat.objects.get())
    chat.refresh_from_db()
    assert (chat.state, chat.agent, chat.language, chat.page) == ("ringing", online, "en", "https://shop.example/cart")
    assert (chat.policy, bool(chat.consented_at)) == (policy(service), True)
    assert (chat.customer.name, chat.customer.email) == (NAME, EMAIL)
    message = Message.objects.get(author="customer")
    assert message.body == TEXT
    assert TEXT in answer.content.decode()
    token = answer["X-Chat-Token"]
    assert len(token) >= 40
    assert columns_with(token) == []
    assert post(browser, "resume", token=token).status_code == 200


def test_the_version_and_language_that_were_agreed_to_are_stored(browser, service, online) -> None:
    answer = post(browser, "start", form(service, policy=policy(service, "ko").pk), **{"Accept-Language": "ko"})
    assert answer.status_code == 201
    chat = Chat.objects.get()
    assert (chat.policy.language, chat.policy.version, chat.language) == ("ko", 1, "ko")


WRONG = [
    ({"agree": None}, "please agree to the privacy policy"),
    ({"agree": ""}, "please agree"),
    ({"policy": None}, ""),
    ({"policy": "x"}, ""),
    ({"policy": "9" * 30}, "has changed"),
    ({"name": ""}, "required"),
    ({"name": "x" * 81}, "80"),
    ({"name": "a\u202eb"}, "can’t be used"),
    ({"name": "\u200d"}, "enter your name"),
    ({"email": "not-an-address"}, "valid"),
    ({"message": "x" * (MESSAGE_LENGTH_MAX + 1)}, "4,000"),
    ({"message": "bell \a"}, "can’t be stored"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG, ids=lambda value: str(value)[:40])
def test_a_form_that_can_t_be_used_keeps_what_was_typed_and_stores_nothing(
    browser, service, online, changed, said
) -> None:
    data = form(service, **changed)

    answer = post(browser, "start", data)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert stage(answer) == "start"
    assert said in html
    for field in ("name", "email", "message"):
        if field not in changed:
            assert data[field] in html
    assert f'value="{policy(service).pk}"' in html
    assert not Customer.objects.exists()
    assert not Chat.objects.exists()
    assert columns_with(EMAIL) == []
    assert "X-Chat-Token" not in answer


def test_a_message_of_full_length_may_have_line_breaks(browser, service, online) -> None:
    text = "x\r\n" * (MESSAGE_LENGTH_MAX // 2 - 1) + "yy"
    assert post(browser, "start", form(service, message=text)).status_code == 201
    assert len(Message.objects.get(author="customer").body) == MESSAGE_LENGTH_MAX


def test_a_policy_that_changed_meanwhile_has_to_be_read_first(browser, service, online) -> None:
    data = form(service)
    PrivacyPolicy.objects.create(help_center=service.help_center, version=2, language="en", text="Policy 2 en")

    answer = post(browser, "start", data)

    assert answer.status_code == 422
    html = answer.content.decode()
    assert "The privacy policy has changed" in html
    assert "Policy 2 en" in html
    assert f'value="{policy(service).pk}"' in html
    assert not re.search(r'name="agree"[^>]*checked', html)
    assert NAME in html
    assert not Customer.objects.exists()
    assert post(browser, "start", form(service)).status_code == 201
    assert Chat.objects.get().policy.version == 2


def test_another_service_s_policy_is_no_consent(browser, service, online) -> None:
    other = make_service("third")
    assert post(browser, "start", form(service, policy=policy(other).pk)).status_code == 422
    assert not Chat.objects.exists()


@pytest.mark.parametrize(("close", "shown"), GATES)
def test_a_gate_that_closed_after_the_form_was_shown_is_seen_at_the_start(
    browser, service, online, close, shown
) -> None:
    close(service)
    answer = post(browser, "start", form(service))
    assert answer.status_code == 409
    assert stage(answer) == shown
    assert "Contact Us" in answer.content.decode()
    assert not Customer.objects.exists()
    assert columns_with(EMAIL) == []


def test_a_gate_that_closes_between_the_form_and_the_chat_leaves_nobody_stored(
    browser, service, online, monkeypatch
) -> None:
    """The last agent goes after the form was found right, before the chat is made."""
    looks = iter([True])
    monkeypatch.setattr(presence, "somebody_online", lambda *_asked: next(looks, False))

    answer = post(browser, "start", form(service))

    assert answer.status_code == 409
    assert stage(answer) == "absent"
    assert not Customer.objects.exists()
    assert not Chat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_is_one_chat_with_one_message(browser, service, online) -> None:
    token = register_customer(service, name="Jun", email="", language="en")[1]
    for _ in range(2):
        assert post(browser, "start", form(service), token=token).status_code == 201
    assert Chat.objects.count() == 1
    assert Message.objects.filter(author="customer").count() == 1


def test_another_text_into_the_running_chat_is_not_lost(browser, service, online, known) -> None:
    post(browser, "start", form(service), token=known[1])
    post(browser, "start", form(service, message="Second"), token=known[1])
    assert Chat.objects.count() == 1
    assert list(Message.objects.order_by("seq").values_list("body", flat=True)) == [TEXT, "Second"]


def test_a_known_customer_keeps_name_and_token(browser, service, online, known) -> None:
    answer = post(browser, "start", form(service), token=known[1])
    assert answer.status_code == 201
    assert "X-Chat-Token" not in answer
    assert Customer.objects.get().name == "Jun"
    assert Chat.objects.get().customer == known[0]


def test_a_token_that_nobody_holds_is_a_new_customer(browser, service, online, known) -> None:
    answer = post(browser, "start", form(service), token="stolen")
    assert answer["X-Chat-Token"]
    assert Chat.objects.get().customer != known[0]


def test_another_service_s_token_is_a_new_customer_here(browser, service, online, outsider) -> None:
    theirs, token = register_customer(outsider.service, name="Theirs", email="t@example.com", language="en")
    answer = post(browser, "start", form(service), token=token)
    assert answer["X-Chat-Token"] != token
    assert Chat.objects.get().customer != theirs
    assert "Theirs" not in answer.content.decode()


def test_numbers_in_name_message_and_address_are_masked_before_they_are_stored(browser, service, online) -> None:
    card = "4111111111111111"
    data = form(service, name=f"Jun {card}", message=f"Card {card}", page=f"https://shop.example/?card={card}")
    assert post(browser, "start", data).status_code == 201
    assert columns_with(card) == []


@pytest.mark.parametrize(
    "written",
    [
        "?q=%20900101%201234567",
        "?q=%EC%A3%BC%EB%AF%BC900101%2D1234567",
        f"{'x' * 465}/900101-1234567",
    ],
)
def test_numbers_are_masked_however_the_address_writes_them_and_also_where_it_is_cut(
    browser, service, online, written
) -> None:
    post(browser, "start", form(service, page=f"https://shop.example/{written}"))
    assert "9001" not in Chat.objects.get().page
    assert Chat.objects.get().page.startswith("https://shop.example/")


@pytest.mark.parametrize("page", ["x" * 5000, "a\0b", "https://shop.example/\n\r\t", "javascript:alert(1)", "가" * 600])
def test_whatever_page_it_says_to_come_from_the_chat_starts(browser, service, online, page) -> None:
    answer = post(browser, "start", form(service, page=page))
    assert answer.status_code == 201
    assert len(Chat.objects.get().page) <= 500
    assert Chat.objects.get().page.isprintable()


def test_a_script_that_fills_the_queue_is_stopped_and_loses_no_text(browser, service, online, monkeypatch) -> None:
    limit = views_customer.throttle.Limit("chat start address", 2, limits.HOUR)
    monkeypatch.setattr(limits, "START_BY_NETWORK", limit)
    answers = [post(browser, "start", form(service)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert stage(answers[-1]) == "start"
    assert TEXT in answers[-1].content.decode()
    assert 3500 < int(answers[-1]["Retry-After"]) <= 3600
    assert "Try again in 1 hour." in answers[-1].content.decode()
    assert Chat.objects.count() == 2


# From the wrong hands


@pytest.mark.parametrize("name", ["start", "resume", "customer_earlier", "customer_end"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "https://localhost:8000"])
def test_another_site_s_script_finds_nothing(browser, service, online, known, name, origin) -> None:
    chat = make_chat(service, customer=known[0])
    answer = post(browser, name, form(service) | {"before": 9}, token=known[1], Origin=origin)
    assert answer.status_code == 404
    chat.refresh_from_db()
    assert chat.is_open
    assert Chat.objects.count() == 1


def test_our_own_origin_is_let_in(browser, service, online, settings) -> None:
    assert post(browser, "start", form(service), Origin=settings.PUBLIC_ORIGIN).status_code == 201


@pytest.mark.parametrize("name", ["start", "resume", "customer_earlier", "customer_end"])
def test_a_link_does_nothing(browser, service, online, name) -> None:
    assert browser.get(reverse(f"chat:{name}", args=["demo"])).status_code == 405


HEADERS = [
    "",
    "Bearer",
    "Bearer ",
    "Basic abc",
    "Bearer x y",
    "Bearer \u00e9",
    "Token {token}",
    "{token}",
    "Bearer {token}x",
]


@pytest.mark.parametrize("header", HEADERS)
def test_without_the_right_token_there_is_no_chat(browser, service, known, header) -> None:
    chat = make_chat(service, customer=known[0])
    headers = {"Authorization": header.format(token=known[1])}
    assert post(browser, "resume", **headers).status_code == 204
    assert post(browser, "customer_earlier", {"before": 9}, **headers).status_code == 404
    assert post(browser, "customer_end", **headers).status_code == 404
    chat.refresh_from_db()
    assert chat.is_open


def test_another_service_s_token_opens_nothing(browser, service, outsider, known) -> None:
    make_message(make_chat(service, customer=known[0]), "Private")
    _theirs, token = register_customer(outsider.service, name="Theirs", email="", language="en")
    for slug, bearer in (("demo", token), ("other", known[1])):
        assert post(browser, "resume", token=bearer, slug=slug).status_code == 204
        assert post(browser, "customer_earlier", {"before": 9}, token=bearer, slug=slug).status_code == 404
        assert post(browser, "customer_end", token=bearer, slug=slug).status_code == 404
    assert Chat.objects.get(customer=known[0]).is_open


def test_another_customer_of_the_service_sees_the_own_chat_alone(browser, service, known) -> None:
    make_message(make_chat(service, customer=known[0]), "Private")
    other, token = register_customer(service, name="Mia", email="", language="en")
    make_message(make_chat(service, customer=other), "Mine")
    html = post(browser, "resume", token=token).content.decode()
    assert "Mine" in html
    assert "Private" not in html
    assert post(browser, "customer_end", token=token).status_code == 204
    assert Chat.objects.get(customer=known[0]).is_open


# The way back, earlier messages, the end


def test_a_reload_comes_back_into_the_running_chat_with_everything_in_it(browser, service, agent, known) -> None:
    chat = make_chat(service, customer=known[0], agent=agent)
    for n in range(3):
        make_message(chat, f"Line {n}", author="agent" if n % 2 else "customer")
    answer = post(browser, "resume", token=known[1])
    html = answer.content.decode()
    assert answer.status_code == 200
    assert stage(answer) == "chat"
    assert [f"Line {n}" in html for n in range(3)] == [True] * 3
    assert f'data-chat="{chat.pk}" data-rev="3" data-state="active"' in html
    assert "no-store" in answer["Cache-Control"]
    assert "composer" in html


def test_who_comes_back_is_told_what_of_the_unsent_has_arrived(browser, service, known) -> None:
    chat, sent, unsent, elsewhere = make_chat(service, customer=known[0]), *(uuid.uuid4() for _ in range(3))
    make_message(chat, "It arrived", client_id=sent)
    make_message(make_chat(service), "In the chat of another", client_id=elsewhere)
    answer = post(browser, "resume", {"unsent": f"{sent} {unsent} {elsewhere} none"}, token=known[1])
    assert f'data-stored="{sent}"' in answer.content.decode()
    assert 'data-stored=""' in post(browser, "resume", token=known[1]).content.decode()


def test_no_list_of_unsent_is_too_long(browser, service, known) -> None:
    chat, ids = make_chat(service, customer=known[0]), [uuid.uuid4() for _ in range(views_customer.UNSENT_MAX + 1)]
    for number, client_id in enumerate(ids):
        make_message(chat, f"Line {number}", client_id=client_id)
    answer = post(browser, "resume", {"unsent": " ".join(map(str, ids))}, token=known[1])
    told = set(re.search(r'data-stored="(.*?)"', answer.content.decode())[1].split())
    assert told == set(map(str, ids[:-1]))


@pytest.mark.parametrize("name", ["panel", "start", "resume"])
def test_the_page_says_what_is_masked_before_it_is_saved(browser, service, online, known, name) -> None:
    make_chat(service, customer=known[0])

    def shown() -> str:
        answer = browser.get("/hc/demo/chat/") if name == "panel" else post(browser, name, token=known[1])
        return answer.content.decode()

    told = re.search(r'data-masked-kinds="(.*?)"', shown())[1]
    assert set(told.split()) == concealing.masked_kinds(service) >= {"card", "rrn", "frn"}
    Contract.objects.update(security_service=False)
    assert "masked-kinds" not in shown()


def test_who_has_a_chat_comes_back_whatever_gate_has_closed(browser, service, known) -> None:
    make_chat(service, customer=known[0])
    close_help_center(service)
    assert stage(post(browser, "resume", token=known[1])) == "chat"


def test_an_ended_chat_is_shown_to_its_end(browser, service, known) -> None:
    make_chat(service, customer=known[0], state=Chat.State.CLOSED)
    answer = post(browser, "resume", token=known[1])
    assert 'data-state="closed"' in answer.content.decode()


def test_the_open_chat_comes_before_a_later_closed_one(browser, service, known) -> None:
    running = make_chat(service, customer=known[0])
    make_chat(service, customer=known[0], state=Chat.State.CLOSED)
    assert f'data-chat="{running.pk}"' in post(browser, "resume", token=known[1]).content.decode()


def test_nobody_s_and_a_new_customer_s_way_back_is_empty(browser, service, known) -> None:
    assert post(browser, "resume").status_code == 204
    assert post(browser, "resume", token=known[1]).status_code == 204


def seqs(answer) -> list[int]:
    return [int(seq) for seq in re.findall(r'data-seq="(\d+)"', answer.content.decode())]


def test_earlier_messages_come_in_pages_without_a_gap(browser, service, known) -> None:
    chat = make_chat(service, customer=known[0])
    total = 2 * entries.PAGE_SIZE + 5
    for n in range(total):
        make_message(chat, f"Line {n}")
    read = seqs(post(browser, "resume", token=known[1]))
    pages = 1
    while read[0] > 1:
        read = seqs(post(browser, "customer_earlier", {"before": read[0]}, token=known[1])) + read
        pages += 1
    assert read == list(range(1, total + 1))
    assert pages == 3


@pytest.mark.parametrize("before", ["", "0", "-1", "x", "1.5", "2147483648", "9" * 5000, "²", " 5"])
def test_a_place_that_can_t_be_is_refused(browser, service, known, before) -> None:
    make_chat(service, customer=known[0])
    assert post(browser, "customer_earlier", {"before": before}, token=known[1]).status_code == 400


def test_the_customer_ends_the_own_chat_once(browser, service, agent, known) -> None:
    chat = make_chat(service, customer=known[0], agent=agent)
    for _ in range(2):
        assert post(browser, "customer_end", token=known[1]).status_code == 204
    chat.refresh_from_db()
    assert (chat.state, chat.closed_by) == ("closed", "customer")
    assert AuditEntry.objects.filter(action="chat.closed").count() == 1
    assert Message.objects.filter(event="closed_customer").count() == 1


def test_after_the_end_a_new_chat_is_a_new_consent(browser, service, online, known) -> None:
    post(browser, "start", form(service), token=known[1])
    post(browser, "customer_end", token=known[1])
    assert post(browser, "start", form(service, agree=None), token=known[1]).status_code == 422
    assert post(browser, "start", form(service), token=known[1]).status_code == 201
    assert Chat.objects.count() == 2


def test_pages_hold_no_token_and_set_no_cookie_that_follows_the_customer(browser, service, online) -> None:
    answer = post(browser, "start", form(service))
    assert answer["X-Chat-Token"] not in answer.content.decode()
    assert "sessionid" not in answer.cookies
    assert "sessionid" not in browser.get("/hc/demo/chat/").cookies
    assert urlsplit(answer.headers.get("Location", "")).query == ""
    assert json.dumps(dict(answer.headers)).count(answer["X-Chat-Token"]) == 1


def test_reconciling_later_finds_nothing_wrong_with_what_was_started(browser, service, online) -> None:
    post(browser, "start", form(service))
    connect(Chat.objects.get())
    upkeep.reconcile()
    assert Chat.objects.get().state == "ringing"


# A start that is sent again

PAGES_OWN = "A" * 43


def test_a_start_whose_answer_was_lost_finds_its_chat_even_if_chat_is_closed_by_now(browser, service, online) -> None:
    first = post(browser, "start", form(service), token=PAGES_OWN)
    Agent.objects.update(chat_status="offline")
    again = post(browser, "start", form(service), token=PAGES_OWN)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first["X-Chat-Token"] == again["X-Chat-Token"] == PAGES_OWN
    assert (Customer.objects.count(), Chat.objects.count(), Message.objects.filter(author="customer").count()) == (
        1,
        1,
        1,
    )


@pytest.mark.parametrize("weak", ["1", "A" * 42, "A" * 44, "A" * 42 + "/"])
def test_a_weak_token_is_replaced(browser, service, online, weak) -> None:
    given = post(browser, "start", form(service), token=weak)["X-Chat-Token"]
    assert given != weak
    assert len(given) == 43


def test_a_token_of_another_service_is_replaced(browser, service, online) -> None:
    _other, token = register_customer(make_service("other"), name="Jun", email="", language="en")
    assert post(browser, "start", form(service), token=token)["X-Chat-Token"] != token


def test_a_chat_whose_customer_never_came_does_not_ring_on(browser, service, online) -> None:
    post(browser, "start", form(service))
    chat = Chat.objects.get()
    Chat.objects.filter(pk=chat.pk).update(
        state="waiting", agent=None, ringing_since=None, created_at=clock.database_now() - timedelta(seconds=26)
    )
    chat.rings.all().delete()

    assign_waiting_chats(service.pk)
    assert Chat.objects.get().state == "waiting"
    presence.take_lease(uuid.uuid4(), chat_id=chat.pk)
    assign_waiting_chats(service.pk)
    assert Chat.objects.get().state == "ringing"


# Forgetting


def test_a_device_that_forgets_the_chat_ends_it_and_finds_nothing_any_more(browser, service, known) -> None:
    customer, token = known
    chat = make_chat(service, customer=customer)
    assert post(browser, "forget", token=token).status_code == 204
    chat.refresh_from_db()
    assert (chat.state, chat.closed_by) == (Chat.State.CLOSED, Chat.ClosedBy.CUSTOMER)
    assert post(browser, "resume", token=token).status_code == 204
    for name in ("customer_earlier", "customer_end", "evaluate", "transcript"):
        assert post(browser, name, {"chat": chat.pk}, token=token).status_code == 404


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_nobody_forgets_for_others(browser, service, known, token) -> None:
    chat = make_chat(service, customer=known[0])
    assert post(browser, "forget", token=token).status_code == 204
    chat.refresh_from_db()
    assert chat.is_open
    assert post(browser, "resume", token=known[1]).status_code == 200


def test_another_services_address_forgets_nothing(browser, service, outsider, known) -> None:
    make_chat(service, customer=known[0])
    post(browser, "forget", token=known[1], slug=outsider.service.slug)
    assert post(browser, "resume", token=known[1]).status_code == 200


def test_a_token_lasts_while_the_chat_runs_and_ends_some_time_after_it(browser, service, known) -> None:
    customer, token = known
    chat = make_chat(service, customer=customer)
    keep_token(customer.pk, None)
    post(browser, "customer_end", token=token)
    customer.refresh_from_db()
    chat.refresh_from_db()
    assert timedelta(0) <= customer.token_ends_at - chat.closed_at - TOKEN_LASTS < timedelta(minutes=1)
    keep_token(customer.pk, timezone.now())
    assert post(browser, "resume", token=token).status_code == 204
    assert TOKEN_LASTS >= evaluations.GIVEN_WITHIN


def test_the_token_of_a_running_chat_has_no_end(browser, service, online, known) -> None:
    keep_token(known[0].pk, timezone.now() + timedelta(hours=1))
    assert post(browser, "start", form(service), token=known[1]).status_code == 201
    known[0].refresh_from_db()
    assert known[0].token_ends_at is None
