"""The privacy policy in versions. A text that customers agreed to never changes: a change is a new version.

A version has a row for each language that has a text. Its number is unique in its help center, even if two admins
publish at the same moment.
"""

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from agents import audit
from agents.models import Agent
from contiple.base.errors import Conflict, Invalid
from contiple.base.texts import tidy_text
from helpcenter.models import HelpCenter, PrivacyPolicy
from helpcenter.texts import in_language


def current_policy(help_center: HelpCenter, language: str) -> PrivacyPolicy | None:
    """Returns the latest version in that language, or else in another; ``None`` if there is no policy at all."""
    return in_language(list(_latest(help_center)), language)


def current_texts(help_center: HelpCenter) -> dict[str, str]:
    """Returns the latest version's texts by language."""
    return {policy.language: policy.text for policy in _latest(help_center)}


def current_version(help_center: HelpCenter) -> int:
    """Returns the latest version's number; 0 if there is no policy yet."""
    return help_center.policies.aggregate(latest=Max("version"))["latest"] or 0


def publish_policy(
    help_center: HelpCenter, texts: dict[str, str], by: Agent | None, *, seen: int | None = None
) -> int | None:
    """Makes a new version of the texts and returns its number; ``None`` if the current version has these texts.

    ``seen`` is the version that the page showed. Texts left as in that version are no change; a change based on an
    older version raises ``Conflict``. Taking away every text raises ``Invalid``. Locks the HelpCenter row.
    """
    texts = _tidied(texts)
    with transaction.atomic():
        HelpCenter.objects.select_for_update(no_key=True).get(pk=help_center.pk)
        latest = current_version(help_center)
        current = current_texts(help_center)
        shown = current if seen is None else _texts_of(help_center, seen)
        if texts in (_tidied(current), _tidied(shown)):
            return None
        if not texts:
            raise Invalid(_("A privacy policy can be changed but not removed."), code="policy")
        if seen not in (None, latest):
            raise Conflict(
                _("Someone else changed the privacy policy in the meantime. Save again to replace it."), code="policy"
            )
        _insert_version(help_center, latest + 1, texts, by)
        service, subject = help_center.service_id, f"help_center:{help_center.pk}"
        audit.record(service, "policy.published", subject, agent=by, version=latest + 1, languages=sorted(texts))
    return latest + 1


def policy_versions(help_center: HelpCenter) -> list[list[PrivacyPolicy]]:
    """Returns every version, newest first, each as its rows by language."""
    versions: dict[int, list[PrivacyPolicy]] = {}
    for policy in help_center.policies.select_related("created_by__user").order_by("-version", "language"):
        versions.setdefault(policy.version, []).append(policy)
    return list(versions.values())


def _tidied(texts: dict[str, str]) -> dict[str, str]:
    """Returns the texts that are not empty, as they are kept: how a browser ends lines is never a change."""
    tidied = {language: tidy_text(text) for language, text in texts.items()}
    return {language: text for language, text in tidied.items() if text}


def _latest(help_center: HelpCenter) -> QuerySet[PrivacyPolicy]:
    return help_center.policies.filter(version=current_version(help_center))


def _texts_of(help_center: HelpCenter, version: int) -> dict[str, str]:
    return {policy.language: policy.text for policy in help_center.policies.filter(version=version)}


def _insert_version(help_center: HelpCenter, version: int, texts: dict[str, str], by: Agent | None) -> None:
    PrivacyPolicy.objects.bulk_create(
        PrivacyPolicy(help_center=help_center, version=version, language=language, text=text, created_by=by)
        for language, text in texts.items()
    )
