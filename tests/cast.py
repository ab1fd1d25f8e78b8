"""The fixed cast of the tests: people with names, and an outsider from another service who must see nothing."""

import pytest
from django.test import Client

from agents.models import Agent, Service
from helpcenter.models import Customer
from tests.make import make_agent, make_customer, make_service


@pytest.fixture
def service(db) -> Service:
    return make_service("demo", name="Demo")


@pytest.fixture
def agent(service: Service) -> Agent:
    return make_agent(service, "Mina")


@pytest.fixture
def colleague(service: Service) -> Agent:
    return make_agent(service, "Theo")


@pytest.fixture
def admin(service: Service) -> Agent:
    return make_agent(service, "Ada", role=Agent.Role.ADMIN, chat_permission=False)


@pytest.fixture
def customer(service: Service) -> Customer:
    return make_customer(service, "Jun")


@pytest.fixture
def outsider(db) -> Agent:
    """An admin, with the chat permission, Online: of another service."""
    return make_agent(make_service("other", name="Other"), "Oscar", role=Agent.Role.ADMIN, online=True)


@pytest.fixture
def sign_in():
    """A browser in which this agent is signed in."""

    def signed_in(agent: Agent) -> Client:
        client = Client()
        client.force_login(agent.user)
        return client

    return signed_in
