"""The operator's pages. Policies are never changed here, and customers show only what finding one needs."""

from django.contrib import admin
from django.http import HttpRequest

from helpcenter.models import (
    Article,
    ArticleText,
    Category,
    CategoryText,
    Customer,
    HelpCenter,
    HelpCenterText,
    PrivacyPolicy,
)


class ReadOnly:
    """Rows that can't be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class HelpCenterTextInline(admin.StackedInline):
    model = HelpCenterText
    extra = 0


class PrivacyPolicyInline(ReadOnly, admin.StackedInline):
    model = PrivacyPolicy
    fields = ("version", "language", "text", "created_at", "created_by")
    readonly_fields = ("version", "language", "text", "created_at", "created_by")
    ordering = ["-version", "language"]
    show_change_link = False
    extra = 0


@admin.register(HelpCenter)
class HelpCenterAdmin(admin.ModelAdmin):
    list_display = ["service", "chat_enabled", "colour"]
    list_select_related = ["service"]
    search_fields = ["service__name", "service__slug"]
    inlines = [HelpCenterTextInline, PrivacyPolicyInline]

    def get_readonly_fields(self, request: HttpRequest, obj: HelpCenter | None = None) -> list[str]:
        return ["service"] if obj else []


class CategoryTextInline(admin.TabularInline):
    model = CategoryText
    extra = 0


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ["__str__", "help_center", "position"]
    list_select_related = ["help_center__service"]
    list_filter = ["help_center__service"]
    inlines = [CategoryTextInline]

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).prefetch_related("texts")


class ArticleTextInline(admin.StackedInline):
    model = ArticleText
    fields = ["language", "title", "body"]
    extra = 0


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ["__str__", "category", "is_published", "updated_at"]
    list_filter = ["is_published", "category__help_center__service"]
    search_fields = ["texts__title"]
    inlines = [ArticleTextInline]

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).prefetch_related("texts", "category__texts")


@admin.register(PrivacyPolicy)
class PrivacyPolicyAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["help_center", "version", "language", "created_at", "created_by"]
    list_select_related = ["help_center__service", "created_by__user"]
    list_filter = ["language", "help_center__service"]


@admin.register(Customer)
class CustomerAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["id", "service", "language", "created_at"]
    list_select_related = ["service"]
    list_filter = ["service", "language"]
    search_fields = ["email__iexact"]
    fields = ["service", "name", "email", "language", "created_at"]
