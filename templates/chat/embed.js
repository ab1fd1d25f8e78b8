/* Contiple chat widget: an icon at the bottom of the page, which opens the chat in a frame of its own origin. */
(function (config, script) {
  "use strict";
  var GLOBAL = "ContipleChat"; // the only one: the services that are on this page, by name
  var PHONE = "@media(max-width:480px),(max-height:500px)";
  var ANSWER_MS = 5000; // the frame's page answers before it has loaded; this much later it was not our page
  var FRONT = 2147483000;
  if (!Object.hasOwn(window, GLOBAL)) Object.defineProperty(window, GLOBAL, { value: Object.create(null) });
  var services = window[GLOBAL];
  if (services[config.service]) return;
  if (config.sites.indexOf(location.origin) < 0) {
    return warn(location.origin + " may not show the chat. Add it in Service Management > Help Center > " +
      "Default Setting, under “Sites that may show the Chat Widget”.");
  }
  var place = Object.keys(services).length;
  var open = false, ready = false, failed = false, running = false, unread = 0;

  var host = make("contiple-chat");
  var root = host.attachShadow({ mode: "open" });
  var icon = make("button", { type: "button", class: "icon" }, root);
  drawing(icon, 26, "M5 5h14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 19 17h-7l-4.5 3.5V17H5a1.5 1.5 0 0 1-1.5-1.5v-9" +
    "A1.5 1.5 0 0 1 5 5z");
  var badge = make("span", { class: "badge", "aria-hidden": "true" }, icon);
  var box = make("div", { class: "box" }, root);
  var leave = make("button", { type: "button", class: "leave" }, box);
  drawing(leave, 20, "M6 6l12 12M18 6L6 18");
  var said = make("p", { role: "status" }, box);
  var center = make("a", { href: config.center, target: "_blank", rel: "noopener" }, box);
  var frame = make("iframe", {}, box);
  dress();
  var observer = new MutationObserver(function () { setTimeout(stay, 50); });
  services[config.service] = { fold: function () { if (open) toggle(false); } };
  stay();

  // How it looks. No rule of the page reaches it, and no policy of the page for styles or types keeps it from it.

  function make(name, attributes, parent) {
    var made = document.createElement(name);
    for (var key in attributes) made.setAttribute(key, attributes[key]);
    if (parent) parent.append(made);
    return made;
  }
  function drawing(parent, size, path) {
    var namespace = "http://www.w3.org/2000/svg";
    var svg = document.createElementNS(namespace, "svg");
    var line = document.createElementNS(namespace, "path");
    var looks = { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", fill: "none" };
    for (var key in looks) svg.setAttribute(key, looks[key]);
    line.setAttribute("d", path);
    svg.append(line);
    parent.append(svg);
  }
  function dress() {
    style("all", "initial");
    style("display", "block");
    style("position", "fixed");
    style("inset", "auto 0 0 auto");
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "*{box-sizing:border-box;font:15px/1.5 system-ui,sans-serif}[hidden]{display:none!important}" +
      "button{display:grid;place-items:center;padding:0;border:0;cursor:pointer;color:inherit;background:none}" +
      "path{stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}" +
      ".icon{position:fixed;inset-block-end:20px;inset-inline-end:" + (20 + 72 * place) + "px;inline-size:56px;" +
      "block-size:56px;border-radius:50%;box-shadow:0 6px 20px rgb(0 0 0/.22);color:" + config.onBrand +
      ";background:" + config.brand + "}" +
      ":focus-visible{outline:3px solid " + config.brand + ";outline-offset:3px}" +
      ".badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-inline-size:22px;padding:0 5px;" +
      "border:2px solid #fff;border-radius:11px;background:#d92d20;color:#fff;font-size:12px;line-height:18px;" +
      "font-weight:700}" +
      ".box{position:fixed;inset-block-end:88px;inset-inline-end:20px;inline-size:380px;overflow:clip;" +
      "block-size:min(620px,calc(100dvh - 108px));border-radius:16px;box-shadow:0 12px 48px rgb(0 0 0/.24);" +
      "display:grid;place-content:center;justify-items:center;gap:12px;padding:32px;text-align:center;" +
      "color-scheme:light dark;background:Canvas;color:CanvasText}" +
      "p{margin:0;animation:come .2s .4s both}@keyframes come{from{opacity:0}}a{color:LinkText;padding:8px}" +
      ".leave{position:absolute;inset-block-start:6px;inset-inline-end:6px;inline-size:44px;block-size:44px}" +
      "iframe{position:absolute;inset:0;inline-size:100%;block-size:100%;border:0}.wait iframe{visibility:hidden}" +
      PHONE + "{.box{inset:0;inline-size:100%;block-size:100dvh;border-radius:0}.open{display:none}}" +
      "@media print{.icon,.box{display:none}}"
    );
    root.adoptedStyleSheets = [sheet];
  }
  function style(property, value) {
    host.style.setProperty(property, value, "important");
  }
  function draw() {
    var texts = config.texts[language()];
    var name = open ? texts.fold : texts.open;
    host.lang = language();
    icon.setAttribute("aria-label", unread ? texts.unread.replace("{count}", unread) : name);
    icon.setAttribute("aria-expanded", open);
    icon.classList.toggle("open", open);
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? "99+" : unread;
    box.hidden = !open;
    box.classList.toggle("wait", !ready);
    said.textContent = failed ? texts.failed : texts.connecting;
    center.textContent = texts.center;
    center.hidden = !failed;
    leave.hidden = said.hidden = ready;
    leave.setAttribute("aria-label", texts.fold);
    frame.title = texts.title;
    style("z-index", open ? FRONT + 1 : FRONT);
  }
  /** The line's own, else the page's, else the reader's. */
  function language() {
    var line = script && script.dataset.lang;
    var asked = [line, document.documentElement && document.documentElement.lang].concat(navigator.languages);
    var known = asked.map(function (tag) { return String(tag).toLowerCase().split("-")[0]; });
    return known.find(function (code) { return code in config.texts; }) || config.language;
  }

  // What happens

  function toggle(wanted) {
    open = wanted;
    if (open) {
      for (var name in services) if (name !== config.service) services[name].fold();
      unread = 0;
      if (!running || !ready) load();
    }
    draw();
    (open ? (ready ? frame : leave) : icon).focus();
    tell("shown");
  }
  /** A second load replaces the first: the reader's Back leads to the page before, not into the frame's past. */
  function load() {
    var address = config.panel + "?language=" + language();
    ready = failed = false;
    if (frame.src) frame.contentWindow.location.replace(address);
    else frame.src = address;
  }
  function loaded() {
    if (!frame.src || ready) return;
    setTimeout(function () {
      if (!ready && !failed) fail("the frame of the chat did not answer. Either " + config.origin + " can’t be reached, " +
        "or a page around this one shows it in a frame and may not show the chat.");
    }, ANSWER_MS);
  }
  function blocked(event) {
    if (event.disposition !== "enforce" || event.effectiveDirective !== "frame-src") return;
    if (open && event.blockedURI.indexOf(config.origin) === 0) {
      fail("the Content-Security-Policy of this page blocks the chat. Add to it: frame-src " + config.origin);
    }
  }
  /** The visitor is led to the help center, and the site's owner is told the cure. */
  function fail(reason) {
    failed = true;
    ready = false;
    warn(reason);
    draw();
  }
  function warn(reason) {
    console.warn("Contiple chat (" + config.service + "): " + reason);
  }
  function tell(type) {
    var message = { type: type, page: location.href, focused: document.hasFocus() };
    if (open && ready) frame.contentWindow.postMessage({ contiple: message }, config.origin);
  }
  /** Told once the focus has moved: into the frame is not away from the page. */
  function focused() {
    setTimeout(tell, 0, "focus");
  }
  function heard(event) {
    if (!event.source || event.source !== frame.contentWindow || event.origin !== config.origin) return;
    var message = (event.data && event.data.contiple) || {};
    if (message.type === "close") return toggle(false);
    if (message.type === "ready") becomeReady();
    else if (message.type === "message" && !open) unread += 1;
    else if (message.type === "state") running = message.running;
    draw();
  }
  function becomeReady() {
    var waits = open && root.activeElement === leave;
    ready = true;
    failed = false;
    draw();
    if (waits) frame.focus();
    tell("shown");
  }

  /**
   * Stands beside the body, once there is one: then it outlives a body that is replaced, and a body that is transformed
   * doesn't move it. If something empties the page, it comes back a moment later, and its frame begins anew.
   */
  function stay() {
    var page = document.documentElement;
    listen();
    observer.observe(document, { childList: true });
    if (page) observer.observe(page, { childList: true });
    if (host.isConnected || !page || !document.body) return;
    ready = false;
    page.append(host);
    draw();
  }
  /** A second time changes nothing, but for a page that is written anew: its listeners are gone, ours among them. */
  function listen() {
    icon.addEventListener("click", pressed);
    leave.addEventListener("click", services[config.service].fold);
    frame.addEventListener("load", loaded);
    window.addEventListener("message", heard);
    window.addEventListener("focus", focused);
    window.addEventListener("blur", focused);
    document.addEventListener("securitypolicyviolation", blocked);
  }
  function pressed() {
    toggle(!open);
  }
})({{ config|safe }}, document.currentScript);
