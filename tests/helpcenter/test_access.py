import pytest
from django.http import Http404

from agents.models import Contract, Service
from helpcenter.access import (
    article_of,
    category_of,
    chat_gate_open,
    customer_for_token,
    help_center_of,
    published_article,
)
from helpcenter.customers import register_customer
from helpcenter.models import HelpCenter
from tests.helpcenter.rows import make_article, make_category


def test_the_gate_is_open_where_contract_and_help_center_are(service):
    assert chat_gate_open(service)


def test_each_part_closes_it_and_is_read_now(service):
    Contract.objects.update(chat=False)
    assert not chat_gate_open(service)
    Contract.objects.update(chat=True)
    HelpCenter.objects.update(chat_enabled=False)
    assert not chat_gate_open(service)
    HelpCenter.objects.update(chat_enabled=True)
    Service.objects.update(is_stopped=True)
    assert not chat_gate_open(service)


def test_another_services_gate_is_its_own(service, outsider):
    HelpCenter.objects.filter(service=service).update(chat_enabled=False)
    assert not chat_gate_open(service)
    assert chat_gate_open(outsider.service)


def test_a_service_without_contract_has_no_chat(db):
    assert not chat_gate_open(Service.objects.create(slug="bare", name="Bare"))


def test_the_first_look_makes_a_help_center_that_is_closed(db):
    service = Service.objects.create(slug="bare", name="Bare")
    assert not help_center_of(service).chat_enabled
    assert help_center_of(Service.objects.get()) == HelpCenter.objects.get()


def test_a_token_is_known_in_its_service_alone(service, outsider):
    customer, token = register_customer(service, name="Jun", email="", language="ko")
    assert customer_for_token(service, token) == customer
    assert customer_for_token(outsider.service, token) is None


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "한글", "x" * 100_000])
def test_what_is_no_token_is_nobodys(service, customer, token):
    assert customer_for_token(service, token) is None


def test_the_kept_hash_is_no_token(service):
    customer, _token = register_customer(service, name="Jun", email="", language="en")
    assert customer_for_token(service, customer.token_hash) is None


def test_another_services_articles_are_absent(service, outsider):
    category = make_category(service)
    article = make_article(category)
    assert article_of(service, article.pk) == article
    for find, pk in ((article_of, article.pk), (published_article, article.pk), (category_of, category.pk)):
        with pytest.raises(Http404):
            find(outsider.service, pk)


def test_a_draft_is_not_published(service):
    draft = make_article(make_category(service), published=False)
    with pytest.raises(Http404):
        published_article(service, draft.pk)
