"""Makes a service that works: with its contract and its admin."""

from django.db import transaction

from agents import audit
from agents.models import Agent, Contract, Service, User

OPERATOR = "operator"  # the actor in the trail


@transaction.atomic
def create_service(*, name: str, slug: str, admin_email: str, admin_name: str = "") -> Agent:
    """Returns the new service's admin; an account that exists is used, another one has no password yet.

    Raises ``ValidationError`` for a name, an address or an e-mail that can't be used.
    """
    service = Service(name=name, slug=slug)
    service.full_clean()
    service.save()
    contract = Contract.objects.create(service=service)
    admin = Agent.objects.create(service=service, user=_account(admin_email, admin_name), role=Agent.Role.ADMIN)
    audit.record(service, "contract.change", f"contract:{contract.pk}", actor=OPERATOR, chat=[None, contract.chat])
    audit.record(service, "agent.change", f"agent:{admin.pk}", actor=OPERATOR, role=[None, admin.role])
    return admin


def _account(email: str, name: str) -> User:
    email = email.strip().lower()
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        return known
    user = User(email=email, name=name or email.partition("@")[0][:80])
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    return user
