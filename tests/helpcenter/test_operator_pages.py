import pytest
from django.test import Client

from helpcenter.models import PrivacyPolicy
from tests.helpcenter.rows import make_article, make_category
from tests.make import make_user


@pytest.fixture
def operator(db):
    client = Client()
    client.force_login(make_user("Operator", is_staff=True, is_superuser=True))
    return client


def test_operators_see_each_kind_of_row(operator, service, customer):
    make_article(make_category(service))
    for model, row in (
        ("helpcenter", service.help_center),
        ("category", service.help_center.categories.get()),
        ("article", service.help_center.categories.get().articles.get()),
        ("privacypolicy", PrivacyPolicy.objects.first()),
        ("customer", customer),
    ):
        assert operator.get(f"/operator/helpcenter/{model}/").status_code == 200
        assert operator.get(f"/operator/helpcenter/{model}/{row.pk}/change/").status_code == 200


def test_policies_and_customers_are_only_read(operator, service, customer):
    policy = PrivacyPolicy.objects.first()
    for path in (f"privacypolicy/{policy.pk}/", f"customer/{customer.pk}/"):
        assert operator.post(f"/operator/helpcenter/{path}change/", {"text": "x", "name": "x"}).status_code == 403
        assert operator.post(f"/operator/helpcenter/{path}delete/", {"post": "yes"}).status_code == 403
    policy.refresh_from_db()
    assert policy.text == "Policy 1 en"


def test_the_list_of_customers_names_nobody(operator, customer):
    html = operator.get("/operator/helpcenter/customer/").content.decode()
    assert customer.email not in html
    assert f">{customer.name}<" not in html


def test_admins_of_a_service_are_no_operators(admin, sign_in):
    assert sign_in(admin).get("/operator/helpcenter/customer/").status_code == 302
