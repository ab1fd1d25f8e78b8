"""The second factor of sign-in: passkeys, an authenticator app, recovery codes; requiring one, and asking again.

Passkeys are checked by ``fido2`` (Yubico): it needs nothing but ``cryptography``, which also computes the app's codes.
``django-allauth`` would bring a sign-in of its own beside ours, and ``webauthn`` more packages for the same check.

A person has a second factor from the first passkey or app on (``User.second_factor``). Recovery codes alone are none.
"""
