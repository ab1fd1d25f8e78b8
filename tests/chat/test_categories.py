"""Categories: what admins make of them, how a chat is filed under one, and what the end of a chat asks for."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from agents.models import Agent, AuditEntry, Service
from chat.categories import Category, tree_of
from chat.filing import categories as managing
from chat.filing.categories import add_category, move_category, remove_category, rename_category
from chat.filing.choosing import file_chat, filing_of
from chat.lifecycle.trail import chat_trail
from chat.lifecycle.transitions import close_chat
from chat.models import Chat
from chat.service_settings import ChatSettings
from contiple.base.errors import Closed, Conflict, Invalid
from tests.chat.categories import make_category
from tests.make import make_agent, make_chat
from tickets.lifecycle import create_from_chat

pytestmark = pytest.mark.django_db

PATH = "/desk/demo/chat/categories/"
FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def late(service: Service) -> Category:
    return make_category(service, "Order › Delivery › Late")


@pytest.fixture
def chat(service: Service, agent: Agent) -> Chat:
    return make_chat(service, agent=agent)


@pytest.fixture
def required(service: Service) -> None:
    ChatSettings.objects.filter(service=service).update(category_required=True)


def paths(service: Service) -> list[str]:
    tree = tree_of(service)
    return [tree.path(row.pk) for row in tree.offered()]


def names(**written: str) -> dict[str, str]:
    return {f"name_{language}": name for language, name in written.items()}


def category_of(chat: Chat) -> int | None:
    return Chat.objects.values_list("category", flat=True).get(pk=chat.pk)


def ended(chat: Chat) -> bool:
    return Chat.objects.get(pk=chat.pk).state == Chat.State.CLOSED


# What admins make of them


def test_an_admin_adds_names_orders_and_removes_them(service, admin, sign_in) -> None:
    browser = sign_in(admin)
    browser.post(f"{PATH}new/", names(en="Order", ko="주문"))
    order = Category.objects.get()
    for name in ("Delivery", "Payment"):
        browser.post(f"{PATH}new/?below={order.pk}", names(en=name))
    delivery = Category.objects.get(names__en="Delivery")
    browser.post(f"{PATH}new/?below={delivery.pk}", names(en="Late"))
    assert paths(service) == ["Order", "Order › Delivery", "Order › Delivery › Late", "Order › Payment"]

    browser.post(f"{PATH}{delivery.pk}/move/", {"step": "down"})
    browser.post(f"{PATH}{order.pk}/", names(en="Orders", ko="주문"))
    assert paths(service) == ["Orders", "Orders › Payment", "Orders › Delivery", "Orders › Delivery › Late"]
    with translation.override("ko"):
        assert paths(service)[1] == "주문 › Payment"

    page = browser.get(f"{PATH}{delivery.pk}/remove/").content.decode()
    assert "Orders › Delivery › Late" in page
    browser.post(f"{PATH}{delivery.pk}/remove/")
    assert paths(service) == ["Orders", "Orders › Payment"]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        *["chat_category.created"] * 4,
        "chat_category.moved",
        "chat_category.renamed",
        "chat_category.removed",
    ]
    # Categories of articles have numbers of their own.
    assert {entry.subject.partition(":")[0] for entry in AuditEntry.objects.all()} == {"chat_category"}


def test_the_page_shows_them(service, admin, late, sign_in) -> None:
    html = sign_in(admin).get(PATH).content.decode()
    assert "Late" in html
    assert "Add below Delivery" in html
    assert "Add below Late" not in html
    Category.objects.all().delete()
    assert "No categories yet" in sign_in(admin).get(PATH).content.decode()


def test_a_fourth_level_is_refused(service, admin, late, sign_in) -> None:
    page = sign_in(admin).post(f"{PATH}new/?below={late.pk}", names(en="Very late"))
    assert "at most three levels" in page.content.decode()
    assert Category.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Category.objects.create(service=service, parent=late, level=4)
    with pytest.raises(IntegrityError), transaction.atomic():
        Category.objects.create(service=service, parent=late, level=1)


@pytest.mark.parametrize("written", [{}, {"en": "  "}, {"en": "\u3164\u200b"}, {"en": "A" * 41}])
def test_a_name_that_is_none_is_refused(service, admin, written, sign_in) -> None:
    page = sign_in(admin).post(f"{PATH}new/", names(**written))
    assert page.status_code == 200
    assert not Category.objects.exists()


def test_a_name_is_once_at_its_place(service, admin, late) -> None:
    order, delivery = late.parent.parent, late.parent
    with pytest.raises(Invalid, match="has this name"):
        add_category(admin, {"en": "dELIVERY"}, below=order)
    add_category(admin, {"en": "Delivery"})
    payment = add_category(admin, {"en": "Payment"}, below=order)
    with pytest.raises(Invalid):
        rename_category(admin, payment, {"en": "Delivery"})
    rename_category(admin, payment, {"en": "payment"})
    remove_category(admin, delivery)
    rename_category(admin, payment, {"en": "Delivery"})


def test_there_is_room_for_so_many(service, admin, monkeypatch) -> None:
    monkeypatch.setattr(managing, "CATEGORIES_MAX", 2)
    first = add_category(admin, {"en": "1"})
    add_category(admin, {"en": "2"})
    with pytest.raises(Invalid, match="at most"):
        add_category(admin, {"en": "3"})
    remove_category(admin, first)
    add_category(admin, {"en": "3"})


def test_removed_categories_are_bounded_too(service, admin, monkeypatch) -> None:
    monkeypatch.setattr(managing, "ROWS_MAX", 2)
    for name in "12":
        remove_category(admin, add_category(admin, {"en": name}))
    with pytest.raises(Invalid, match="removed ones included"):
        add_category(admin, {"en": "3"})


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_make_one_of_a_name_and_never_too_many(service, admin, monkeypatch) -> None:
    monkeypatch.setattr(managing, "CATEGORIES_MAX", 5)

    def add(number: int) -> None:
        try:
            add_category(admin, {"en": f"Name {number % 8}"})
        except Invalid:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(16)))
    assert len(paths(service)) == len(set(paths(service))) == 5


def test_nothing_is_added_below_one_that_was_removed_meanwhile(service, admin, late) -> None:
    remove_category(admin, late.parent)
    with pytest.raises(Conflict, match="was removed"):
        add_category(admin, {"en": "Lost"}, below=late.parent)
    with pytest.raises(Conflict):
        rename_category(admin, late, {"en": "Lost"})
    remove_category(admin, late)
    assert AuditEntry.objects.filter(action="chat_category.removed").count() == 1


def test_who_is_no_admin_any_more_changes_nothing(service, agent, late) -> None:
    for act in (
        lambda: add_category(agent, {"en": "A"}),
        lambda: rename_category(agent, late, {"en": "A"}),
        lambda: move_category(agent, late, 1),
        lambda: remove_category(agent, late),
    ):
        with pytest.raises(Closed):
            act()


def test_others_find_no_page_and_change_nothing(service, agent, outsider, late, sign_in) -> None:
    before = list(Category.objects.values())
    for suffix in ("", "new/", f"new/?below={late.pk}", f"{late.pk}/", f"{late.pk}/move/", f"{late.pk}/remove/"):
        for who in (agent, outsider):
            for answer in (sign_in(who).get(f"{PATH}{suffix}"), sign_in(who).post(f"{PATH}{suffix}", names(en="A"))):
                assert answer.status_code in {404, 405}, (who, suffix)
        assert Client().get(f"{PATH}{suffix}").status_code in {302, 405}
        if str(late.pk) in suffix:  # with its number, under an address of the own service
            answer = sign_in(outsider).post(f"{PATH.replace('demo', 'other')}{suffix}", names(en="A"))
            assert answer.status_code == 404, suffix
    assert list(Category.objects.values()) == before


@pytest.mark.parametrize("below", ["x", "0", "-1", "9" * 30, "%D9%A3", "1e3"])
def test_a_place_that_is_none_is_not_found(service, admin, below, sign_in) -> None:
    assert sign_in(admin).post(f"{PATH}new/", names(en="A"), QUERY_STRING=f"below={below}").status_code == 404


# A chat is filed


def choose(browser: Client, chat: Chat, category: object, slug: str = "demo"):
    url = f"/desk/{slug}/chat/{chat.pk}/category/"
    return browser.post(url, {"category": str(category)}, headers=FETCH)


def test_its_agent_sets_and_removes_it_before_the_end_and_after(agent, chat, late, sign_in) -> None:
    browser = sign_in(agent)
    assert choose(browser, chat, late.pk).status_code == 204
    assert category_of(chat) == late.pk
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    assert choose(browser, chat, late.parent_id).status_code == 204
    assert choose(browser, chat, late.parent_id).status_code == 204  # nothing changes, nothing is on record
    assert choose(browser, chat, "").status_code == 204
    assert category_of(chat) is None
    assert [item.text for item in chat_trail(chat) if "category" in item.text] == [
        "Mina set the category: Order › Delivery › Late",
        "Mina set the category: Order › Delivery",
        "Mina removed the category.",
    ]


def test_without_a_script_the_form_leads_to_the_conversation(agent, chat, late, sign_in) -> None:
    answer = sign_in(agent).post(f"/desk/demo/chat/{chat.pk}/category/", {"category": late.pk})
    assert answer["Location"] == f"/desk/demo/chat/{chat.pk}/history/"
    assert category_of(chat) == late.pk


def test_an_admin_sets_it_and_a_colleague_does_not(admin, colleague, agent, chat, late, sign_in) -> None:
    assert choose(sign_in(colleague), chat, late.pk).status_code == 403
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)
    assert choose(sign_in(agent), chat, late.pk).status_code == 403
    assert category_of(chat) is None
    assert choose(sign_in(admin), chat, late.pk).status_code == 204
    assert category_of(chat) == late.pk


def test_what_the_service_does_not_offer_is_refused(service, agent, outsider, chat, late, sign_in) -> None:
    foreign = make_category(outsider.service, "Theirs")
    gone = make_category(service, "Gone", removed_at=timezone.now())
    browser = sign_in(agent)
    for chosen in (foreign.pk, gone.pk, 0, -1, "x", "9" * 30, "٣", late.pk + 1000, f"{late.pk}\0"):
        assert choose(browser, chat, chosen).status_code == 400, chosen
    assert browser.post(f"/desk/demo/chat/{chat.pk}/category/", {"category": ["1"] * 10_000}).status_code == 400
    assert category_of(chat) is None


def test_the_outsider_and_nobody_file_nothing(outsider, chat, late, sign_in) -> None:
    own = make_category(outsider.service, "Theirs")
    browser = sign_in(outsider)
    for slug in ("demo", "other"):
        for category in (late.pk, own.pk, ""):
            assert choose(browser, chat, category, slug).status_code == 404
    assert choose(Client(), chat, late.pk).status_code == 302
    assert category_of(chat) is None


def test_one_that_was_removed_stays_on_its_chats_and_can_be_kept(agent, admin, chat, late, sign_in) -> None:
    file_chat(agent, chat.pk, str(late.pk))
    remove_category(admin, late.parent)
    chat.refresh_from_db()
    filing = filing_of(chat, agent)
    assert filing.path == "Order › Delivery › Late"
    assert filing.choices == [(late.parent.parent_id, "Order"), (late.pk, "Order › Delivery › Late (removed)")]
    assert choose(sign_in(agent), chat, late.pk).status_code == 204
    file_chat(agent, chat.pk, "")
    with pytest.raises(Invalid):
        file_chat(agent, chat.pk, str(late.pk))


@pytest.mark.parametrize("page", ["", "history/"])
def test_pages_show_it_to_choose_or_to_read(agent, colleague, chat, late, page, sign_in) -> None:
    url = f"/desk/demo/chat/{chat.pk}/{page}"
    own = sign_in(agent).get(url, headers=FETCH).content.decode()
    assert "Order › Delivery › Late" in own
    assert "<category-picker" in own
    assert "Order" not in sign_in(colleague).get(url, headers=FETCH).content.decode()
    file_chat(agent, chat.pk, str(late.pk))
    html = sign_in(colleague).get(url, headers=FETCH).content.decode()
    assert "Order › Delivery › Late" in html
    assert "<category-picker" not in html


def test_without_categories_no_page_speaks_of_them(agent, chat, sign_in) -> None:
    for page in ("", "history/", "end/"):
        html = sign_in(agent).get(f"/desk/demo/chat/{chat.pk}/{page}", headers=FETCH).content.decode()
        assert "Category" not in html


# The end of a chat


def end(browser: Client, chat: Chat, form: dict | None = None):
    return browser.post(f"/desk/demo/chat/{chat.pk}/end/", form or {}, headers=FETCH)


def test_the_question_before_the_end_offers_the_categories(agent, chat, late, sign_in) -> None:
    browser = sign_in(agent)
    html = browser.get(f"/desk/demo/chat/{chat.pk}/end/", headers=FETCH).content.decode()
    assert "End this chat?" in html
    assert "(optional)" in html
    assert end(browser, chat, {"category": late.pk}).status_code == 200
    assert ended(chat)
    assert category_of(chat) == late.pk


def test_where_it_is_required_no_agent_ends_without_it(agent, chat, late, required, sign_in) -> None:
    browser = sign_in(agent)
    for form in ({}, {"category": ""}, {"category": late.pk + 99}):
        answer = end(browser, chat, form)
        assert answer.status_code == 400
        assert "Choose a" in answer.content.decode() or "Choose another" in answer.content.decode()
    assert not ended(chat)
    assert end(browser, chat, {"category": late.pk}).status_code == 200
    assert ended(chat)


def test_one_that_was_chosen_before_is_enough(agent, chat, late, required, sign_in) -> None:
    file_chat(agent, chat.pk, str(late.pk))
    assert end(sign_in(agent), chat).status_code == 200
    assert ended(chat)


def test_required_is_nothing_where_there_is_none_to_choose(agent, chat, required, sign_in) -> None:
    assert end(sign_in(agent), chat).status_code == 200
    assert ended(chat)


def test_other_ends_ask_for_nothing_and_it_is_set_later(service, agent, late, required) -> None:
    for by in set(Chat.ClosedBy.values) - {Chat.ClosedBy.AGENT}:
        chat = make_chat(service, agent=agent)
        assert close_chat(chat.pk, by=by)
        file_chat(agent, chat.pk, str(late.pk))


def test_a_chat_that_the_customer_ends_first_is_filed_nevertheless(agent, chat, late, required, sign_in) -> None:
    close_chat(chat.pk, by=Chat.ClosedBy.CUSTOMER)
    assert end(sign_in(agent), chat, {"category": late.pk}).status_code == 200
    assert category_of(chat) == late.pk
    other = make_chat(agent.service, agent=agent, state=Chat.State.CLOSED)
    assert end(sign_in(agent), other).status_code == 200


def test_an_end_that_is_refused_files_nothing(service, admin, agent, chat, late, sign_in) -> None:
    Agent.objects.filter(pk=admin.pk).update(chat_permission=True)
    assert end(sign_in(admin), chat, {"category": late.pk}).status_code == 409
    assert end(sign_in(make_agent(service, "Bo")), chat, {"category": late.pk}).status_code == 403
    assert not ended(chat)
    assert category_of(chat) is None


def test_the_question_is_a_page_of_its_own_without_a_script(agent, chat, late, sign_in) -> None:
    browser = sign_in(agent)
    assert "<h1>End this chat?" in browser.get(f"/desk/demo/chat/{chat.pk}/end/").content.decode()
    answer = browser.post(f"/desk/demo/chat/{chat.pk}/end/", {"category": late.pk})
    assert answer["Location"] == f"/desk/demo/chat/{chat.pk}/history/"


def test_a_page_costs_the_same_with_many(service, agent, chat, sign_in) -> None:
    browser = sign_in(agent)

    def queries(page: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(f"/desk/demo/chat/{chat.pk}/{page}", headers=FETCH).status_code == 200
        return len(captured)

    make_category(service, "Order › Delivery")
    few = [queries(page) for page in ("", "history/", "end/", "")][1:]
    Category.objects.bulk_create(Category(service=service, names={"en": f"Name {each}"}) for each in range(300))
    assert [queries(page) for page in ("history/", "end/", "")] == few


def test_the_chats_ticket_shows_it(service, agent, chat, late, sign_in) -> None:
    ticket, browser = create_from_chat(agent, chat), sign_in(agent)
    url = f"/desk/demo/tickets/{ticket.number}/"
    assert 'data-part="category"' not in browser.get(url).content.decode()
    file_chat(agent, chat.pk, str(late.pk))
    assert '<dd data-part="category">Order › Delivery › Late</dd>' in browser.get(url).content.decode()
