from datetime import timedelta

import pytest
from django.http import Http404
from django.utils import timezone

from agents.models import Contract, Service
from helpcenter import customers
from helpcenter.access import (
    article_of,
    category_of,
    chat_gate_open,
    customer_for_token,
    help_center_of,
    published_article,
)
from helpcenter.customers import keep_token, link_token, register_customer, revoke_token
from helpcenter.models import Customer, HelpCenter
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


def test_a_revoked_token_is_nobodys_and_so_is_every_link_sent_before(service, outsider):
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    link = link_token(customer)
    neighbour, their_token = register_customer(service, name="Hana", email="", language="en")
    assert customer_for_token(service, link) == customer
    revoke_token(customer.pk)
    assert customer_for_token(service, token) is None
    assert customer_for_token(service, link) is None
    assert customer_for_token(service, their_token) == neighbour
    customer.refresh_from_db()
    assert customer_for_token(service, customer.token_hash) is None
    assert customer_for_token(service, link_token(customer)) == customer


def test_revoking_leaves_the_shared_row_of_inquiries_as_it_is(service, customer):
    Customer.objects.filter(pk=customer.pk).update(token_hash=None)
    revoke_token(customer.pk)
    assert Customer.objects.get(pk=customer.pk).token_hash is None


def test_a_token_ends_and_its_links_with_it(service):
    customer, token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    keep_token(customer.pk, timezone.now() - timedelta(seconds=1))
    assert customer_for_token(service, token) is None
    assert customer_for_token(service, link_token(customer)) is None
    keep_token(customer.pk, None)
    assert customer_for_token(service, token) == customer


def test_a_link_that_the_release_before_sent_still_opens(service):
    customer, _token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    assert customer_for_token(service, customers._link_signer.sign(str(customer.pk))) == customer


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
