"""Tells a service's admins that an agent has reached the limit of looks under masks in an hour; once in that hour.

The look itself never waits for a mail server and never fails with it. The notice has no customer's data.
"""

import logging
import threading
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from agents import audit
from agents.access import active_admins
from agents.models import Agent, AuditEntry
from contiple.base.months import KOREA, Month

log = logging.getLogger(__name__)

LIMIT_REACHED = "agent.unmask_limit"
ONCE_IN = timedelta(hours=1)
THREAD = "unmask-notice"


@transaction.atomic
def tell_of_limit(agent: Agent, limit: int) -> None:
    """Writes the notice into the trail, and mails it after the commit. Locks the agent's row."""
    # Two looks at once may both reach the limit; and an agent who has waited for the oldest look to be an hour old
    # reaches it again with the next one.
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    now = timezone.now()
    told = audit.entries(agent.service, [LIMIT_REACHED]).filter(agent=agent, created_at__gt=now - ONCE_IN)
    if not told.exists():
        entry = audit.record(agent.service, LIMIT_REACHED, f"agent:{agent.pk}", agent=agent, limit=limit)
        transaction.on_commit(lambda: _mail_admins(entry), robust=True)


def _mail_admins(entry: AuditEntry) -> None:
    """Mails in a thread of its own: a mail server may take its time, or never answer."""
    addresses = active_admins(entry.service_id).values_list("user__email", flat=True)
    subject, text = _in_every_language(entry)
    mails = [EmailMessage(subject, text, to=[address]) for address in addresses]
    threading.Thread(target=_send, args=[entry.pk, mails], name=THREAD, daemon=True).start()


def _send(entry_id: int, mails: list[EmailMessage]) -> None:
    for mail in mails:
        try:
            mail.send()
        except (SMTPException, OSError) as error:
            log.warning("notice of audit entry %s could not be mailed: %s", entry_id, type(error).__name__)


def _in_every_language(entry: AuditEntry) -> tuple[str, str]:
    """Returns subject and text, each in all languages: only an admin's browser knows which one the admin reads."""
    subjects, texts = [], []
    context = {"entry": entry, "link": _link(entry), "korea": KOREA}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            subjects.append(_("%(name)s has reached the unmasking limit") % {"name": entry.actor})
            texts.append(render_to_string("chat/unmask_limit_mail.txt", context).strip() + "\n")
    return " ".join(" / ".join(subjects).split()), "\n".join(texts)


def _link(entry: AuditEntry) -> str:
    """Returns the address of the agent's looks in that month."""
    path = reverse("chat:unmask_record", args=[entry.service.slug])
    return f"{settings.PUBLIC_ORIGIN}{path}?month={Month.of(entry.created_at)}&agent={entry.agent_id}"
