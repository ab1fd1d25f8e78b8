"""A service's settings of chat. A new setting is a field of ``ChatSettings`` and a name in its form's sections."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.access import require_admin
from agents.changes import apply_changes, refuse_outdated, stamp
from agents.models import Agent, Service
from chat.mails import MailWait
from chat.service_settings import ChatSettings
from contiple.base.errors import Invalid
from helpcenter.access import help_center_of
from helpcenter.policies import current_version

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
    _refuse_other_policy(by.service, values.get("follow_page_policy"))
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


def _refuse_other_policy(service: Service, confirmed: int | None) -> None:
    """Agents see the customer's page only if the policy in force says so, and an admin has confirmed that one."""
    if confirmed is None:
        return
    version = current_version(help_center_of(service))
    if not version:
        raise Invalid(_("Write a privacy policy that says so first."), code="follow_page")
    if confirmed != version:
        raise Invalid(
            _("The privacy policy has changed. Check that it says so, and confirm again."), code="follow_page"
        )


def _refuse_contradictions(values: dict[str, Any]) -> None:
    try:
        ChatSettings(**values).clean()
    except ValidationError as error:
        field, [text] = next(iter(error.message_dict.items()))
        raise Invalid(text, code=field) from None
