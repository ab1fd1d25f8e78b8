"""The operator's pages of accounts: open sessions, and what happened to accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from agents import account_trail
from agents.models_accounts import AccountEntry, OpenSession
from agents.sessions import end_session

OPERATOR = "operator"  # the actor in the trail; Django's own log says which operator


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(OpenSession)
class OpenSessionAdmin(ReadOnlyAdmin):
    """Deleting a session ends it."""

    fields = list_display = ("user", "device", "signed_in_at", "seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    ordering = ("-seen_at",)

    def delete_model(self, request: HttpRequest, obj: OpenSession) -> None:
        end_session(obj)
        account_trail.record(request, obj.user, AccountEntry.Action.SESSIONS_ENDED, actor=OPERATOR)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OpenSession]) -> None:
        for session in queryset.select_related("user"):
            self.delete_model(request, session)


@admin.register(AccountEntry)
class AccountEntryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "user", "action", "factor", "actor", "device", "address")
    list_filter = ("action", "factor")
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    ordering = ("-id",)
    search_fields = ("user__email", "user__name")
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: AccountEntry | None = None) -> bool:
        return False
