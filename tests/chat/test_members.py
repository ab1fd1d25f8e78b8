"""A member in the chat: vouched for by the site, verified at the agent's, signed out everywhere at once."""

import pytest
from django.test import Client

from agents import throttle
from agents.models import Agent, Service
from chat.abuse import limits
from chat.models import Chat
from chat.routing.assignment import assign_waiting_chats
from helpcenter.customers import register_customer
from helpcenter.members import sessions
from helpcenter.members.models import MemberSession
from helpcenter.models import Customer
from tests.chat.comings import come_online, connect
from tests.chat.test_customer_views import form, post, stage
from tests.make import make_chat
from tests.members import Site
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(admin: Agent) -> Site:
    return Site(admin)


@pytest.fixture
def online(agent: Agent) -> Agent:
    return come_online(agent)


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def identify(browser: Client, token: str, *, bearer: str = "", new: str = ""):
    return post(browser, "identify", {"token": token, "session": new or sessions.new_token()}, token=bearer)


def started(browser: Client, site: Site, member: str = "m-1", **claims) -> tuple[Chat, str]:
    """A chat that the member has begun."""
    token = identify(browser, site.token(member, **claims)).headers["X-Chat-Token"]
    assert post(browser, "start", form(site.service, name=None, email=None), token=token).status_code == 201
    return Chat.objects.latest("pk"), token


def test_a_member_starts_a_chat_without_being_asked_who_it_is(browser, site, online) -> None:
    answer = identify(browser, site.token())
    assert (answer.status_code, stage(answer)) == (200, "start")
    assert "You’re signed in as Hana Kim." in answer.text
    assert 'name="email"' not in answer.text
    assert not Customer.objects.exists()
    chat, token = started(browser, site)
    assert (chat.customer.member, chat.customer.name, chat.customer.email) == ("m-1", "Hana Kim", "hana@example.com")
    assert token.startswith("member-")


def test_what_a_member_types_as_a_name_is_not_read(browser, site, online) -> None:
    token = identify(browser, site.token()).headers["X-Chat-Token"]
    post(browser, "start", form(site.service, name="Mallory", email="mallory@example.com"), token=token)
    assert Chat.objects.get().customer.name == "Hana Kim"


def test_an_unverified_customer_gives_a_name_as_ever(browser, site, online) -> None:
    assert post(browser, "start", form(site.service, name=None)).status_code == 422
    assert post(browser, "start", form(site.service)).status_code == 201
    assert Chat.objects.get().customer.member is None


def test_the_agent_sees_that_it_is_verified_and_the_earlier_chats(browser, site, online, sign_in) -> None:
    first, token = started(browser, site)
    post(browser, "customer_end", token=token)
    second, _token = started(browser, site)
    page = sign_in(online).get(f"/desk/demo/chat/{second.pk}/history/").text
    assert "Verified" in page
    assert "m-1" in page
    assert f"/desk/demo/chat/{first.pk}/history/" in page
    fetch = {"X-Requested-With": "fetch"}
    dialog = sign_in(online).get(f"/desk/demo/chat/{second.pk}/", headers=fetch).text
    assert "Verified" in dialog
    ticket = Ticket.objects.create(
        service=site.service, number=1, subject="Late", requester=first.customer, channel=Ticket.Channel.CHAT
    )
    assert "Verified" in sign_in(online).get(f"/desk/demo/tickets/{ticket.number}/").text


def test_nobody_is_verified_by_a_claim(browser, site, online, sign_in) -> None:
    started(browser, site)
    post(browser, "start", form(site.service, name="Hana Kim", email="hana@example.com"))
    claimed = Chat.objects.latest("pk")
    page = sign_in(online).get(f"/desk/demo/chat/{claimed.pk}/history/").text
    assert claimed.customer.member is None
    assert "Verified" not in page
    assert "Same address, not proved" in page
    assert "Past contacts" not in page


def test_another_device_of_the_member_finds_the_chat(browser, site, online) -> None:
    chat, token = started(browser, site)
    answer = identify(Client(), site.token())
    assert (stage(answer), f'data-chat="{chat.pk}"' in answer.text) == ("chat", True)
    other = answer.headers["X-Chat-Token"]
    assert other != token
    assert stage(post(browser, "resume", token=token)) == "chat"
    assert stage(post(browser, "resume", {"anew": "1"}, token=token)) == "chat"
    post(browser, "customer_end", token=token)
    assert stage(post(browser, "resume", token=token)) == "chat"
    assert stage(post(browser, "resume", {"anew": "1"}, token=token)) == "start"


def test_another_member_sees_nothing_of_it(browser, site, online) -> None:
    _chat, token = started(browser, site)
    answer = identify(browser, site.token("m-2"), bearer=token)
    assert stage(answer) == "start"
    assert post(browser, "resume", token=token).status_code == 204


def test_signing_out_ends_the_token_on_that_device_alone(browser, site, online) -> None:
    chat, token = started(browser, site)
    other = identify(Client(), site.token()).headers["X-Chat-Token"]
    assert post(browser, "member_sign_out", token=token).status_code == 204
    assert post(browser, "resume", token=token).status_code == 204
    assert post(browser, "customer_earlier", token=token).status_code == 404
    assert post(browser, "customer_end", token=token).status_code in {204, 404}
    chat.refresh_from_db()
    assert chat.is_open
    assert stage(post(browser, "resume", token=other)) == "chat"


def test_a_refusal_says_which_kind_and_leaves_an_unverified_customer(browser, site, online) -> None:
    answer = identify(browser, site.token(expires=10, issued=1))
    assert (answer.status_code, answer.text.split(":")[0]) == (403, "expired")
    assert "hana" not in answer.text.lower()
    assert post(browser, "start", form(site.service)).status_code == 201


def test_a_chat_of_somebody_unverified_goes_on_as_it_is(browser, site, online) -> None:
    customer, token = register_customer(site.service, name="Jun", email="", language="en")
    make_chat(site.service, customer=customer)
    answer = identify(browser, site.token(), bearer=token)
    assert (answer.status_code, answer.text.split(":")[0]) == (403, "busy")
    assert not MemberSession.objects.exists()


def test_a_lost_answer_can_be_asked_for_again(browser, site, online) -> None:
    token, new = site.token(), sessions.new_token()
    assert identify(browser, token, new=new).headers["X-Chat-Token"] == new
    assert identify(browser, token, new=new).headers["X-Chat-Token"] == new
    assert identify(browser, token).text.startswith("replayed")


def test_a_session_of_another_service_is_nobody_here(browser, site, outsider, online) -> None:
    token = identify(browser, site.token()).headers["X-Chat-Token"]
    other = Site(outsider)
    assert post(browser, "resume", token=token, slug="other").status_code == 204
    assert sessions.session_of(other.service, token) is None


def test_refused_tokens_of_a_network_are_limited(browser, site, monkeypatch) -> None:
    monkeypatch.setattr(limits, "MEMBER_REFUSED_BY_NETWORK", throttle.Limit("few", 2, limits.HOUR))
    codes = [identify(browser, "x").status_code for _number in range(3)]
    assert codes == [403, 403, 429]


def test_names_are_masked_as_they_are_stored(browser, site, online) -> None:
    chat, _token = started(browser, site, name="Hana 4111 1111 1111 1111")
    assert "4111" not in chat.customer.name


def test_assignment_goes_on_as_ever(browser, site, online) -> None:
    chat, _token = started(browser, site)
    connect(chat)
    assign_waiting_chats(site.service.pk)
    chat.refresh_from_db()
    assert chat.agent == online


# In the help center


def test_the_help_center_keeps_a_member_signed_in_and_the_chat_there_knows(site, online) -> None:
    browser = Client()
    answer = browser.post("/hc/demo/member/", {"token": site.token()})
    assert (answer.status_code, answer["Location"]) == (302, "/hc/demo/")
    [cookie] = [morsel for name, morsel in answer.cookies.items() if "member" in name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    page = browser.get("/hc/demo/")
    assert "Sign out" in page.text
    assert "Hana" not in page.text
    assert "no-store" in page["Cache-Control"]
    answer = identify(browser, "")
    assert "You’re signed in as Hana Kim." in answer.text
    again = identify(browser, "", bearer=answer.headers["X-Chat-Token"])
    assert again.headers["X-Chat-Token"] == answer.headers["X-Chat-Token"]


def test_signing_out_of_the_help_center_ends_the_chat_there_too(site, online) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token()})
    token = identify(browser, "").headers["X-Chat-Token"]
    browser.post("/hc/demo/member/end/")
    assert not MemberSession.objects.exists()
    assert post(browser, "resume", token=token).status_code == 204
    assert "Sign out" not in browser.get("/hc/demo/").text
    assert identify(browser, "").status_code == 404


def test_a_device_that_forgets_goes_on_as_nobody_in_the_help_center_either(site, online) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token()})
    token = identify(browser, "").headers["X-Chat-Token"]
    assert post(browser, "forget", token=token).status_code == 204  # before any consent, too
    assert not MemberSession.objects.exists()
    assert identify(browser, "").status_code == 404


def test_sessions_that_a_cookie_begins_are_limited(site, online, monkeypatch) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token()})
    monkeypatch.setattr(limits, "MEMBER_BY_NETWORK", throttle.Limit("few sessions", 2, limits.HOUR))
    answers = [identify(browser, "").status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert MemberSession.objects.filter(parent__isnull=False).count() == 2


def test_signing_out_needs_the_page_itself(site) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/hc/demo/member/", {"token": site.token()})
    assert browser.post("/hc/demo/member/end/").status_code == 403
    assert MemberSession.objects.exists()


def test_a_refused_token_leads_to_the_help_center_unverified(site) -> None:
    browser = Client()
    answer = browser.get("/hc/demo/member/", {"token": "nonsense"})
    assert (answer.status_code, answer["X-Member-Refused"]) == (302, "form")
    assert "Sign out" not in browser.get("/hc/demo/").text


def test_contact_us_knows_the_member(site) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token()})
    page = browser.get("/hc/demo/contact/")
    assert "Hana Kim" in page.text
    hidden = {name: page.context["form"][name].value() for name in ("request_id", "policy")}
    said = {
        "subject": "Refund",
        "message": "Where is it?",
        "consent": "on",
        "name": "Mallory",
        "email": "m@example.com",
    }
    assert browser.post("/hc/demo/contact/", hidden | said).status_code == 302
    requester = Ticket.objects.get().requester
    assert (requester.member, requester.name, requester.email) == ("m-1", "Hana Kim", "hana@example.com")


def test_contact_us_asks_a_member_without_an_address_for_one(site) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token(email=...)})
    page = browser.get("/hc/demo/contact/")
    hidden = {name: page.context["form"][name].value() for name in ("request_id", "policy")}
    said = {"subject": "Refund", "message": "Where is it?", "consent": "on"}
    assert browser.post("/hc/demo/contact/", hidden | said).status_code == 400
    assert browser.post("/hc/demo/contact/", hidden | said | {"email": "h@example.com"}).status_code == 302
    requester = Ticket.objects.get().requester
    assert (requester.member, requester.email) == ("m-1", "h@example.com")


def test_another_service_knows_nothing_of_the_cookie(service: Service, site, outsider) -> None:
    browser = Client()
    browser.get("/hc/demo/member/", {"token": site.token()})
    assert "Sign out" not in browser.get("/hc/other/").text
