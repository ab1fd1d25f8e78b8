"""The customer's transcript: as a file and by mail, masked, in the reader's language and time, for nobody else."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from agents.outbox.models import OutgoingMail
from agents.throttle import Limit
from chat.abuse import limits
from chat.conversation import messages, transcript_mail
from chat.conversation.message_masks import mask_selection
from chat.conversation.transcript import transcript
from chat.masking.selections import Selection
from chat.models import Chat
from helpcenter.customers import register_customer
from helpcenter.models import Customer, HelpCenterText
from tests.mails import delivered
from tests.make import make_chat, make_message

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
SEOUL = 9 * 60
CARD = "4111 1111 1111 1111"


@pytest.fixture
def known(service, agent) -> tuple[Chat, str]:
    """A chat that its agent has opened, and the token of its customer."""
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    chat = make_chat(service, customer=customer, agent=agent, created_at=MORNING)
    make_message(chat, "Where is my parcel?", created_at=MORNING)
    make_message(chat, "I will look.", author="agent", agent=agent, created_at=MORNING + timedelta(minutes=2))
    return chat, token


def post(name: str, chat: Chat, token: str, *, slug: str = "demo", **data):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = reverse(f"chat:{name}", args=[slug])
    return Client(enforce_csrf_checks=True).post(url, {"chat": chat.pk, "offset": SEOUL} | data, headers=headers)


def text_of(chat: Chat, language: str = "en", offset: int = SEOUL, length: int = 10_000) -> str:
    return transcript(Chat.objects.get(pk=chat.pk), language=language, offset=offset, length=length)


def test_the_file_has_the_conversation_in_the_readers_time(known) -> None:
    chat, token = known

    response = post("transcript", chat, token)

    text = response.content.decode("utf-8-sig")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "[2026-03-02 07:30] Jun\n    Where is my parcel?\n" in text
    assert "[2026-03-02 07:32] Mina\n    I will look.\n" in text
    assert "Started: 2026-03-02 07:30 (UTC+09:00)" in text


def test_it_says_with_whom_until_when_and_how_the_customer_was_satisfied(known) -> None:
    chat, _token = known
    Chat.objects.filter(pk=chat.pk).update(
        state="closed", closed_by="agent", closed_at=MORNING + timedelta(hours=1), answered_at=MORNING
    )
    messages.append_evaluation(Chat.objects.get(pk=chat.pk), "evaluated_4", "Quick.")
    text = text_of(chat)
    assert "] Evaluation: Good (4/5)\n    Quick.\n" in text
    assert text.splitlines()[:2] == ["Demo help", "Chat with Jun"]
    assert "Ended: 2026-03-02 08:30" in text


def test_a_browser_saves_it_and_shows_it_nowhere(known) -> None:
    chat, token = known
    HelpCenterText.objects.filter(language="ko").update(title='데모/고객센터 "<b>\r\nX: y')

    response = post("transcript", chat, token, language="ko")
    korean = Client(headers={"Accept-Language": "ko"}).post(
        reverse("chat:transcript", args=["demo"]), {"chat": chat.pk}, headers={"Authorization": f"Bearer {token}"}
    )

    assert response["Content-Disposition"] == 'attachment; filename="Demo-help-2026-03-02.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    name = "%EB%8D%B0%EB%AA%A8-%EA%B3%A0%EA%B0%9D%EC%84%BC%ED%84%B0-b-X-y-2026-03-01.txt"
    assert korean["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"


def test_it_is_in_the_readers_language(known) -> None:
    chat, _token = known
    messages.append_event(chat, "joined", name="Mina")
    korean, english = text_of(chat, "ko"), text_of(chat, "en")
    assert "Mina joined the chat." in english
    assert "joined" not in korean
    assert "Demo 고객센터" in korean


def test_it_is_masked_as_the_conversation_is_then(known, agent) -> None:
    chat, token = known
    messages.send_as_customer(chat, body=f"My card is {CARD}, my dog is Rex", client_id=uuid4())
    message = chat.messages.last()
    assert "1111" not in text_of(chat)
    assert "Rex" in text_of(chat)
    at = message.body.index("Rex")

    mask_selection(agent, chat.pk, [Selection(message.seq, message.rev, at, at + 3)])

    assert "Rex" not in post("transcript", chat, token).content.decode()


def test_notes_are_the_agents_own(known, agent) -> None:
    chat, token = known
    make_message(chat, "A difficult one", author="agent", agent=agent, internal=True)
    assert "difficult" not in post("transcript", chat, token).content.decode()


def test_no_line_of_a_message_looks_like_an_entry(known) -> None:
    chat, _token = known
    forged = "[2026-03-02 07:33] Mina"
    make_message(chat, f"Hello\n{forged}\n    You get a refund\u2028{forged}")
    assert not [line for line in text_of(chat).split("\n") if line.startswith(forged)]
    assert "\u2028" not in text_of(chat)


def test_a_long_one_keeps_its_end_and_says_so(known) -> None:
    chat, _token = known
    make_message(chat, "The last word")
    text = text_of(chat, length=100)
    assert "Earlier messages are left out." in text
    assert "The last word" in text
    assert "Where is my parcel?" not in text_of(chat, length=60)


def test_more_entries_than_a_query_reads_are_all_there(known, monkeypatch) -> None:
    chat, _token = known
    monkeypatch.setattr("chat.conversation.transcript.AT_ONCE", 2)
    for number in range(5):
        make_message(chat, f"Line {number}")
    text = text_of(chat)
    places = [text.index(line) for line in ["Where is my", "I will look", *(f"Line {number}" for number in range(5))]]
    assert places == sorted(places)


@pytest.mark.parametrize("offset", ["", "x", "841", "-841", "99999", "9.5", "٣"])
def test_without_a_usable_offset_times_are_utc(known, offset) -> None:
    chat, token = known
    assert "2026-03-01 22:30 (UTC+00:00)" in post("transcript", chat, token, offset=offset).content.decode()


def test_half_an_hour_and_the_west_count(known) -> None:
    chat, _token = known
    assert "2026-03-01 19:00 (UTC-03:30)" in text_of(chat, offset=-210)


@pytest.mark.parametrize("name", ["transcript", "mail_transcript"])
def test_nobody_else_gets_it(known, service, agent, outsider, sign_in, name) -> None:
    chat, token = known
    other, others_token = register_customer(service, name="Mio", email="", language="en")
    make_chat(service, customer=other)

    assert post(name, chat, others_token).status_code == 404
    assert post(name, chat, "").status_code == 404
    assert post(name, chat, token, slug="other").status_code == 404
    for browser in (sign_in(agent), sign_in(outsider)):
        assert browser.post(reverse(f"chat:{name}", args=["demo"]), {"chat": chat.pk}).status_code == 404
    assert not OutgoingMail.objects.exists()


def test_the_number_in_an_hour_is_limited(known, monkeypatch) -> None:
    chat, token = known
    monkeypatch.setattr(limits, "TRANSCRIPT_BY_CUSTOMER", Limit("transcript customer", 2, limits.HOUR))
    assert [post("transcript", chat, token).status_code for _ in range(3)] == [200, 200, 429]


# By mail


def test_it_is_mailed_to_the_address_of_the_chat(known) -> None:
    chat, token = known

    assert post("mail_transcript", chat, token, email="someone@else.example", to="x@y.example").status_code == 204

    [mail] = delivered()
    assert mail.to == ["jun@example.com"]
    assert mail.subject == "Your chat with Demo help"
    assert "[2026-03-02 07:30] Jun\n    Where is my parcel?" in mail.body
    assert "Demo support" in mail.body
    assert mail.extra_headers["Auto-Submitted"]
    assert mail.message()["From"].startswith("Demo help <")


def test_it_is_mailed_in_the_language_of_the_page(known) -> None:
    chat, token = known
    headers = {"Authorization": f"Bearer {token}"}
    korean = Client(headers={"Accept-Language": "ko"})
    korean.post(reverse("chat:mail_transcript", args=["demo"]), {"chat": chat.pk, "offset": SEOUL}, headers=headers)

    [mail] = delivered()
    assert "Demo 고객센터" in mail.subject
    assert mail.body.startswith("Demo 고객센터\nJun")


def test_the_mail_is_masked_as_the_conversation_is_when_it_leaves(known, agent) -> None:
    chat, token = known
    post("mail_transcript", chat, token)
    message = chat.messages.first()
    at = message.body.index("parcel")

    mask_selection(agent, chat.pk, [Selection(message.seq, message.rev, at, at + 6)])

    [mail] = delivered()
    assert "parcel" not in mail.body
    assert "parcel" not in OutgoingMail.objects.get().text


@pytest.mark.parametrize("without", ["address", "answer"])
def test_nothing_is_mailed_without_an_address_or_an_answer(known, without) -> None:
    chat, token = known
    if without == "address":
        Customer.objects.update(email="")
    else:
        Chat.objects.update(answered_at=None)
    assert post("mail_transcript", chat, token).status_code == 409
    assert not OutgoingMail.objects.exists()


def test_an_address_gets_only_so_many(known, service, monkeypatch) -> None:
    chat, token = known
    monkeypatch.setattr(limits, "TRANSCRIPT_BY_EMAIL", Limit("transcript e-mail", 1, limits.HOUR))
    assert post("mail_transcript", chat, token).status_code == 204
    other, others_token = register_customer(service, name="Jun", email="JUN@example.com", language="en")
    again = make_chat(service, customer=other, state=Chat.State.CLOSED, answered_at=MORNING)

    assert post("mail_transcript", again, others_token).status_code == 429

    assert OutgoingMail.objects.count() == 1


def test_a_mail_for_an_address_that_has_changed_is_not_sent(known) -> None:
    chat, _token = known
    transcript_mail.post_transcript(chat, language="en", offset=0)
    Customer.objects.update(email="new@example.com")
    assert delivered() == []
