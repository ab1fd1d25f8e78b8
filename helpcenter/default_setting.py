"""Service Management / Help Center / Default Setting: one save, in one transaction, of what changed alone."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Contract
from contiple.base.errors import Closed, Invalid
from helpcenter.models import HelpCenter, HelpCenterText
from helpcenter.policies import current_version, publish_policy
from helpcenter.texts import Texts

# What stands in the HelpCenter's own row.
IN_THE_ROW = (
    "chat_enabled",
    "assign_recent_agent",
    "queue_limit",
    "longest_wait_minutes",
    "idle_reminder_minutes",
    "idle_close_minutes",
    "colour",
    "embed_origins",
)


@dataclass(frozen=True)
class DefaultSetting:
    """What the page holds. Texts by language, as written: an empty one means the default."""

    chat_enabled: bool
    assign_recent_agent: bool
    # 0 is "no limit", or "never".
    queue_limit: int
    longest_wait_minutes: int
    idle_reminder_minutes: int
    idle_close_minutes: int
    colour: str
    embed_origins: list[str]
    texts: dict[str, Texts]
    policies: dict[str, str]
    seen_policy: int | None = None  # the version that was on the screen


def save_default_setting(help_center: HelpCenter, setting: DefaultSetting, *, by: Agent) -> list[str]:
    """Saves, and returns the names of what changed. Where a gate above is closed, ``Closed``; nothing is saved then.

    A ``DomainError``'s code is the field it is about. Locks the HelpCenter row.
    """
    with transaction.atomic():
        row = HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center.pk)
        contract = Contract.objects.get(service_id=row.service_id)
        _refuse_what_the_contract_closes(row, contract, setting)
        _refuse_an_end_without_warning(setting)
        version = publish_policy(row, setting.policies, by, seen=setting.seen_policy)
        _refuse_chat_without_policy(row, setting)
        changed = _save_row(row, setting) + _save_texts(row, setting)
        if changed:
            subject = f"help_center:{row.pk}"
            audit.record(row.service_id, "help_center.changed", subject, agent=by, settings=changed)
    return changed + (["policy"] if version else [])


def _refuse_what_the_contract_closes(row: HelpCenter, contract: Contract, setting: DefaultSetting) -> None:
    if setting.chat_enabled and not row.chat_enabled and not contract.chat:
        raise Closed(_("Chat is off in Contract Details, so it can't be enabled."), code="chat_enabled")
    if setting.embed_origins != row.embed_origins and not contract.chat_widget:
        raise Closed(
            _("Chat Widget on other sites is off in Contract Details, so sites can't be added."), code="embed_origins"
        )


def _refuse_an_end_without_warning(setting: DefaultSetting) -> None:
    if not setting.idle_close_minutes:
        return
    if not setting.idle_reminder_minutes:
        raise Invalid(
            _("A chat ends only after a reminder. Set the reminder first, or enter 0 here."), code="idle_close_minutes"
        )
    if setting.idle_close_minutes <= setting.idle_reminder_minutes:
        raise Invalid(_("The end must come after the reminder."), code="idle_close_minutes")


def _refuse_chat_without_policy(row: HelpCenter, setting: DefaultSetting) -> None:
    if setting.chat_enabled and not row.chat_enabled and not current_version(row):
        raise Invalid(_("Customers agree to a privacy policy before a chat. Write one first."), code="chat_enabled")


def _save_row(row: HelpCenter, setting: DefaultSetting) -> list[str]:
    changed = [name for name in IN_THE_ROW if getattr(row, name) != getattr(setting, name)]
    for name in changed:
        setattr(row, name, getattr(setting, name))
    if changed:
        row.save(update_fields=changed)
    return changed


def _save_texts(row: HelpCenter, setting: DefaultSetting) -> list[str]:
    changed: list[str] = []
    known = {text.language: text for text in row.texts.all()}
    for language, written in setting.texts.items():
        text = known.get(language) or HelpCenterText(help_center=row, language=language)
        names = [name for name, value in vars(written).items() if getattr(text, name) != value]
        for name in names:
            setattr(text, name, getattr(written, name))
        if names:
            text.save(update_fields=names if text.pk else None)
        changed += [f"{name}.{language}" for name in names]
    return changed
