"""A site whose members a service takes: makes member tokens, as its server does."""

import base64
import hmac
import json
import secrets
import time
from typing import Any

from agents.models import Agent, Service
from helpcenter.members import shared_secrets


class Site:
    """The site of a service, with a secret that an admin has made."""

    def __init__(self, admin: Agent) -> None:
        self.service: Service = admin.service
        shared_secrets.switch(admin, on=True)
        self.secret, self.text = shared_secrets.make(admin)

    def token(self, member: str = "m-1", **changed: Any) -> str:
        return self.signed(json.dumps(self.claims(member, **changed)))

    def claims(self, member: str = "m-1", **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"service": self.service.slug, "member": member, "name": "Hana Kim", "email": "hana@example.com"}
        claims |= {"issued": now, "expires": now + 300, "nonce": secrets.token_hex(16)}
        return {name: value for name, value in (claims | changed).items() if value is not ...}

    def signed(self, claims: str | bytes, *, text: str = "") -> str:
        raw = claims if isinstance(claims, bytes) else claims.encode()
        signed = f"v1.{self.secret.key_id}.{base64url(raw)}"
        return f"{signed}.{base64url(hmac.digest((text or self.text).encode(), signed.encode(), 'sha256'))}"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
