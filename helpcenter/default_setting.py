"""Saves Service Management / Help Center / Default Setting in one transaction, and only what changed."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent, Contract
from contiple.base.errors import Closed, Invalid
from helpcenter.models import HelpCenter, HelpCenterText
from helpcenter.policies import current_version, publish_policy
from helpcenter.texts import Texts

# The fields of the HelpCenter's own row.
IN_THE_ROW = ("chat_enabled", "colour", "embed_origins", "inquiry_link_days")


@dataclass(frozen=True)
class DefaultSetting:
    """The values of the page. Texts by language, as written: an empty one means the default."""

    chat_enabled: bool
    colour: str
    embed_origins: list[str]
    inquiry_link_days: int
    texts: dict[str, Texts]
    policies: dict[str, str]
    seen_policy: int | None = None  # the version that the page showed


def save_default_setting(help_center: HelpCenter, setting: DefaultSetting, *, by: Agent) -> list[str]:
    """Saves the page; returns the names of what changed. Locks the HelpCenter row.

    Raises ``Closed`` if the contract forbids it, ``Invalid`` or ``Conflict`` (code: the field); nothing is saved then.
    """
    with transaction.atomic():
        row = HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center.pk)
        contract = Contract.objects.get(service_id=row.service_id)
        _refuse_what_the_contract_closes(row, contract, setting)
        version = publish_policy(row, setting.policies, by, seen=setting.seen_policy)
        _refuse_chat_without_policy(row, setting)
        changed = _save_row(row, setting) + _save_texts(row, setting)
        if changed:
            subject = f"help_center:{row.pk}"
            audit.record(row.service_id, "help_center.changed", subject, agent=by, settings=changed)
    return changed + (["policy"] if version else [])


def _refuse_what_the_contract_closes(row: HelpCenter, contract: Contract, setting: DefaultSetting) -> None:
    if setting.chat_enabled and not row.chat_enabled and not contract.chat:
        raise Closed(_("Chat is off in Contract Details, so it can’t be enabled."), code="chat_enabled")
    if setting.embed_origins != row.embed_origins and not contract.chat_widget:
        raise Closed(
            _("Chat Widget on other sites is off in Contract Details, so sites can’t be added."), code="embed_origins"
        )


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
