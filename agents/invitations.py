"""Invitations: a link with which a person joins a service, once, within a week. Only a hash of its secret is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agents import audit, throttle
from agents.access import require_admin
from agents.contracts import lock_contract
from agents.invitation_mail import post_invitation, withdraw_invitations
from agents.membership import join_service
from agents.models import Agent, Contract, Invitation, Service, User
from agents.outbox.server import has_mail_server
from contiple.base.email_addresses import canonical
from contiple.base.errors import Closed, Conflict, Invalid

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True)
class NewInvitation:
    """An invitation just made: only now is its secret known."""

    invitation: Invitation
    secret: str


@transaction.atomic
def invite_agent(*, by: Agent, email: str, role: str, chat_permission: bool, now: datetime) -> NewInvitation:
    """Makes an invitation, and mails its link if there is a mail server.

    An open one for the same e-mail stops working, so inviting again is sending again.
    Whether a chat seat is free is decided on acceptance. Raises ``Closed`` or ``Invalid`` (code: the field), and
    ``TooMany`` beyond the limits of mails to one address and by one service.
    """
    email = canonical(email)
    contract = lock_contract(by.service_id)
    require_admin(by)
    _refuse_invitation(contract, email, chat_permission=chat_permission)
    limits = {throttle.INVITATION_BY_EMAIL: email, throttle.INVITATION_BY_SERVICE: str(by.service_id)}
    throttle.count_attempts(limits, now=now)
    _drop(Invitation.objects.filter(service=by.service_id, email=email, accepted_at=None), by)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        service_id=by.service_id,
        email=email,
        role=role,
        chat_permission=chat_permission,
        secret_hash=_hash(secret),
        mail=Invitation.Mail.SENDING if has_mail_server() else Invitation.Mail.NONE,
        invited_by=by,
        created_at=now,
        expires_at=now + VALID_FOR,
    )
    if invitation.mail:
        post_invitation(invitation, secret, by=by)
    _record(invitation, "invitation.create", by, role=role, chat_permission=chat_permission)
    return NewInvitation(invitation, secret)


@transaction.atomic
def revoke_invitation(invitation: Invitation, *, by: Agent) -> None:
    """Makes the link stop working. Raises ``Conflict`` if it was accepted or revoked meanwhile."""
    lock_contract(by.service_id)
    require_admin(by)
    if not _drop(Invitation.objects.filter(pk=invitation.pk, service=by.service_id, accepted_at=None), by):
        raise Conflict(_("This invitation has already been accepted or revoked."))
    _record(invitation, "invitation.revoke", by)


@transaction.atomic
def accept_invitation(invitation: Invitation, *, user: User, now: datetime) -> Agent:
    """Makes ``user`` an agent of the service. Raises ``Closed`` for another person, ``Conflict`` if it can't be used.

    The agent may lack the invitation's ``chat_permission``: the last seat may be gone. If the link was mailed, nobody
    else has seen it, so accepting proves the person's address.
    """
    if user.email != canonical(invitation.email):
        raise Closed(_("This invitation is for another e-mail address."))
    contract = lock_contract(invitation.service_id)
    taken = usable_invitations(now).filter(pk=invitation.pk).exists() and (
        Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=now)
    )
    if not taken:
        raise Conflict(_("This invitation can no longer be used."))
    if invitation.mail:
        User.objects.filter(pk=user.pk).update(email_proved_at=now)
    agent = join_service(user, contract=contract, role=invitation.role, chat_permission=invitation.chat_permission)
    _record(invitation, "invitation.accept", agent)
    return agent


def accept_as_new_user(invitation: Invitation, *, name: str, password: str, now: datetime) -> Agent:
    """Makes the invited person's account, and accepts. Raises as ``accept_invitation``, and if the account exists.

    Call it outside a transaction: it hashes the password, and a transaction may not idle for that long.
    """
    user = User.objects.hashed_user(invitation.email, password, name=name)
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:
            raise Conflict(_("This e-mail address now has an account. Sign in to accept.")) from None
        return accept_invitation(invitation, user=user, now=now)


def find_invitation(secret: str) -> Invitation | None:
    """The invitation with this secret, usable or not; revoked ones are gone."""
    return Invitation.objects.select_related("service", "invited_by__user").filter(secret_hash=_hash(secret)).first()


def account_of(invitation: Invitation) -> User | None:
    return User.objects.filter(email=invitation.email).first()


def open_invitations(service: Service) -> QuerySet[Invitation]:
    """The service's invitations that aren't accepted, newest first; some may have expired."""
    return (
        service.invitations.filter(accepted_at=None).select_related("invited_by__user").order_by("-created_at", "-pk")
    )


def usable_invitations(now: datetime) -> QuerySet[Invitation]:
    """Invitations that can be accepted now. Those of a former admin can't: nobody gets in by a link made before."""
    admins = Agent.objects.filter(is_active=True, user__is_active=True, role=Agent.Role.ADMIN)
    by_admin = Q(invited_by=None) | Q(invited_by__in=admins)
    return Invitation.objects.filter(by_admin, accepted_at=None, expires_at__gt=now, service__is_stopped=False)


def _refuse_invitation(contract: Contract, email: str, *, chat_permission: bool) -> None:
    members = Agent.objects.filter(service=contract.service_id, is_active=True)
    if members.filter(user__email=email).exists():
        raise Invalid(_("This person is already an agent of the service."), code="email")
    if chat_permission and not contract.chat:
        raise Closed(
            _("Chat is off in Contract Details, so the chat permission can’t be granted."), code="chat_permission"
        )


def _drop(invitations: QuerySet[Invitation], by: Agent) -> int:
    """Deletes the invitations, with mails of them that have not left. Returns how many there were."""
    ids = list(invitations.values_list("pk", flat=True))
    withdraw_invitations(by.service_id, ids)
    return Invitation.objects.filter(pk__in=ids).delete()[0]


def _record(invitation: Invitation, action: str, by: Agent, **details: Any) -> None:
    audit.record(invitation.service_id, action, f"invitation:{invitation.pk}", agent=by, **details)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
