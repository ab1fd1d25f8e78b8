"""A fixed example that code of a site, in any language, can be checked by: the secret and the claims make the token.

The secret belongs to no service, and the token expired long ago.
"""

SECRET = "0123456789ab.an-example-that-counts-nowhere"  # noqa: S105 - nobody's
CLAIMS = (
    '{"service":"demo","member":"m-7","name":"김하나","email":"hana@example.com","issued":1767225600,"expire'
    's":1767225900,"nonce":"0123456789abcdef"}'
)
SIGNED = (
    "v1.0123456789ab.eyJzZXJ2aWNlIjoiZGVtbyIsIm1lbWJlciI6Im0tNyIsIm5hbWUiOiLquYDtlZjrgpgiLCJlbWFpbCI6Imhh"
    "bmFAZXhhbXBsZS5jb20iLCJpc3N1ZWQiOjE3NjcyMjU2MDAsImV4cGlyZXMiOjE3NjcyMjU5MDAsIm5vbmNlIjoiMDEyMzQ1Njc4"
    "OWFiY2RlZiJ9.855iK7kJ570dFa1CtbSTWgGQ3FdzGVVKPMGCBrjpYGg"
)
