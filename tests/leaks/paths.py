"""Every way by which text comes into the product. A new one is added to ``PATHS``, and then nothing else has to be.

What is stored is asked for with ``run.text``, what is refused with ``run.refused``: the tests look for both. Each way
has secrets of its own, so that what is found somewhere says how it came in.
"""

import json
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr
from urllib.parse import quote

from django.utils import timezone
from PIL import Image

from agents.models import Agent as AgentRow
from agents.models import Contract, ServiceMailbox
from chat.conversation.evaluations import COMMENT_LENGTH_MAX
from chat.export.exporting import REASON_LENGTH_MAX
from chat.filing.tag_names import TAG_LENGTH_MAX
from chat.masking.models import OwnPattern
from chat.models import Chat, ChatSettings
from chat.people.merging import REASON_LENGTH_MAX as MERGE_REASON_MAX
from chat.people.notes import LENGTH_MAX as NOTE_LENGTH_MAX
from chat.protocol import FRAME_BYTES_MAX
from contiple.base.texts import MESSAGE_LENGTH_MAX
from helpcenter.customers import NAME_LENGTH_MAX
from helpcenter.members.sessions import new_token
from tests.chat.files import PDF, picture
from tests.leaks.browser import value_of
from tests.leaks.run import Run
from tests.leaks.secrets import AUTOMATIC
from tests.make import make_customer
from tests.members import Site
from tickets.answering.links import secret_of
from tickets.desk.bulk import seen_now
from tickets.mail.incoming import receive
from tickets.models import TEXT_LENGTH_MAX

# What the database itself refuses here (`witness`): the error of a failing statement has the whole row in it.
UNSTORABLE = "[no database takes this]"
# In frames of clients, those of `malformed_frames` and `messages`.
TEXTS_IN_FRAMES = {"hello.token", "note.body", "page.page", "send.body"}
# For fields in which there is no room for more. Those for an e-mail address are not tried: what stands there is one.
SOME = ("card", "foreigner number")
CREATED = 201
IMAGE_DESCRIPTION = 0x010E  # of Exif


def start_form(run: Run) -> None:
    memo = quote(run.text("page where the chat began", "card with dashes", "resident number", joint=" and "))
    run.start(
        name=run.text("name in the start form", *SOME, joint=" "),
        email="first@mail.example",
        page=f"https://shop.example/orders?memo={memo}",
        message=run.text("first message"),
    )


def refused_starts(run: Run) -> None:
    form = {"name": run.refused("name without consent", *SOME, joint=" "), "message": run.refused("no consent")}
    run.post_in_vain(None, "chat:start", form | {"policy": run.policy})


def members(run: Run) -> None:
    """A site names its member in a token, which nobody can read who looks for text: so it is noted here."""
    site, session = Site(run.ada), new_token()
    late = site.token("m-0", name=run.refused("name in a late member token", *SOME, joint=" "), issued=1, expires=2)
    run.post_in_vain(None, "chat:identify", {"token": late, "session": session})
    token = site.token(name=run.text("name in a member token", *SOME, joint=" "))
    run.post(None, "chat:identify", {"token": token, "session": session})
    run.tried.add("chat:identify")
    run.start(token=session, message="Hello")


def messages(run: Run) -> None:
    run.say(run.talk, run.talk.chat, run.text("customer's message"))
    run.say(run.tab, run.talk.chat, run.text("agent's message"))


def pages_of_customers(run: Run) -> None:
    policies = run.service.help_center.policies
    ChatSettings.objects.filter(service=run.service).update(follow_page_policy=policies.latest("version").version)
    memo = quote(run.text("page that a customer is on", "card with dashes", "resident number", joint=" and "))
    run.talk.tell("page", page=f"https://shop.example/cart?memo={memo}")
    there = Chat.objects.filter(pk=run.talk.chat, page_now__startswith="https://shop.example/cart")
    run.talk.wait_for(there.exists, "the page is not noted")


def repeated_sends(run: Run) -> None:
    """The same id again, as after a loss: what counts is what was said first."""
    customer = run.talk
    client_id = run.say(customer, customer.chat, run.text("message that is sent twice"))
    customer.tell("send", client_id=client_id, body=run.refused("body of the second time"))
    customer.wait_for(lambda: customer.heard("ack", client_id=client_id))


def refused_sends(run: Run) -> None:
    others = run.desk.chat_with(run.theo)
    run.say_in_vain(run.talk, _send(run.refused("too long a message") + "." * MESSAGE_LENGTH_MAX), "invalid")
    run.say_in_vain(run.talk, _send(run.refused("control character") + "\a"), "invalid")
    run.say_in_vain(run.tab, _send(run.refused("message to another agent's chat"), chat=others.chat), "not_yours")
    run.say_in_vain(run.tab, _send(run.refused("message to no chat"), chat=2**40), "not_found")
    run.say_in_vain(run.tab, _send(run.refused("note in no chat"), type="note", chat=2**40), "not_found")
    run.say_in_vain(run.talk, _send(run.refused("customer's note"), type="note"), "bad_frame")


def closed_chats(run: Run) -> None:
    customer = run.conversation()
    run.post(None, "chat:customer_end", {}, token=customer.token)
    run.say_in_vain(customer, _send(run.refused("message to a closed chat")), "ended")


def evaluations(run: Run) -> None:
    customer = run.conversation()
    form, own = {"chat": customer.chat, "score": 4}, {"token": customer.token}
    run.post_in_vain(None, "chat:evaluate", form | {"comment": run.refused("comment too early", "card")}, **own)
    run.post(run.mina, "chat:ask_evaluation", {}, customer.chat)
    run.post(None, "chat:evaluate", form | {"comment": "Slow."}, **own)
    for kind in AUTOMATIC:  # a comment of all kinds would be too long
        run.post(None, "chat:evaluate", form | {"comment": run.refused("comment that is changed", kind)}, **own)
    run.post(None, "chat:evaluate", form | {"comment": run.text("comment in an evaluation", *SOME)}, **own)
    too_long = run.refused("too long a comment in an evaluation", "card") + "." * COMMENT_LENGTH_MAX
    run.post_in_vain(None, "chat:evaluate", form | {"comment": too_long}, **own)


def files(run: Run) -> None:
    """Names are masked as texts are. What a picture tells beside its pixels is nowhere."""
    talk = run.talk
    told = run.refused("Exif of a picture", *SOME, joint=" ")
    exif = Image.Exif()
    exif[IMAGE_DESCRIPTION] = told
    drawn = picture((40, 30), "JPEG", exif=exif, comment=told.encode())
    for data, end in ((drawn + told.encode(), "jpg"), (PDF, "pdf")):
        name = f"{run.text('name of a customer’s file', *SOME, joint=' ')}.{end}"
        answer = run.upload(None, "chat:customer_upload", (data, name), token=talk.token)
        assert answer.status == CREATED, answer
    name = f"{run.text('name of an agent’s file', *SOME, joint=' ')}.pdf"
    answer = run.upload(run.mina, "chat:upload", (PDF, name), talk.chat)
    assert answer.status == CREATED, answer
    name = run.refused("name of a file that is refused", *SOME, joint=" ")
    run.upload(None, "chat:customer_upload", (b"MZ\0", name), token=talk.token, is_kept=False)
    others = run.desk.chat_with(run.theo)
    name = run.refused("name of a file for another agent's chat", *SOME, joint=" ")
    run.upload(run.mina, "chat:upload", (PDF, name), others.chat, is_kept=False)


def malformed_frames(run: Run) -> None:
    hello = {"type": "hello", "token": run.refused("second hello", "card")}
    run.say_in_vain(run.talk, json.dumps(hello).encode(), "conflict")
    for frame in (
        _send(run.refused("frame that is cut"))[:-2],
        _send("Hello", **{run.refused("unknown field"): 1}),
        _send("Hello", client_id=run.refused("no id")),
        json.dumps({"type": run.refused("unknown type")}).encode(),
        b"[" * 30_000 + _send(run.refused("nested deep")),
    ):
        run.say_in_vain(run.talk, frame, "bad_frame")


def hopeless_frames(run: Run) -> None:
    """They end the socket, with these codes."""
    customer = run.talk
    for code, frame in {
        1007: b"\xff" + _send(run.refused("frame that is no Unicode")),
        1009: _send(run.refused("too large a frame") + "." * FRAME_BYTES_MAX),
    }.items():
        customer.crowd.do(customer.wire.send, frame)
        customer.wait_for(lambda code=code: customer.codes[-1:] == [code] and customer.is_greeted, f"{customer.codes}")


def notes(run: Run) -> None:
    chat = run.conversation().chat
    run.add_note(run.tab, chat, run.text("note of an agent"))
    run.add_note(run.theos_tab, chat, run.text("note of a colleague"))
    run.pass_on(chat, run.text("note of a transfer"))
    run.post(run.theo, "chat:return", {"note": run.text("note of a return")}, chat)


def moves(run: Run) -> None:
    """By an admin, with a note; to Theo, who is Online no longer than that, and says why he is on a break then."""
    chat = run.conversation().chat
    run.desk.set_status(run.theo, AgentRow.ChatStatus.ONLINE)
    form = {"chat": chat, "to": f"agent:{run.theo.pk}", "note": run.text("note of a move")}
    run.post(run.ada, "chat:move_chats", form)
    run.desk.answer(run.theo, chat)
    away = {"status": AgentRow.ChatStatus.BREAK.value}
    run.post(run.theo, "chat:status", away | {"reason": run.text("reason for a break", "card")})
    run.post_in_vain(run.theo, "chat:status", away | {"reason": run.refused("too long a reason") + "." * 60})
    run.post_in_vain(
        run.ada, "chat:move_chats", form | {"to": "agent:0", "note": run.refused("note of a move in vain")}
    )


def edits(run: Run) -> None:
    """The text before is nowhere afterwards: it had nothing in it, which others are tried with."""
    chat = run.talk.chat
    for text in ("message that is edited", "another message that is edited"):
        seq = run.place_of(run.say(run.tab, chat, "Wait a moment"))
        form = {"rev": run.rev_of(chat, seq), "body": run.text(text)}
        run.post(run.mina, "chat:edit_message", form, chat, seq)
        run.post_in_vain(run.mina, "chat:edit_message", form | {"body": run.refused("edit of an old text")}, chat, seq)
        run.post_in_vain(run.theo, "chat:edit_message", form | {"body": run.refused("edit by others")}, chat, seq)
    form = {"rev": run.rev_of(chat, seq), "body": run.refused("too long an edit") + "." * MESSAGE_LENGTH_MAX}
    run.post_in_vain(run.mina, "chat:edit_message", form, chat, seq)


def refused_notes(run: Run) -> None:
    run.post_in_vain(run.mina, "chat:transfer", {"to": 0, "note": run.refused("note to nobody")}, run.talk.chat)
    run.post_in_vain(run.theo, "chat:return", {"note": run.refused("note of somebody else")}, run.talk.chat)


def tickets_by_hand(run: Run) -> None:
    form = {
        "request_id": uuid.uuid4(),
        "subject": run.text("subject of a ticket by hand", *SOME, "password", joint=", "),
        "body": run.text("description of a ticket by hand"),
        "name": run.text("requester of a ticket by hand", *SOME, joint=" "),
    }
    run.post(run.mina, "tickets:new", form)
    run.post_in_vain(run.mina, "tickets:new", {"body": run.refused("ticket without a subject")})


def tickets_from_chats(run: Run) -> None:
    """The subject of the first is what the customer said first, as the form suggests it."""
    chat = run.conversation()
    run.say(chat, chat.chat, run.text("message that becomes a subject", *SOME, joint=", "))
    run.post_in_vain(run.mina, "tickets:create_from_chat", {"body": run.refused("no subject")}, chat.chat)
    suggested = value_of("subject", run.get(run.mina, "tickets:create_from_chat", chat.chat))
    form = {"subject": suggested, "body": run.text("description of a chat's ticket")}
    run.post(run.mina, "tickets:create_from_chat", form, chat.chat)
    form = {"subject": run.text("subject of a chat's ticket", *SOME, joint=", ")}
    run.post(run.mina, "tickets:create_from_chat", form, run.talk.chat)


def ticket_edits(run: Run) -> None:
    form = {"subject": run.text("new subject", *SOME, joint=", "), "body": run.text("new description")}
    run.post(run.mina, "tickets:subject", form, run.ticket)
    form = {
        "subject": run.refused("subject out of date", *SOME, joint=", "),
        "body": run.refused("description out of date"),
        "seen": "0" * 64,
    }
    run.post_in_vain(run.mina, "tickets:subject", form, run.ticket)


def comments(run: Run) -> None:
    form = {"request_id": uuid.uuid4(), "body": run.text("comment")}
    run.post(run.mina, "tickets:comments", form, run.ticket)
    run.post(run.mina, "tickets:comments", form | {"body": run.refused("the same form again")}, run.ticket)
    too_long = run.refused("too long a comment") + "." * TEXT_LENGTH_MAX
    run.post_in_vain(run.mina, "tickets:comments", form | {"body": too_long}, run.ticket)


def replies(run: Run) -> None:
    number = run.inquiry.number
    form = {"request_id": uuid.uuid4(), "body": run.text("reply"), "state": "pending"}
    run.post(run.mina, "tickets:reply", form, number)
    run.post(run.mina, "tickets:reply", form | {"body": run.refused("the same reply again")}, number)
    too_long = run.refused("too long a reply") + "." * TEXT_LENGTH_MAX
    run.post_in_vain(run.mina, "tickets:reply", form | {"body": too_long}, number)


def drafts(run: Run) -> None:
    form = {"request_id": uuid.uuid4(), "kind": "reply", "body": run.text("draft of a reply"), "state": "resolved"}
    run.post(run.mina, "tickets:draft", form | {"cc": run.text("CC of a draft", *SOME, joint=", ")}, run.inquiry.number)
    form = {"request_id": uuid.uuid4(), "kind": "internal", "body": run.text("draft of a comment")}
    run.post(run.mina, "tickets:draft", form, run.inquiry.number)
    too_long = run.refused("too long a draft") + "." * TEXT_LENGTH_MAX
    run.post_in_vain(run.mina, "tickets:draft", form | {"body": too_long}, run.inquiry.number)


def facts_of_customers(run: Run) -> None:
    Contract.objects.filter(service=run.service).update(customer_information=True)
    customer = make_customer(run.service, "Nobody yet").pk
    form = {"request_id": uuid.uuid4(), "body": run.text("note on a customer")}
    run.post(run.mina, "chat:customer_notes", form, customer)
    run.post(run.mina, "chat:customer_notes", form | {"body": run.refused("the same note again")}, customer)
    too_long = run.refused("too long a note") + "." * NOTE_LENGTH_MAX
    run.post_in_vain(run.mina, "chat:customer_notes", {"body": too_long}, customer)
    run.post(run.mina, "chat:customer_notes", {"body": "Likes tea"}, customer)
    note = run.notes.latest("pk").pk
    run.post(run.mina, "chat:edit_note", {"body": run.text("note that was changed")}, customer, note)
    run.post_in_vain(run.theo, "chat:edit_note", {"body": run.refused("note of somebody else")}, customer, note)
    run.post(run.mina, "chat:customer", {"name": run.text("name that was corrected", *SOME, joint=" ")}, customer)
    twin = make_customer(run.service, "Nobody yet again").pk
    form = {"with": twin, "keep": customer, "reason": run.text("reason of merging customers", *SOME, joint=" ")}
    run.post(run.mina, "chat:merge_customer", form, customer)
    too_long = run.refused("too long a reason of merging", *SOME, joint=" ") + "." * MERGE_REASON_MAX
    run.post_in_vain(run.mina, "chat:merge_customer", form | {"reason": too_long}, customer)
    too_long = run.refused("too long a corrected name", *SOME, joint=" ") + "." * NAME_LENGTH_MAX
    run.post_in_vain(run.mina, "chat:customer", {"name": too_long}, customer)


def chat_drafts(run: Run) -> None:
    chat = run.talk.chat
    run.post(run.mina, "chat:draft", {"kind": "reply", "body": run.text("draft in a chat")}, chat)
    run.post(run.mina, "chat:draft", {"kind": "note", "body": run.text("draft of a note")}, chat)
    unseen = {"kind": "note", "body": run.refused("draft that is out of date"), "seen": "before"}
    run.post_in_vain(run.mina, "chat:draft", unseen, chat)
    run.post_in_vain(run.theo, "chat:draft", {"body": run.refused("draft in another agent's chat")}, chat)


def canned_responses(run: Run) -> None:
    """What would be masked is refused: so it is stored only in the service that masks nothing."""
    run.post(run.ada, "chat:new_canned", _canned("hello", "Hello {customer}"))
    hello = run.service.canned_responses.get(name="hello").pk
    run.post_in_vain(run.ada, "chat:new_canned", _canned("text", run.text("canned response")))
    run.post_in_vain(run.ada, "chat:canned_response", _canned("hello", run.text("changed canned response")), hello)
    run.post_in_vain(run.ada, "chat:new_canned", _canned("two words", run.refused("canned response without a name")))
    name = f"{run.text('name of a file of a canned response', *SOME, joint=' ')}.pdf"
    run.upload(run.mina, "chat:upload_canned", (PDF, name))


def _canned(name: str, text: str) -> dict[str, str]:
    return {"name": name, "text_en": text, "text_ko": "", "whose": "everyone", "file": ""}


def customers_answers(run: Run) -> None:
    """On the page of the inquiry; the second one makes a ticket, since the first is Completed."""
    secret = secret_of(run.inquiry, now=timezone.now())
    form = {"request_id": uuid.uuid4(), "body": run.text("customer's answer")}
    run.post(None, "tickets:inquiry_answer", form, secret)
    too_long = run.refused("too long an answer") + "." * TEXT_LENGTH_MAX
    run.post_in_vain(None, "tickets:inquiry_answer", form | {"body": too_long}, secret)
    run.post(run.mina, "tickets:assignee", {"assignee": run.mina.pk}, run.inquiry.number)
    thanks = {"request_id": uuid.uuid4(), "body": run.text("thanks for a solution")}
    run.post(None, "tickets:inquiry_solved", thanks, secret)
    run.post_in_vain(None, "tickets:inquiry_solved", form | {"body": run.refused("thanks by a forged link")}, "forged")
    run.post(run.ada, "tickets:state", {"state": "completed"}, run.inquiry.number)
    form = {"request_id": uuid.uuid4(), "body": run.text("answer to a Completed ticket")}
    run.post(None, "tickets:inquiry_answer", form, secret)
    forged = {"request_id": uuid.uuid4(), "body": run.refused("answer by a forged link")}
    run.post_in_vain(None, "tickets:inquiry_answer", forged, "forged")


def tags(run: Run) -> None:
    for kind in AUTOMATIC:
        run.post(run.mina, "tickets:tags", {"tag": run.text("tag", kind)}, run.ticket)
    for kind in SOME:
        ticket = run.service.tickets.get(number=run.ticket)
        selected = {"ticket": f"{ticket.number}-{seen_now(ticket)}"}
        run.post(run.mina, "tickets:change", {**selected, "new_tag": run.text("tag of many tickets", kind)})
    run.post(run.mina, "tickets:tags", {"tag": run.refused("tag that is taken off", "card")}, run.ticket)
    newest = run.service.tags.latest("pk").pk  # on no ticket any more it is forgotten
    run.post(run.mina, "tickets:remove_tag", {}, run.ticket, newest)
    too_long = run.refused("too long a tag", "card") + "." * TAG_LENGTH_MAX
    run.post_in_vain(run.mina, "tickets:tags", {"tag": too_long}, run.ticket)


def tags_of_chats(run: Run) -> None:
    for kind in SOME:
        run.post(run.ada, "chat:add_tag", {"tag": run.text("tag of a chat", kind)}, run.talk.chat)
    run.post(run.ada, "chat:add_tag", {"tag": run.refused("tag that is taken off a chat", "card")}, run.talk.chat)
    newest = run.service.chat_tags.latest("pk").pk  # on no chat any more it is forgotten
    run.post(run.ada, "chat:remove_tag", {}, run.talk.chat, newest)
    too_long = run.refused("too long a tag of a chat", "card") + "." * TAG_LENGTH_MAX
    run.post_in_vain(run.ada, "chat:add_tag", {"tag": too_long}, run.talk.chat)


def inquiries(run: Run) -> None:
    run.post(None, "tickets:contact", _inquiry(run.text, run, "inquiry"))
    run.post_in_vain(None, "tickets:contact", _inquiry(run.refused, run, "inquiry without consent") | {"consent": ""})
    unseen = {"website": run.refused("field that people don't see")}
    run.post(None, "tickets:contact", _inquiry(run.refused, run, "inquiry of a machine") | unseen)


def inquiries_from_chats(run: Run) -> None:
    """The form takes along what was said in the chat, and what was typed there and not sent."""
    customer = run.desk.chat_with(None)
    run.say(customer, customer.chat, run.text("message that becomes an inquiry"))
    page = run.post(None, "tickets:contact_from_chat", {"token": customer.token}).text
    draft = {"token": customer.token, "message": run.refused("draft of a message")}
    run.post_in_vain(None, "tickets:contact_from_chat", draft)
    inquiry = _inquiry(run.text, run, "inquiry instead of a chat")
    inquiry["message"] = f"{value_of('message', page)}\n{inquiry['message']}"
    run.post(None, "tickets:contact", inquiry | {"chat": value_of("chat", page)})


def inquiries_by_click(run: Run) -> None:
    """The chat becomes an inquiry, with what was typed there and not sent."""
    customer = run.desk.chat_with(None)
    run.say(customer, customer.chat, run.text("message that becomes an inquiry by a click"))
    form = {"message": run.text("draft that becomes an inquiry by a click")}
    run.post(None, "chat:leave_inquiry", form, token=customer.token)
    run.post_in_vain(None, "chat:leave_inquiry", {"message": run.refused("draft of a second click")}, token="nobody's")


def words_to_who_is_gone(run: Run) -> None:
    chat = run.chat_without_customer()
    run.say(run.tab, chat, run.text("agent's message to who is gone"))
    run.mail_unread(chat)


def searches(run: Run) -> None:
    for kind in AUTOMATIC:
        run.search(run.mina, "tickets:list", run.refused("search for tickets", kind))
        run.search(None, "helpcenter:search", run.refused("search in the help center", kind))
        words = run.refused("search in the record of unmasking", kind)
        run.search(run.ada, "chat:unmask_record", words, field="customer")
        run.search(run.mina, "chat:chats", run.refused("search in Chat History", kind))
        run.search(run.mina, "chat:customers", run.refused("search in Customers", kind))
        run.search(run.mina, "chat:canned", run.refused("search in Canned Responses", kind))


def lines_before_a_chat(run: Run) -> None:
    """What is typed is masked before it is searched for, so it is not even in a statement."""
    for kind in AUTOMATIC:
        typed = {"text": f"A refund, {run.refused('line typed before a chat', kind)}"}
        run.post(None, "chat:suggested", typed, is_kept=False)


def choices(run: Run) -> None:
    """No page offers these; and an error likes to repeat what it is about."""
    for field in ("state", "assignee", "group", "priority"):
        run.post_in_vain(run.mina, f"tickets:{field}", {field: run.refused(f"no such {field}")}, run.ticket)
    run.post_in_vain(run.mina, "chat:status", {"status": run.refused("no such status")})
    run.post_in_vain(run.mina, "chat:mask", [{"seq": run.refused("no selection")}], run.talk.chat)
    run.post_in_vain(run.mina, "tickets:mask", [{"seq": run.refused("no selection in a comment")}], run.ticket)
    run.post_in_vain(run.ada, "chat:destroy", {"of": run.refused("nothing to destroy")}, run.talk.chat)
    run.post_in_vain(run.ada, "tickets:destroy", {"of": run.refused("nothing to destroy there")}, run.ticket)
    before = {"before": run.refused("no place in a chat")}
    run.post_in_vain(None, "chat:customer_earlier", before, token=run.talk.token)


def exports(run: Run) -> None:
    """The file itself is an answer, as a page is; why it was made stays on record."""
    form = {"kind": "csv", "rows": "messages", "notes": "on"}
    run.post_in_vain(run.mina, "chat:export_chats", form | {"reason": run.refused("reason of who may not", *SOME)})
    answer = run.post(run.ada, "chat:export_chats", form | {"reason": run.text("reason of an export", *SOME)})
    assert answer.headers["Content-Type"].startswith("text/csv"), answer
    too_long = run.refused("too long a reason of an export", *SOME) + "." * REASON_LENGTH_MAX
    run.post_in_vain(run.ada, "chat:export_chats", form | {"reason": too_long})


def samples(run: Run) -> None:
    """Texts on which an admin tries what is masked: from customers' messages, very likely."""
    run.post_in_vain(run.ada, "chat:masking_rules", {"try": "", "sample": run.refused("sample for the rules")})
    own = OwnPattern.objects.create(service=run.service, source="Heron", action="mask")
    pattern = {"try": "", "kind": "word", "source": "Swift", "action": "mask", "keep": "keep"}
    run.post_in_vain(run.ada, "chat:add_pattern", {**pattern, "sample": f"Swift {run.refused('sample for a word')}"})
    sample = f"Swift {run.refused('sample for another word')}"
    run.post_in_vain(run.ada, "chat:edit_pattern", {**pattern, "sample": sample}, own.pk)


def failing_statements(run: Run) -> None:
    """The database refuses the row: the sender of a message is told to try again, a page that something is wrong."""
    run.say_in_vain(run.talk, _send(f"{run.refused('message that fails')} {UNSTORABLE}"), "unavailable")
    form = {"request_id": uuid.uuid4(), "subject": UNSTORABLE, "body": run.refused("ticket that fails")}
    assert run.post(run.mina, "tickets:new", form).status == 500


def mails_in(run: Run) -> None:
    """As a mail server hands them over: one becomes a ticket, the other is kept."""
    address = f"help@{run.service.slug}.example"
    ServiceMailbox.objects.create(service=run.service, address=address)
    mail = EmailMessage(policy=SMTP)
    mail["To"], mail["Subject"] = address, run.text("subject of a mail", *SOME, joint=", ")
    mail["From"] = formataddr((run.text("name of a mail's sender", *SOME, joint=" "), "jun@example.com"))
    quoted = "\n".join(f"> {line}" for line in run.text("quote in a mail").splitlines())
    mail.set_content(f"{run.text('text of a mail')}\n\nOn Friday Demo wrote:\n{quoted}")
    name = run.text("name of a file in a mail", *SOME, joint=" ")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename=f"{name}.pdf")
    receive(bytes(mail), size=0, now=timezone.now())
    kept = EmailMessage(policy=SMTP)
    kept["To"], kept["From"], kept["Auto-Submitted"] = address, "jun@example.com", "auto-replied"
    kept.set_content(run.text("text of an automatic mail"))
    receive(bytes(kept), size=0, now=timezone.now())


PATHS: tuple[Callable[[Run], None], ...] = (
    start_form,
    refused_starts,
    members,
    messages,
    pages_of_customers,
    repeated_sends,
    refused_sends,
    closed_chats,
    evaluations,
    files,
    malformed_frames,
    hopeless_frames,
    notes,
    refused_notes,
    moves,
    edits,
    tickets_by_hand,
    tickets_from_chats,
    ticket_edits,
    comments,
    tags,
    tags_of_chats,
    inquiries,
    replies,
    drafts,
    facts_of_customers,
    chat_drafts,
    canned_responses,
    customers_answers,
    inquiries_from_chats,
    inquiries_by_click,
    words_to_who_is_gone,
    searches,
    lines_before_a_chat,
    choices,
    exports,
    samples,
    failing_statements,
    mails_in,
)


def _send(body: str, **fields: object) -> bytes:
    return json.dumps({"type": "send", "client_id": str(uuid.uuid4()), "body": body} | fields).encode()


def _inquiry(say: Callable[..., str], run: Run, path: str) -> dict[str, object]:
    return {
        "request_id": uuid.uuid4(),
        "name": say(f"name in an {path}", *SOME, joint=" "),
        "email": "jun@example.com",
        "subject": say(f"subject of an {path}", *SOME, "password", joint=", "),
        "message": say(f"message in an {path}"),
        "policy": run.policy,
        "consent": "on",
    }
