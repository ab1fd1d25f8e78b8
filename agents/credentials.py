"""What a socket is let in with, and whether that still holds. ``access`` has the rules; here they are read for many."""

from collections.abc import Collection, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore

from agents.models import User
from contiple.base import prepared


def user_of_session(key: str) -> User | None:
    """Who is signed in with this session, as at any page: the account is active, the password still the same."""
    if not key:
        return None
    request: Any = SimpleNamespace(session=SessionStore(key))
    user = get_user(request)
    return user if isinstance(user, User) else None


class Credential(NamedTuple):
    """What a socket of an agent was let in with: who, by which session, under which (hashed) password."""

    agent_id: int
    service_id: int
    session_key: str
    password: str


def chatting_agents(credentials: Collection[Credential]) -> dict[Credential, str]:
    """Those with which one may chat now, and the agents' names: ``may_chat``, and signed in as before, in one query.

    A session that has ended, or another password, as after a reset, ends what began with them.
    """
    asked = list(credentials)
    return chatting_among(asked, prepared.fetch(*chatting_query(asked))) if asked else {}


def chatting_query(asked: Sequence[Credential]) -> prepared.Statement:
    """The query of ``chatting_agents``, for who has others to ask in the same round trip."""
    return _CHATTING, [[credential[column] for credential in asked] for column in range(len(Credential._fields))]


def chatting_among(asked: Sequence[Credential], found: Iterable[tuple]) -> dict[Credential, str]:
    return {asked[number - 1]: name for number, name in found}


_CHATTING = """
SELECT asked.number, coalesce(nullif(person.name, ''), person.email)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) WITH ORDINALITY
    AS asked (agent_id, service_id, session_key, password, number)
JOIN agents_agent AS agent ON agent.id = asked.agent_id AND agent.is_active AND agent.chat_permission
JOIN agents_user AS person ON person.id = agent.user_id AND person.is_active AND person.password = asked.password
JOIN agents_service AS service ON service.id = agent.service_id AND NOT service.is_stopped
JOIN agents_contract AS contract ON contract.service_id = service.id AND contract.chat
JOIN django_session AS session ON session.session_key = asked.session_key
    AND session.expire_date > statement_timestamp()
WHERE agent.service_id = asked.service_id
"""
