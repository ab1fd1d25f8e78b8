"""A service's settings of chat. A new setting is a field of ``ChatSettings`` and a name in its form's sections."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.models import Agent, Service
from chat.mails import MailWait
from chat.service_settings import ChatSettings
from contiple.base.errors import Invalid

FIELDS = tuple(field.name for field in ChatSettings._meta.fields if field.name not in {"id", "service"})


def chat_settings_of(service: Service) -> ChatSettings:
    """Returns the service's settings; the first call makes them, with every default."""
    if getattr(service, "chat_settings", None) is None:
        service.chat_settings, _is_new = ChatSettings.objects.get_or_create(service=service)
    return service.chat_settings


@transaction.atomic
def change_chat_settings(*, by: Agent, values: dict[str, Any], seen: str = "") -> dict[str, Any]:
    """Sets what ``values`` names of ``FIELDS``; returns what differs. ``seen`` is the form's ``chat_settings_stamp``.

    Raises ``Closed`` (not an admin any more), ``Conflict`` (the form was out of date), ``Invalid`` (code: the field).
    """
    chat_settings_of(by.service)
    row = ChatSettings.objects.select_for_update(no_key=True).get(service=by.service_id)
    require_admin(by)
    refuse_outdated(row, FIELDS, seen)
    _refuse_contradictions({name: getattr(row, name) for name in FIELDS} | values)
    minutes = row.mail_unread_minutes
    changed = apply_changes(row, values)
    if row.mail_unread_minutes < minutes:
        # The worker looks at what waits at once, and mails what has waited for the new minutes.
        MailWait.objects.filter(chat__service=by.service_id, due_at__gt=Now()).update(due_at=Now())
    if changed:
        audit.record(by.service_id, "chat_settings.change", f"chat_settings:{row.pk}", agent=by, **changed)
    return changed


def chat_settings_stamp(row: ChatSettings) -> str:
    return stamp(row, FIELDS)


def _refuse_contradictions(values: dict[str, Any]) -> None:
    try:
        ChatSettings(**values).clean()
    except ValidationError as error:
        field, [text] = next(iter(error.message_dict.items()))
        raise Invalid(text, code=field) from None
