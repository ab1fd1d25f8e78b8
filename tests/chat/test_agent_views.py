"""An agent's pages of a chat, as the agent, a colleague, an admin without the permission, the outsider, nobody."""

import json
import re

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from agents.models import Agent, AuditEntry, Contract, Service
from chat.conversation import entries
from chat.conversation.message_masks import mask_selection
from chat.masking.selections import Selection
from chat.models import Chat, Mask, Message
from tests.chat.comings import make_ringing
from tests.make import make_agent, make_chat, make_message

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}
SECRET = "Gangnam-daero 396"


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    found = make_chat(service, agent=agent)
    make_message(found, f"I live at {SECRET}")
    return found


READ = ["conversation", "history", "earlier", "changes", "search", "days", "around"]
PLACES_ALONE = {"search": '"places":[1]', "days": '"seq":1'}  # no words
ACT = ["open", "end", "status", "mask", "reveal"]
QUERY = {"earlier": {"before": 5}, "changes": {"rev": 0}, "search": {"q": "live"}, "around": {"seq": 1}}


def address(name: str, chat: Chat | int, *, slug: str = "demo", mask: int = 0) -> str:
    args = {"status": [slug], "reveal": [slug, mask]}.get(name, [slug, getattr(chat, "pk", chat)])
    return reverse(f"chat:{name}", args=args)


def selection(start: int = 10, end: int = 10 + len(SECRET), *, seq: int = 1, rev: int = 1) -> list[dict]:
    return [{"seq": seq, "rev": rev, "start": start, "end": end}]


def ask(browser: Client, name: str, chat: Chat | int, *, slug: str = "demo", mask: int = 0, headers: dict = FETCH):
    """As the page does it."""
    url = address(name, chat, slug=slug, mask=mask)
    if name in READ:
        return browser.get(url, QUERY.get(name), headers=headers)
    if name == "mask":
        return browser.post(url, json.dumps(selection()), content_type="application/json", headers=headers)
    return browser.post(url, {"status": "online"} if name == "status" else {}, headers=headers)


def everything() -> tuple:
    return (
        list(Chat.objects.order_by("pk").values()),
        list(Message.objects.order_by("pk").values()),
        Mask.objects.count(),
        list(Agent.objects.order_by("pk").values_list("chat_status", flat=True)),
    )


def a_mask(agent: Agent, chat: Chat) -> Mask:
    message = make_message(chat, "masked already")
    mask_selection(agent, chat.pk, [Selection(text_id=message.seq, rev=message.rev, start=0, end=6)])
    return Mask.objects.get(message=message)


# From the wrong hands


@pytest.mark.parametrize("name", READ + ACT)
def test_the_outsider_finds_nothing_and_changes_nothing(chat, agent, outsider, sign_in, name) -> None:
    """Under the address of the chat's service, and under an address of the own one with the chat's number in it."""
    mask = a_mask(agent, chat).pk
    browser, before = sign_in(outsider), everything()
    assert ask(browser, name, chat, mask=mask).status_code == 404
    if name != "status":
        assert ask(browser, name, chat, slug="other", mask=mask).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("name", READ + ACT)
def test_nobody_is_sent_to_sign_in(chat, agent, name) -> None:
    mask, before = a_mask(agent, chat).pk, everything()
    answer = ask(Client(), name, chat, mask=mask)
    assert answer.status_code == 302
    assert "next=" in answer["Location"]
    assert SECRET not in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize("name", READ + ACT)
def test_who_left_the_service_finds_nothing(chat, agent, colleague, sign_in, name) -> None:
    mask = a_mask(agent, chat).pk
    browser = sign_in(colleague)
    Agent.objects.filter(pk=colleague.pk).update(is_active=False)
    before = everything()
    assert ask(browser, name, chat, mask=mask).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("name", READ + ACT)
def test_a_stopped_service_has_no_pages(chat, agent, sign_in, name) -> None:
    mask, browser = a_mask(agent, chat).pk, sign_in(agent)
    Service.objects.update(is_stopped=True)
    before = everything()
    assert ask(browser, name, chat, mask=mask).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("name", READ + ACT)
def test_a_chat_that_is_not_there_is_not_found(agent, sign_in, name) -> None:
    if name == "status":
        return
    browser = sign_in(agent)
    assert ask(browser, name, 10**9, mask=10**9).status_code == 404
    url = address(name, 123456789, mask=123456789).replace("123456789", "9" * 30)
    answer = (
        browser.get(url, QUERY.get(name)) if name in READ else browser.post(url, "[]", content_type="application/json")
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["open", "end", "status"])
def test_who_may_not_chat_does_nothing_in_one(chat, agent, admin, sign_in, name) -> None:
    mask = a_mask(agent, chat).pk
    browser, before = sign_in(admin), everything()
    answer = ask(browser, name, chat, mask=mask)
    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("text/plain")
    assert "<" not in answer.content.decode()
    assert everything() == before


@pytest.mark.parametrize("name", ["open", "end", "status"])
def test_without_chat_in_the_contract_nobody_does(chat, agent, sign_in, name) -> None:
    browser = sign_in(agent)
    Contract.objects.update(chat=False)
    before = everything()
    assert ask(browser, name, chat).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("name", ACT)
def test_forged_requests_are_refused(chat, agent, name) -> None:
    mask = a_mask(agent, chat).pk
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(agent.user)
    before = everything()
    assert ask(browser, name, chat, mask=mask).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("name", ACT)
def test_a_link_changes_nothing(chat, agent, sign_in, name) -> None:
    before = everything()
    assert sign_in(agent).get(address(name, chat)).status_code == (200 if name == "end" else 405)  # it asks first
    assert everything() == before


@pytest.mark.parametrize("name", READ)
def test_pages_to_read_take_no_post(chat, agent, sign_in, name) -> None:
    assert sign_in(agent).post(address(name, chat)).status_code == 405


@pytest.mark.parametrize("name", READ)
def test_nothing_of_a_chat_is_kept_by_a_cache(chat, agent, sign_in, name) -> None:
    assert "no-store" in ask(sign_in(agent), name, chat)["Cache-Control"]


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("who", ["agent", "colleague", "admin"])
def test_everybody_of_the_service_may_read(request, chat, sign_in, who, name) -> None:
    answer = ask(sign_in(request.getfixturevalue(who)), name, chat)
    assert answer.status_code == 200
    assert PLACES_ALONE.get(name, SECRET) in answer.content.decode()


# The conversation in the dialog


def test_the_agent_who_has_it_writes_in_it(chat, agent, sign_in) -> None:
    html = ask(sign_in(agent), "conversation", chat).content.decode()
    assert 'data-mine="true"' in html
    assert 'data-part="composer"' in html
    assert "End chat" in html


@pytest.mark.parametrize("who", ["colleague", "admin"])
def test_others_read_it(request, chat, sign_in, who) -> None:
    html = ask(sign_in(request.getfixturevalue(who)), "conversation", chat).content.decode()
    assert 'data-mine="false"' in html
    assert 'data-part="composer"' not in html


def test_masking_is_offered_where_it_can_be_done(chat, agent, admin, sign_in) -> None:
    def tools(who: Agent) -> bool:
        return 'data-action="mask"' in ask(sign_in(who), "conversation", chat).content.decode()

    assert tools(agent)
    assert tools(admin)
    Contract.objects.update(security_service=False)
    assert not tools(agent)


@pytest.mark.parametrize("name", ["conversation", "open", "end"])
def test_without_a_script_one_comes_to_the_page_of_the_chat(service, agent, sign_in, name) -> None:
    chat = make_ringing(agent) if name == "open" else make_chat(service, agent=agent)
    answer = ask(sign_in(agent), name, chat, headers={})
    assert answer.status_code == 302
    assert answer["Location"] == address("history", chat)


def test_what_the_chat_started_with_is_shown_with_the_consent(chat, agent, sign_in) -> None:
    html = ask(sign_in(agent), "conversation", chat).content.decode()
    assert chat.customer.name in html
    assert "Privacy policy, version 1" in html


def test_markup_in_what_the_customer_gave_is_text(service, agent, sign_in) -> None:
    evil = "<script>alert(1)</script>"
    chat = make_chat(service, agent=agent, page=f"https://x.example/{evil}")
    type(chat.customer).objects.update(name=evil, email=evil)
    make_message(chat, evil)
    for name in ("conversation", "history"):
        assert evil not in ask(sign_in(agent), name, chat).content.decode()


# Open, end, status


def test_selecting_a_ringing_chat_opens_it(agent, sign_in) -> None:
    chat = make_ringing(agent)
    answer = ask(sign_in(agent), "open", chat)
    assert answer.status_code == 200
    assert 'data-mine="true"' in answer.content.decode()
    chat.refresh_from_db()
    assert chat.state == "active"


def test_a_colleague_s_ringing_or_open_chat_is_not_taken(agent, colleague, chat, sign_in) -> None:
    for theirs in (make_ringing(agent), chat):
        before = everything()
        for name in ("open", "end"):
            answer = ask(sign_in(colleague), name, theirs)
            assert answer.status_code == 409
            assert answer["Content-Type"].startswith("text/plain" if name == "open" else "text/html")  # in its form
        assert everything() == before


def test_an_error_without_a_script_is_a_page(chat, colleague, sign_in) -> None:
    answer = ask(sign_in(colleague), "end", chat, headers={})
    assert answer.status_code == 409
    assert "<html" in answer.content.decode()


def test_the_agent_ends_the_chat_and_keeps_it_on_display(chat, agent, sign_in) -> None:
    browser = sign_in(agent)
    for _ in range(2):
        answer = ask(browser, "end", chat)
        assert answer.status_code == 200
        assert 'data-state="closed"' in answer.content.decode()
    chat.refresh_from_db()
    assert (chat.state, chat.closed_by) == ("closed", "agent")
    assert Message.objects.filter(event="closed_agent").count() == 1


@pytest.mark.parametrize("status", ["online", "offline"])
def test_the_status_is_what_was_chosen(agent, sign_in, status) -> None:
    answer = sign_in(agent).post(address("status", 0), {"status": status}, headers=FETCH)
    assert answer.status_code == 204
    agent.refresh_from_db()
    assert agent.chat_status == status


@pytest.mark.parametrize("status", ["", "Online", "away", "online\0", "x" * 500])
def test_a_status_that_does_not_exist_is_refused(agent, sign_in, status) -> None:
    assert sign_in(agent).post(address("status", 0), {"status": status}, headers=FETCH).status_code == 400
    agent.refresh_from_db()
    assert agent.chat_status == "offline"


def test_a_status_is_of_one_service_alone(agent, outsider, sign_in) -> None:
    twin = make_agent(outsider.service, user=agent.user)
    sign_in(agent).post(address("status", 0, slug="other"), {"status": "online"})
    agent.refresh_from_db()
    twin.refresh_from_db()
    assert (agent.chat_status, twin.chat_status) == ("offline", "online")


# History


def test_the_history_is_a_page_and_for_htmx_a_fragment(chat, agent, sign_in) -> None:
    page = ask(sign_in(agent), "history", chat, headers={}).content.decode()
    fragment = ask(sign_in(agent), "history", chat, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in page
    assert "<html" not in fragment
    assert SECRET in page
    assert SECRET in fragment


def test_what_happened_is_for_admins(chat, agent, admin, sign_in) -> None:
    ask(sign_in(agent), "end", chat)
    assert AuditEntry.objects.filter(subject=f"chat:{chat.pk}").exists()
    assert "The chat ended" in ask(sign_in(admin), "history", chat).content.decode()
    assert "What happened" not in ask(sign_in(agent), "history", chat).content.decode()


# Earlier, changes


def seqs(text: str) -> list[int]:
    return [int(seq) for seq in re.findall(r'data-seq="(\d+)"', text)]


def test_earlier_messages_come_in_pages_without_a_gap(service, agent, sign_in) -> None:
    chat, browser = make_chat(service, agent=agent), sign_in(agent)
    total = entries.PAGE_SIZE + 3
    for n in range(total):
        make_message(chat, f"Line {n}")
    latest = seqs(ask(browser, "conversation", chat).content.decode())
    earlier = seqs(browser.get(address("earlier", chat), {"before": latest[0]}).content.decode())
    assert earlier + latest == list(range(1, total + 1))
    assert browser.get(address("earlier", chat), {"before": 1}).content == b""


def test_what_changed_is_read_as_the_frames_of_the_socket(chat, agent, sign_in) -> None:
    make_message(chat, "Second")
    mask_selection(agent, chat.pk, [Selection(text_id=1, rev=1, start=10, end=10 + len(SECRET))])
    browser = sign_in(agent)

    frames = browser.get(address("changes", chat), {"rev": 1}).json()

    assert [(frame["type"], frame["seq"], frame["rev"]) for frame in frames] == [("message", 2, 2), ("message", 1, 3)]
    assert SECRET not in json.dumps(frames)
    assert browser.get(address("changes", chat), {"rev": 3}).json() == []


@pytest.mark.parametrize("value", ["", "-1", "x", "2147483648", "9" * 3000, "²"])
@pytest.mark.parametrize(("name", "key"), [("earlier", "before"), ("changes", "rev")])
def test_a_place_that_can_t_be_is_refused(chat, agent, sign_in, name, key, value) -> None:
    assert sign_in(agent).get(address(name, chat), {key: value}, headers=FETCH).status_code == 400


def test_a_number_too_long_to_be_read_is_refused(chat, agent, sign_in) -> None:
    """Python refuses to read more than 4,300 digits at all."""
    assert sign_in(agent).get(address("changes", chat), {"rev": "9" * 5000}, headers=FETCH).status_code == 400


# Mask


def test_a_selection_is_masked(chat, agent, sign_in) -> None:
    answer = ask(sign_in(agent), "mask", chat)
    assert answer.json() == {"masked": 1}
    assert SECRET not in Message.objects.get().body


@pytest.mark.parametrize("who", ["colleague", "admin"])
@pytest.mark.parametrize("contract_has_chat", [True, False])
def test_whoever_may_read_it_may_mask_in_it(request, chat, sign_in, who, contract_has_chat) -> None:
    """Also without the chat permission, and where the contract has no Chat any more: what was said is still there."""
    person = request.getfixturevalue(who)
    Contract.objects.update(chat=contract_has_chat)
    assert ask(sign_in(person), "mask", chat).status_code == 200
    assert Mask.objects.get().masked_by == person


def test_a_stale_selection_is_a_conflict(chat, agent, sign_in) -> None:
    browser = sign_in(agent)
    assert ask(browser, "mask", chat).status_code == 200
    before = everything()
    assert ask(browser, "mask", chat).status_code == 409
    assert everything() == before


BAD = [
    "",
    "{",
    "null",
    "{}",
    "[]",
    "[1]",
    "[{}]",
    '[{"seq": 1, "rev": 1, "start": 0}]',
    '[{"seq": 1, "rev": 1, "start": 0, "end": 1, "by": 3}]',
    '[{"seq": "1", "rev": 1, "start": 0, "end": 1}]',
    '[{"seq": 1, "rev": 1, "start": -1, "end": 1}]',
    '[{"seq": 1, "rev": 1, "start": 0, "end": 99999999999999999999999}]',
    '[{"seq": 99999999999, "rev": 1, "start": 0, "end": 1}]',
    '[{"seq": 1, "rev": 1, "start": 0, "end": 1}, {"seq": 1, "rev": 1, "start": 2, "end": 3}]',
    "[" * 40_000,
    '[{"seq":' * 10_000,
    '[{"seq": 1, "x":' + '{"a":' * 20_000,
    "\ud83d".encode("utf-8", "surrogatepass"),
]


@pytest.mark.parametrize("body", BAD, ids=lambda body: str(body)[:50])
def test_what_is_no_selection_is_refused(chat, agent, sign_in, body) -> None:
    before = everything()
    answer = sign_in(agent).post(address("mask", chat), body, content_type="application/json", headers=FETCH)
    assert answer.status_code == 400
    assert everything() == before


def test_a_failing_database_shows_no_text(chat, agent, sign_in, monkeypatch, caplog) -> None:
    def fail(*_args, **_named):
        raise DatabaseError("could not write")

    monkeypatch.setattr("chat.conversation.message_masks.change_body", fail)
    browser = sign_in(agent)
    browser.raise_request_exception = False
    answer = ask(browser, "mask", chat)
    assert answer.status_code == 500
    assert SECRET not in answer.content.decode() + caplog.text
    assert SECRET in Message.objects.get().body
    assert not Mask.objects.exists()
