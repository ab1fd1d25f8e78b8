"""Other sites’ pages that are hard on a guest: what stands before the line, what happens to them, their policies."""

HOSTS = {
    "empty elements hidden": "<style>div:empty, :empty { display: none }</style>",
    "empty elements hidden with force": "<style>div:empty, :empty { display: none !important }</style>",
    "rules for what is in the body": "<style>body > *, html > * { padding: 40px; min-height: 300px; margin: 30px;"
    " display: block; transform: rotate(3deg); opacity: .2 } html > body, html > head { transform: none; padding: 0;"
    " margin: 0 }</style>",
    "all rules with force": "<style>:not(html, head, body) { display: none !important; visibility: hidden !important;"
    " position: static !important; transform: scale(3) !important; zoom: 2 !important }</style>",
    "unknown elements hidden": "<style>:not(:defined) { display: none !important; opacity: 0 }</style>",
    "rem tricks": "<style>html { font-size: 62.5%; line-height: 3; letter-spacing: 5px } button { all: unset }</style>",
    "a body that is moved": "<style>body { transform: translate(90px, -400px); filter: blur(1px); overflow: clip;"
    " height: 100px; opacity: .3; z-index: 0; position: relative }</style>",
    "a page of boxes": "<style>html, body { display: grid; grid-template-columns: 1fr 1fr; height: 100% }</style>",
    "its own names": '<body><div id="ContipleChat"></div><form name="contipleChat"></form></body>',
    "a body that is shown later": "<style>body { visibility: hidden; opacity: 0; pointer-events: none }</style>"
    '<script>addEventListener("DOMContentLoaded", () => { document.body.inert = true; })</script>',
    "a layer over the page": '<div style="position: fixed; inset: 0; z-index: 2147482999"></div>',
    "a base elsewhere": '<base href="https://lamps.example/" target="_top">',
    "builtins of its own": "<script>Object.prototype.onclick = 'boom()'; Array.prototype.last = () => null;"
    " Array.prototype.toJSON = () => 'mine'; window.onerror = () => document.body.remove();</script>",
    "vertical lines": "<style>html { writing-mode: vertical-rl }</style>",
}

EMPTIED = {
    "its content": "document.body.innerHTML = '<p>Chairs</p>'",
    "the body": "document.body = Object.assign(document.createElement('body'), {textContent: 'Chairs'})",
    "what is beside it": "document.querySelectorAll('html > :not(head, body)').forEach((it) => it.remove())",
    "all": "document.documentElement.innerHTML = '<body>Chairs</body>'",
    "written anew": "document.open(); document.write('<html><body>Chairs</body></html>'); document.close()",
}

POLICIES = {
    "named sources": "default-src 'none'; script-src {desk}; frame-src {desk}; img-src data:",
    "nonce": "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; frame-src {desk}; img-src data:",
    "trusted types": "require-trusted-types-for 'script'; trusted-types 'none'",
}
