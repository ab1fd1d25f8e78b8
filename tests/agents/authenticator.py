"""An authenticator in software, which answers as it is told: also as no real one would."""

import json
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

UP, UV = AuthenticatorData.FLAG.UP, AuthenticatorData.FLAG.UV


@dataclass
class Authenticator:
    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    flags: int = UP | UV
    count: int = 0
    handle: bytes | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))

    def create(self, options: dict) -> dict[str, str]:
        """Returns the fields that `passkey.js` sends for a new passkey."""
        public = AttestedCredentialData.create(
            b"\0" * 16, self.credential_id, ES256.from_cryptography_key(self.key.public_key())
        )
        self.handle = websafe_decode(options["publicKey"]["user"]["id"])
        data = AuthenticatorData.create(
            sha256(self.rp_id.encode()), self.flags | AuthenticatorData.FLAG.AT, self.count, public
        )
        response = {"attestationObject": websafe_encode(AttestationObject.create("none", data, {}))}
        return self._sent(options, CollectedClientData.TYPE.CREATE, response)

    def get(self, options: dict) -> dict[str, str]:
        """Returns the fields that `passkey.js` sends for a sign-in."""
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self.flags, self.count)
        client = self._client_data(options, CollectedClientData.TYPE.GET)
        signature = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        response = {"authenticatorData": websafe_encode(data), "signature": websafe_encode(signature)}
        if self.handle is not None:
            response["userHandle"] = websafe_encode(self.handle)
        return self._sent(options, CollectedClientData.TYPE.GET, response)

    def _sent(self, options: dict, kind: str, response: dict[str, str]) -> dict[str, str]:
        response["clientDataJSON"] = websafe_encode(self._client_data(options, kind))
        name = websafe_encode(self.credential_id)
        credential = {"id": name, "rawId": name, "type": "public-key", "response": response}
        return {"credential": json.dumps(credential), "state": options["state"]}

    def _client_data(self, options: dict, kind: str) -> CollectedClientData:
        return CollectedClientData.create(kind, options["publicKey"]["challenge"], self.origin)
