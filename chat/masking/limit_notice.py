"""Tells a service's admins that an agent has reached the limit of looks under masks in an hour; once in that hour.

The look itself never waits for a mail server and never fails with it. The notice has no customer's data.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents import audit, outbox
from agents.access import active_admins
from agents.models import Agent, AuditEntry
from agents.outbox import kinds
from agents.outbox.kinds import Kind
from agents.outbox.models import OutgoingMail
from contiple.base.months import KOREA, Month

LIMIT_REACHED = "agent.unmask_limit"
ONCE_IN = timedelta(hours=1)
KIND = "unmask_limit"


@transaction.atomic
def tell_of_limit(agent: Agent, limit: int) -> None:
    """Writes the notice into the trail, and the mails into the outbox. Locks the agent's row."""
    # Two looks at once may both reach the limit; and an agent who has waited for the oldest look to be an hour old
    # reaches it again with the next one.
    Agent.objects.select_for_update(no_key=True).get(pk=agent.pk)
    now = timezone.now()
    told = audit.entries(agent.service, [LIMIT_REACHED]).filter(agent=agent, created_at__gt=now - ONCE_IN)
    if not told.exists():
        entry = audit.record(agent.service, LIMIT_REACHED, f"agent:{agent.pk}", agent=agent, limit=limit)
        _post(entry)


def register() -> None:
    kinds.register(KIND, Kind(gettext_lazy("Unmasking limit reached"), make=_make))


def _post(entry: AuditEntry) -> None:
    """A mail to each of the admins. It is written when it leaves, so that the look does not wait for that either."""
    for address in active_admins(entry.service_id).values_list("user__email", flat=True):
        about = f"entry:{entry.pk}"
        mail = outbox.Outgoing(kind=KIND, service=entry.service, about=about, to=[address], subject="", text="")
        outbox.post(mail)


def _make(row: OutgoingMail) -> outbox.Outgoing | None:
    entry = AuditEntry.objects.select_related("service").filter(pk=row.about.partition(":")[2]).first()
    if entry is None:
        return None
    subject, text = _in_every_language(entry)
    return outbox.Outgoing(kind=KIND, to=row.to, subject=subject, text=text)


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
