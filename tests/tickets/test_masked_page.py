"""The page of a ticket shows comments as they are masked now; one that is open asks for what has changed since."""

import html
import re

import pytest
from django.test import Client
from django.utils import translation

from agents.models import Contract
from chat.masking.destroying import destroy_expired
from chat.masking.models import DataKey
from tests.make import make_agent, make_chat, make_message, make_ticket
from tests.tickets.masked import mask_text
from tests.tickets.test_conceal_copies import mask as mask_in_chat
from tickets.desk.timeline import timeline_of
from tickets.lifecycle import add_comment, create_from_chat, edit_text
from tickets.masking.comment_masks import lift, reveal
from tickets.models import Comment, Ticket

pytestmark = pytest.mark.django_db

URL = "/desk/demo/tickets/1/"
CHANGES = f"{URL}changes/"
CARD = "4111 1111 1111 1111"
BUTTON = 'data-action="mask"'


@pytest.fixture
def ticket(service, agent) -> Ticket:
    return make_ticket(service, "Where is my order?")


def page(client: Client) -> str:
    return client.get(URL).content.decode()


def told(ticket: Ticket) -> list[str]:
    return [f"{line.who} {line.what}" for line in timeline_of(ticket) if not line.comment]


# What is shown


def test_the_text_of_a_comment_is_the_stored_one_to_the_character(ticket, agent, sign_in) -> None:
    text = f'  Card {CARD} <b>& "x"</b>,\nsee https://shop.example/a?b=1&c=2 or www.x.example, 220-81-62517  '
    comment = add_comment(agent, ticket, text)
    body = re.search(r'<div class="comment-body" dir="auto">(.*?)</div>', page(sign_in(agent)), re.DOTALL)[1]
    assert html.unescape(re.sub(r"<[^>]*>", "", body)) == comment.body
    asterisks = "*" * len(CARD)
    assert f'<masked-text data-mask="{comment.masks.get().pk}" data-kind="card">{asterisks}</masked-text>' in body
    assert '<offered-text data-kind="brn">220-81-62517</offered-text>' in body
    assert 'href="https://shop.example/a?b=1&amp;c=2"' in body


def test_the_addresses_of_masks_are_there_for_those_who_may(service, ticket, agent, sign_in) -> None:
    shown = page(sign_in(agent))
    assert BUTTON in shown
    assert f'data-mask-url="{URL}comments/mask/"' in shown
    assert 'data-reveal-url="/desk/demo/tickets/masks/0/reveal/"' in shown
    assert 'data-lift-url="/desk/demo/tickets/masks/0/lift/"' in shown
    for permission in ({"chat_permission": False, "unmask_permission": True}, {"unmask_permission": False}):
        shown = page(sign_in(make_agent(service, **permission)))
        assert BUTTON in shown
        assert ("/tickets/masks/0/" in shown) is permission["unmask_permission"]


def test_without_security_service_there_is_neither_button_nor_address(ticket, agent, sign_in) -> None:
    Contract.objects.update(security_service=False)
    shown = page(sign_in(agent))
    assert BUTTON not in shown
    assert "data-mask-url" not in shown
    assert "/masks/0/" not in shown


def test_the_timeline_tells_of_masks_and_not_of_looks(ticket, agent, colleague) -> None:
    comment = Comment.objects.create(ticket=ticket, name="Mina", body="Kim Minsu of Jeju")
    wrong = mask_text(agent, comment, "Jeju")
    mask_text(agent, comment, "Kim Minsu")
    reveal(colleague, wrong.pk, address=None)
    lift(colleague, wrong.pk, address=None)
    assert told(ticket) == [
        "Mina masked personal information",
        "Mina masked personal information",
        "Theo removed a mask for good",
    ]


def test_the_timeline_tells_when_originals_are_destroyed(ticket, agent) -> None:
    add_comment(agent, ticket, CARD)
    Contract.objects.update(originals_kept_days=1)
    DataKey.objects.update(used_at="2020-01-01T00:00Z")
    assert destroy_expired() == 1
    assert told(ticket) == ["The system destroyed the masked originals: their retention period is over"]
    with translation.override("ko"):
        assert told(ticket) == ["시스템 마스킹 원본 파기(보관 기간 만료)"]


# What an open page asks for


def seen_by(client: Client) -> str:
    return re.search(r'data-seen="([^"]+)"', page(client))[1]


def changes(client: Client, seen: str) -> str | None:
    answer = client.get(CHANGES, {"seen": seen})
    return answer.content.decode() if answer.status_code == 200 else None


def test_a_page_that_shows_what_is_there_gets_nothing(ticket, agent, sign_in) -> None:
    add_comment(agent, ticket, "Hello")
    client = sign_in(agent)
    assert client.get(CHANGES, {"seen": seen_by(client)}).status_code == 204


def test_a_mask_and_one_taken_off_are_changes(ticket, agent, sign_in) -> None:
    comment, client = add_comment(agent, ticket, "Kim Minsu"), sign_in(agent)
    seen = [seen_by(client)]
    mask = mask_text(agent, comment, "Kim Minsu")
    masked = changes(client, seen[-1])
    assert "Kim Minsu" not in masked
    assert f'id="c-{comment.pk}" data-rev="2"' in masked
    seen.append(seen_by(client))
    assert changes(client, seen[-1]) is None
    lift(agent, mask.pk, address=None)
    assert "Kim Minsu" in changes(client, seen[-1])
    assert len({*seen, seen_by(client)}) == 3


def test_what_is_masked_in_the_chat_changes_every_text_of_its_ticket(service, agent, sign_in) -> None:
    chat = make_chat(service, agent=agent)
    message = make_message(chat, "I am Kim Minsu")
    ticket = create_from_chat(agent, chat, subject="Call Kim Minsu", body="Kim Minsu called")
    add_comment(agent, ticket, "Ask Kim Minsu")
    client = sign_in(agent)
    seen = seen_by(client)
    mask_in_chat(agent, chat, message, "Kim Minsu")
    fresh = changes(client, seen)
    assert "Kim" not in fresh
    assert all(f'id="ticket-{part}"' in fresh for part in ("subject", "text", "body", "timeline"))


def test_new_comments_and_texts_are_changes_too(ticket, agent, sign_in) -> None:
    client = sign_in(agent)
    seen = seen_by(client)
    add_comment(agent, ticket, "Hello")
    assert "Hello" in changes(client, seen)
    seen = seen_by(client)
    edit_text(agent, ticket, subject="Other", body="")
    assert "Other" in changes(client, seen)


def test_what_was_never_seen_is_a_change(ticket, agent, sign_in) -> None:
    client = sign_in(agent)
    assert all("ticket-timeline" in changes(client, seen) for seen in ("", "nonsense", "0-0"))
    assert client.get(CHANGES).status_code == 200


def test_the_outsider_and_strangers_get_no_changes(ticket, outsider, sign_in, client) -> None:
    assert sign_in(outsider).get(CHANGES).status_code == 404
    assert sign_in(outsider).get(CHANGES.replace("demo", "other")).status_code == 404
    assert client.get(CHANGES).status_code == 302
