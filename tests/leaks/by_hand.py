"""What is masked by hand: said and copied everywhere first, then masked, then tried to be brought back by old forms."""

import uuid

from chat.models import Mask, Message
from tests.faults.people import Customer
from tests.leaks.browser import value_of
from tests.leaks.run import Run
from tests.leaks.secrets import BY_HAND
from tickets.models import Comment, Ticket

MASKED, NOT_POSSIBLE = 200, 403  # answers; the second one without Security Service


def mask_by_hand(run: Run) -> None:
    """After it, every message that it has made is masked, where the service can."""
    _after_everything_was_copied(run)
    _before_a_ticket_is_made(run)
    _before_an_inquiry_is_left(run)
    _before_a_mail_leaves(run)
    _in_a_comment(run)


def _after_everything_was_copied(run: Run) -> None:
    customer = run.start(name="Jun", email="by.hand@mail.example", message=run.purse.by_hand("first message"))
    said = run.purse.by_hand("customer's message")
    answered = run.purse.by_hand("agent's message")
    run.say(customer, customer.chat, said)
    run.say(run.tab, customer.chat, answered)
    run.pass_on(customer.chat, run.purse.by_hand("note of a transfer"))
    run.post(run.theo, "chat:ask_evaluation", {}, customer.chat)
    form = {"chat": customer.chat, "score": 2, "comment": run.purse.by_hand("comment in an evaluation")}
    run.post(None, "chat:evaluate", form, token=customer.token)
    ticket = _ticket_of(run, customer, body=f"{said}\n{answered}")
    run.post(run.mina, "tickets:comments", {"body": answered, "request_id": uuid.uuid4()}, ticket.number)
    for secret in run.purse.secrets_in(said):
        run.post(run.mina, "tickets:tags", {"tag": secret.value}, ticket.number)
        run.post(run.ada, "chat:add_tag", {"tag": secret.value}, customer.chat)
    page = run.get(run.mina, "tickets:detail", ticket.number)
    _mask_all(run, customer.chat)
    out_of_date = {"subject": "A call", "body": said, "seen": value_of("seen", page)}
    run.post_in_vain(run.mina, "tickets:subject", out_of_date, ticket.number)
    _look_under(run, customer)


def _in_a_comment(run: Run) -> None:
    """Said nowhere else: by telephone, perhaps."""
    body = run.purse.by_hand("comment")
    run.post(run.mina, "tickets:comments", {"body": body, "request_id": uuid.uuid4()}, run.ticket)
    repeated = {"kind": "internal", "body": body, "request_id": uuid.uuid4()}
    run.post(run.mina, "tickets:draft", repeated, run.ticket)
    for secret in run.purse.secrets_in(body):
        comment = Comment.objects.get(
            ticket__number=run.ticket, ticket__service=run.service, body__contains=secret.value
        )
        selection = _selected(comment.pk, comment.rev, comment.body, secret.value)
        answer = run.post(run.mina, "tickets:mask", [selection], run.ticket)
        assert answer.status == (MASKED if run.masks else NOT_POSSIBLE), answer


def _before_a_ticket_is_made(run: Run) -> None:
    customer = run.conversation()
    said = run.purse.by_hand("message copied into a form")
    run.say(customer, customer.chat, said)
    form = _new_ticket_form(run, customer)
    _mask_all(run, customer.chat)
    # What the page suggested; what an agent types after a mask is the agent's.
    run.post(run.mina, "tickets:create_from_chat", form, customer.chat)


def _before_an_inquiry_is_left(run: Run) -> None:
    customer = run.desk.chat_with(None)
    run.say(customer, customer.chat, run.purse.by_hand("message copied into an inquiry"))
    page = run.post(None, "tickets:contact_from_chat", {"token": customer.token}).text
    _mask_all(run, customer.chat)
    inquiry = {"name": "Jun", "email": "jun@example.com", "subject": "Late", "message": value_of("message", page)}
    proof = {"policy": run.policy, "consent": "on", "chat": value_of("chat", page), "request_id": uuid.uuid4()}
    run.post(None, "tickets:contact", inquiry | proof)


def _before_a_mail_leaves(run: Run) -> None:
    chat = run.chat_without_customer()
    run.say(run.tab, chat, run.purse.by_hand("message to who is gone"))
    _mask_all(run, chat)
    run.mail_unread(chat)


def _ticket_of(run: Run, customer: Customer, **form: str) -> Ticket:
    """With the subject that the form suggests, unless it is named."""
    run.post(run.mina, "tickets:create_from_chat", _new_ticket_form(run, customer) | form, customer.chat)
    return Ticket.objects.get(chat=customer.chat)


def _new_ticket_form(run: Run, customer: Customer) -> dict[str, str]:
    page = run.get(run.mina, "tickets:create_from_chat", customer.chat)
    return {"subject": value_of("subject", page), "said": value_of("said", page)}


def _mask_all(run: Run, chat: int) -> None:
    """Kind by kind, in all messages at once."""
    for kind in BY_HAND:
        answer = run.post(run.mina, "chat:mask", _selections(run, chat, kind), chat)
        assert answer.status == (MASKED if run.masks else NOT_POSSIBLE), answer


def _selections(run: Run, chat: int, kind: str) -> list[dict]:
    values = {secret.value for secret in run.purse.secrets if secret.kind == kind}
    messages = Message.objects.filter(chat=chat).exclude(body="")
    found = [(message, value) for message in messages for value in values if value in message.body]
    return [_selection(message, value) for message, value in found]


def _selection(message: Message, value: str) -> dict:
    return _selected(message.seq, message.rev, message.body, value)


def _selected(seq: int, rev: int, body: str, value: str) -> dict:
    """As a browser counts it: in UTF-16."""
    start = _length(body[: body.index(value)])
    return {"seq": seq, "rev": rev, "start": start, "end": start + _length(value)}


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _look_under(run: Run, customer: Customer) -> None:
    """Who may unmask sees the original in one answer, that nobody stores."""
    masks = Mask.objects.filter(message__chat=customer.chat, message__seq=1)
    assert len(masks) == (len(BY_HAND) if run.masks else 0)
    for mask in masks:
        answer = run.post_in_vain(run.mina, "chat:reveal", {}, mask.pk)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.text in {secret.value for secret in run.purse.secrets}
