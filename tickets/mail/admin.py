"""Operator pages of mails that come in: what became of each, and how the mailbox is read. No words of a mail."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agents.admin_accounts import ReadOnlyAdmin
from agents.models import Service
from contiple.base.latest_admin import LatestAdmin
from tickets.mail import unread
from tickets.mail.models import PolledFolder, ReceivedMail


class Undeletable(ReadOnlyAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ReceivedMail)
class ReceivedMailAdmin(LatestAdmin, Undeletable):
    """The addresses are shown only of a mail for no service: they tell which one is to be allotted."""

    list_display = ("received_at", "service", "outcome", "length", "to", "kept")
    list_display_links = ("received_at",)
    list_filter = ("reason",)
    list_select_related = ("service",)
    search_help_text = _("A service’s address, or the Message-ID of an e-mail")
    ordering = ("-id",)
    fields = ("service", "outcome", "to", "folder", "length", "kept", "message_id", "received_at")
    readonly_fields = fields
    actions = ("read_again",)

    def find(self, text: str) -> Q:
        services = Service.objects.filter(slug__icontains=text).values_list("pk", flat=True)
        return Q(service__in=list(services)) | Q(message_id=text)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReceivedMail]:
        return super().get_queryset(request).defer("sealed", "text", "folded", "from_name", "subject", "files")

    @admin.display(description=_("Outcome"), ordering="reason")
    def outcome(self, row: ReceivedMail) -> str:
        return str(ReceivedMail.Reason(row.reason).label)

    @admin.display(description=_("To"))
    def to(self, row: ReceivedMail) -> str:
        return ", ".join((row.recipients or ())[:3]) or "–"

    @admin.display(description=_("Size"))
    def length(self, row: ReceivedMail) -> str:
        return filesizeformat(row.size)

    @admin.display(description=_("Kept whole, encrypted"))
    def kept(self, row: ReceivedMail) -> str:
        is_kept = row.reason == ReceivedMail.Reason.UNREADABLE and row.ticket_id is None
        return str(_("Yes")) if is_kept else "–"

    @admin.action(description=_("Read again"), permissions=["view"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[ReceivedMail]) -> None:
        kept = queryset.filter(reason=ReceivedMail.Reason.UNREADABLE, ticket=None)
        count = sum(unread.read_again(row, now=timezone.now()) for row in kept.defer(None))
        said = ngettext("%(count)s e-mail was read and filed.", "%(count)s e-mails were read and filed.", count)
        messages.success(request, said % {"count": count})


@admin.register(PolledFolder)
class PolledFolderAdmin(Undeletable):
    list_display = ("name", "read_at", "last_error", "waiting", "stuck_since")
    fields = ("name", "read_at", "last_error", "waiting", "stuck_since")
    readonly_fields = fields
    ordering = ("name",)

    @admin.display(description=_("Not filed yet"))
    def waiting(self, row: PolledFolder) -> int:
        return len(row.failed)
