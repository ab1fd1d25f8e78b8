"""htmx follows the desk's links, and puts the ``#content`` of the answer in the place of the page's own."""

import re
from collections import deque

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve

from agents.models import Agent

BOOSTED = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "content"}
DESK_LINK = re.compile(r'<a [^>]*href="(/desk/demo/[^"#?]*)')


@pytest.mark.parametrize("name", ["ada", "mina"])
def test_every_link_of_the_desk_leads_to_a_page(transactional_db, name: str):
    """Each view is opened once, by the first link to it that a walk from the start finds."""
    call_command("demo", verbosity=0)
    client = Client(headers=BOOSTED)
    client.force_login(Agent.objects.get(user__email=f"{name}@demo.example").user)
    known: set[str] = set()
    paths = deque(["/desk/demo/tickets/", "/desk/demo/chats/"])
    while paths:
        path = paths.popleft()
        if (view := resolve(path).view_name) in known:
            continue
        known.add(view)
        answer = client.get(path)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        text = answer.content.decode()
        assert 'id="content"' in text, f"{view} at {path} has no #content"
        paths.extend(DESK_LINK.findall(text))
    assert {"tickets:detail", "chat:history"} <= known
