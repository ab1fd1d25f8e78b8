import hashlib

import pytest

from contiple.base.errors import Invalid
from helpcenter.customers import customer_for_inquiry, register_customer
from helpcenter.models import Customer


def test_a_new_customer_gets_a_token_of_which_the_hash_is_kept(service):
    customer, token = register_customer(service, name="  Jun ", email=" jun@example.com ", language="ko")
    customer.refresh_from_db()
    assert (customer.service, customer.name, customer.email, customer.language) == (
        service,
        "Jun",
        "jun@example.com",
        "ko",
    )
    assert customer.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) >= 43


def test_each_registration_is_somebody_of_their_own(service):
    one, one_token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    two, two_token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    assert one != two
    assert one_token != two_token


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b", "\u3164", "\u2800", "a\0b", "a\nb", "a\x1bb", "a\u202eb", "a\u2028b", "\ud800", "x" * 81],
)
def test_a_name_that_cant_be_shown_is_refused(service, name):
    with pytest.raises(Invalid) as refused:
        register_customer(service, name=name, email="", language="en")
    assert refused.value.code == "name"
    assert not Customer.objects.exists()


@pytest.mark.parametrize("name", ["김민아", "O’Neill", "👩‍🚀", "x" * 80, "Ünal"])
def test_names_of_people_are_taken(service, name):
    assert register_customer(service, name=name, email="", language="en")[0].name == name


def test_a_name_in_decomposed_letters_is_composed(service):
    assert register_customer(service, name="민아", email="", language="en")[0].name == "민아"


@pytest.mark.parametrize("email", ["jun", "jun@", "a@b@c.example", "jun@example.com\0", "x" * 250 + "@example.com"])
def test_a_wrong_email_is_refused(service, email):
    with pytest.raises(Invalid) as refused:
        register_customer(service, name="Jun", email=email, language="en")
    assert refused.value.code == "email"


def test_an_unknown_language_is_the_first_one(service):
    assert register_customer(service, name="Jun", email="", language="xx")[0].language == "en"


def test_an_inquiry_finds_the_customer_of_an_earlier_one(service):
    first = customer_for_inquiry(service, name="Jun", email="jun@example.com", language="ko")
    again = customer_for_inquiry(service, name="Jun ", email="JUN@example.com", language="en")
    assert again == first
    assert again.language == "ko", "an unauthenticated form changes nothing"


def test_an_inquiry_never_becomes_the_customer_that_a_browser_is(service):
    chatting, _token = register_customer(service, name="Jun", email="jun@example.com", language="en")
    assert customer_for_inquiry(service, name="Jun", email="jun@example.com", language="en") != chatting


def test_an_inquiry_under_another_name_renames_nobody(service):
    first = customer_for_inquiry(service, name="Jun", email="jun@example.com", language="en")
    other = customer_for_inquiry(service, name="June", email="jun@example.com", language="en")
    first.refresh_from_db()
    assert (first.name, other.name) == ("Jun", "June")
    assert first != other


def test_an_inquiry_finds_nobody_of_another_service(service, outsider):
    here = customer_for_inquiry(service, name="Jun", email="jun@example.com", language="en")
    there = customer_for_inquiry(outsider.service, name="Jun", email="jun@example.com", language="en")
    assert here != there
    assert there.service == outsider.service
