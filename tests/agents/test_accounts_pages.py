"""Where one lands: start, services, desk. And that a signed-in page is kept by no cache."""

import pytest
from django.urls import reverse

from agents.models import Agent, Service
from tests.make import make_agent, make_service, make_user

pytestmark = pytest.mark.django_db

BROWSER = {"accept": "text/html,application/xhtml+xml"}


def tickets(slug: str) -> str:
    return reverse("tickets:list", args=[slug])


@pytest.fixture
def two(service, agent, sign_in):
    """Mina works in Demo and in Acme, which comes first by name."""
    make_agent(make_service("acme", name="Acme"), user=agent.user)
    return sign_in(agent)


def test_nobody_is_sent_to_sign_in(client):
    for name in ("start", "services"):
        assert client.get(reverse(f"agents:{name}")).url.startswith(reverse("agents:sign_in"))
    assert client.get(reverse("agents:desk", args=["demo"])).url.startswith(reverse("agents:sign_in"))


def test_start_is_the_first_service_by_name(two):
    assert two.get(reverse("agents:start")).url == tickets("acme")


def test_start_is_the_service_chosen_last(two):
    assert two.get(reverse("agents:desk", args=["demo"])).url == tickets("demo")

    assert two.get(reverse("agents:start")).url == tickets("demo")


def test_opening_a_page_of_a_service_remembers_it(service, agent, two):
    Agent.objects.filter(pk=agent.pk).update(role=Agent.Role.ADMIN)
    two.get(reverse("agents:contract", args=["demo"]), headers=BROWSER)

    assert two.get(reverse("agents:start")).url == tickets("demo")


def test_what_a_tab_does_in_the_background_does_not(service, agent, two):
    Agent.objects.filter(pk=agent.pk).update(role=Agent.Role.ADMIN)
    two.get(reverse("agents:contract", args=["demo"]), headers={**BROWSER, "hx-request": "true"})
    two.get(reverse("agents:contract", args=["demo"]), headers={"accept": "application/json"})

    assert two.get(reverse("agents:start")).url == tickets("acme")


def test_a_remembered_service_that_is_closed_to_one_is_passed_over(two, service):
    two.get(reverse("agents:desk", args=["demo"]))
    service.is_stopped = True
    service.save(update_fields=["is_stopped"])

    assert two.get(reverse("agents:start")).url == tickets("acme")


def test_services_lists_ones_own_and_no_others(two, outsider):
    page = two.get(reverse("agents:services")).content.decode()

    assert "Demo" in page
    assert "Acme" in page
    assert "Other" not in page
    assert reverse("agents:desk", args=["demo"]) in page


@pytest.mark.parametrize("why", ["none", "deactivated", "stopped"])
def test_who_works_in_no_service_is_told_so(client, why):
    person = make_user("Lone")
    if why != "none":
        make_agent(make_service(), user=person, is_active=why != "deactivated")
    if why == "stopped":
        Service.objects.update(is_stopped=True)
    client.force_login(person)

    page = client.get(reverse("agents:start"), follow=True)

    assert page.redirect_chain == [(reverse("agents:services"), 302)]
    assert "You’re not in a service yet" in page.content.decode()
    assert person.email in page.content.decode()


@pytest.mark.parametrize("slug", ["demo", "no-such-service"])
def test_the_outsider_finds_no_desk(service, outsider, sign_in, slug):
    assert sign_in(outsider).get(reverse("agents:desk", args=[slug])).status_code == 404


def test_a_signed_in_page_is_kept_by_no_cache(two):
    assert "no-store" in two.get(reverse("agents:services")).headers["Cache-Control"]


def test_a_person_deactivated_by_the_operator_is_out_at_once(agent, sign_in):
    client = sign_in(agent)
    agent.user.is_active = False
    agent.user.save(update_fields=["is_active"])

    assert client.get(reverse("agents:services")).status_code == 302
