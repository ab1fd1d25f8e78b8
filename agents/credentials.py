"""The credentials of agents' sockets, and whether they still hold. Read for many sockets in one query."""

from collections.abc import Collection, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore

from agents.chat_permission import chat_permitted_sql
from agents.models import User
from agents.second_factor.requirement import HAS_FACTOR_SQL
from contiple.base import prepared


def user_of_session(key: str) -> User | None:
    """Returns the user who is signed in with this session, as any page would: active, with the same password."""
    if not key:
        return None
    request: Any = SimpleNamespace(session=SessionStore(key))
    user = get_user(request)
    return user if isinstance(user, User) else None


class Credential(NamedTuple):
    """The agent, session, (hashed) password and second factor with which an agent's socket was let in."""

    agent_id: int
    service_id: int
    session_key: str
    password: str
    second_factor: bool


def chatting_agents(credentials: Collection[Credential]) -> dict[Credential, str]:
    """Returns the credentials that still allow to chat, each with its agent's name, in one query.

    The agent must be permitted (``chat_permission``) and signed in as before: a session that has ended or a new
    password, as after a reset, ends what began with them; so does a second factor that came or went. An agent without
    the second factor that the service requires is refused.
    """
    asked = list(credentials)
    return chatting_among(asked, prepared.fetch(*chatting_query(asked))) if asked else {}


def chatting_query(asked: Sequence[Credential]) -> prepared.Statement:
    """The query of ``chatting_agents``, for a caller that asks more in the same round trip."""
    return _CHATTING, [[credential[column] for credential in asked] for column in range(len(Credential._fields))]


def chatting_among(asked: Sequence[Credential], found: Iterable[tuple]) -> dict[Credential, str]:
    """Reads the answer to ``chatting_query``, as ``chatting_agents`` returns it."""
    return {asked[number - 1]: name for number, name in found}


_CHATTING = f"""
SELECT asked.number, coalesce(nullif(person.name, ''), person.email)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::boolean[]) WITH ORDINALITY
    AS asked (agent_id, service_id, session_key, password, second_factor, number)
JOIN agents_agent AS agent ON agent.id = asked.agent_id AND agent.service_id = asked.service_id
JOIN agents_user AS person ON person.id = agent.user_id AND person.password = asked.password
    AND person.second_factor = asked.second_factor
JOIN agents_service AS service ON service.id = agent.service_id
JOIN agents_contract AS contract ON contract.service_id = service.id
JOIN django_session AS session ON session.session_key = asked.session_key
    AND session.expire_date > statement_timestamp()
WHERE {chat_permitted_sql()} AND {HAS_FACTOR_SQL}
"""  # noqa: S608 - no value comes from outside
