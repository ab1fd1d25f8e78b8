/* Contiple chat widget. Puts an icon at the bottom right, which opens the chat in a frame of its own origin. */
(function (config) {
  if (window.contipleChat || !document.body) return;
  window.contipleChat = true;
  var host = document.createElement("div");
  var root = host.attachShadow({ mode: "closed" });
  var sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ":host{all:initial}" +
      "button{position:fixed;inset-block-end:20px;inset-inline-end:20px;z-index:2147483000;" +
      "inline-size:56px;block-size:56px;border:0;border-radius:50%;cursor:pointer;" +
      "box-shadow:0 6px 20px rgb(0 0 0/.22);color:" + config.onBrand + ";background:" + config.brand + "}" +
      "button:focus-visible{outline:3px solid " + config.brand + ";outline-offset:3px}" +
      "svg{inline-size:26px;block-size:26px;vertical-align:middle}" +
      "i{position:absolute;inset-block-start:0;inset-inline-end:0;inline-size:14px;block-size:14px;border-radius:50%;" +
      "background:#d92d20;border:2px solid #fff}" +
      "i[hidden],iframe[hidden]{display:none}" +
      "iframe{position:fixed;inset-block-end:88px;inset-inline-end:20px;z-index:2147483000;inline-size:380px;" +
      "block-size:min(620px,calc(100dvh - 108px));border:0;border-radius:16px;" +
      "box-shadow:0 12px 48px rgb(0 0 0/.24);background:Canvas}" +
      "@media(max-width:480px){iframe{inset:0;inline-size:100%;block-size:100dvh;border-radius:0}}"
  );
  root.adoptedStyleSheets = [sheet];
  var button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", config.title);
  button.setAttribute("aria-expanded", "false");
  button.innerHTML =
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" ' +
    'stroke-linejoin="round" aria-hidden="true"><path d="M5 5h14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 ' +
    '1.5 0 0 1 19 17h-7l-4.5 3.5V17H5a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 5 5z"/></svg>';
  var badge = document.createElement("i");
  badge.hidden = true;
  button.appendChild(badge);
  var frame = document.createElement("iframe");
  frame.title = config.title;
  frame.hidden = true;
  var running = false;
  root.append(frame, button);
  document.body.appendChild(host);

  function toggle(open) {
    frame.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (!open) return button.focus();
    badge.hidden = true;
    if (!running) frame.src = config.panel;
    frame.focus();
    shown();
  }
  function shown() {
    var message = { contiple: { type: "shown", page: location.href } };
    if (frame.contentWindow) frame.contentWindow.postMessage(message, config.origin);
  }
  button.addEventListener("click", function () {
    toggle(frame.hidden);
  });
  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || event.origin !== config.origin || !event.data.contiple) return;
    var message = event.data.contiple;
    if (message.type === "close") toggle(false);
    else if (message.type === "ready" && !frame.hidden) shown();
    else if (message.type === "message" && frame.hidden) badge.hidden = false;
    else if (message.type === "state") running = message.running;
  });
})({{ config|safe }});
