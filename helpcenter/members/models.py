"""The rows of Member Interlink. Whoever was vouched for is a ``Customer`` with a ``member`` id, after consent."""

from django.db import models
from django.utils import timezone

from agents.models import Service

KEY_ID_LENGTH = 12


class MemberSecret(models.Model):
    """A secret that a service shares with its site, encrypted. ``secrets`` makes and ends them."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="member_secrets")
    key_id = models.CharField(max_length=KEY_ID_LENGTH, unique=True)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    def __str__(self) -> str:
        return self.key_id


class SpentToken(models.Model):
    """A member token that came, by the hash of its nonce, until it would have expired anyway: each counts once.

    ``session_hash`` says for whom: a page that lost the answer sends the token again for the same session.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="spent_tokens")
    nonce_hash = models.CharField(max_length=64)
    session_hash = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "nonce_hash"], name="member_token_once")]

    def __str__(self) -> str:
        return f"spent token {self.pk}"


class MemberSession(models.Model):
    """One browser of a member. The browser holds its token; the row has the token's hash alone.

    What the site said of the member is sealed under the token: before the member's consent nobody else can read it.
    ``parent`` is the session in the help center from which one of the chat came; they end together.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="member_sessions")
    secret = models.ForeignKey(MemberSecret, models.CASCADE, related_name="sessions")
    customer = models.ForeignKey("helpcenter.Customer", models.CASCADE, null=True, related_name="member_sessions")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    token_hash = models.CharField(max_length=64, unique=True)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"member session {self.pk}"
