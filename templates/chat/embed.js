/* Contiple chat widget: an icon at the bottom of the page, which opens the chat in a frame of its own origin. */
(function (config, script) {
  "use strict";
  // The only global. Until the script has come it may be an array of functions to call then.
  const GLOBAL = "ContipleChat";
  // The frame's page answers before it has loaded; this much later it was not our page.
  const ANSWER_MS = 5000;
  const service = config.service;
  const key = GLOBAL + ":" + service;
  const line = Object.assign({}, script?.dataset);
  // Chat check has opened this page in a window, and hears what it finds.
  const checks = window.opener && window.name === "contiple-check";
  const global = shared();
  const services = global.services;
  if (services[service]) return;
  if (!config.sites.includes(location.origin)) {
    report("unnamed");
    return warn("add " + location.origin + " to “Sites that may show the Chat Widget” in Default Setting.");
  }
  const place = Object.keys(services).length;
  const listeners = { ready: new Set(), state: new Set(), unread: new Set() };
  const stop = new AbortController();
  let open = false, ready = false, failed = false;
  // The address of what the frame shows: nothing, the chat, or the page that only counts what comes.
  let shown = "";
  let running = false, unread = 0, token = "", person;
  recall();
  // A closed help center shows no icon, but a chat that runs goes on to its end.
  if (!config.open && !running && !unread) return report("closed");

  const host = make("contiple-chat");
  const root = host.attachShadow({ mode: "open" });
  const icon = make("button", { type: "button", class: "icon" }, root);
  drawing(icon, 26, "M5 5h14a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 19 17h-7l-4.5 3.5V17H5a1.5 1.5 0 0 1-1.5-1.5v-9" +
    "A1.5 1.5 0 0 1 5 5z");
  const badge = make("span", { class: "badge", "aria-hidden": "true" }, icon);
  const box = make("div", { class: "box" }, root);
  const leave = make("button", { type: "button", class: "leave" }, box);
  drawing(leave, 20, "M6 6l12 12M18 6L6 18");
  const said = make("p", { role: "status" }, box);
  const center = make("a", { href: config.center, target: "_blank" }, box);
  const frame = make("iframe");
  dress();
  const observer = new MutationObserver(() => setTimeout(stay, 50));
  const chat = {
    open: () => toggle(true),
    close: () => open && toggle(false),
    toggle: () => toggle(!open),
    destroy,
    on,
    identify,
    update,
  };
  stay();
  global.add(service, chat);

  // What the page may call

  /** Stands for the first service, and has the others by name. */
  function shared() {
    const there = Object.hasOwn(window, GLOBAL) ? window[GLOBAL] : [];
    if (there.services) return there;
    const services = Object.create(null);
    let calls = Array.isArray(there) ? there : [];
    const first = () => Object.values(services)[0];
    const made = { services, add, push: (call) => calls.push(call) && run() };
    for (const name of ["open", "close", "toggle", "destroy", "on", "identify", "update"]) {
      made[name] = (...values) => first()?.[name](...values);
    }
    Object.defineProperty(window, GLOBAL, { value: made });
    return made;

    function add(name, chat) {
      services[name] = chat;
      run();
    }
    function run() {
      const due = calls;
      calls = [];
      for (const call of due) {
        const named = Array.isArray(call);
        const chat = named ? services[call[0]] : first();
        if (chat) setTimeout(named ? call[1] : call, 0, chat);
        else calls.push(call);
      }
    }
  }
  /** Calls it with what is so now, and whenever that changes. */
  function on(name, call) {
    listeners[name].add(call);
    if (name !== "ready" || host.isConnected) setTimeout(call, 0, value(name));
    return () => listeners[name].delete(call);
  }
  function value(name) {
    return { ready: chat, state: { open, running }, unread }[name];
  }
  function emit(name) {
    for (const call of listeners[name]) setTimeout(call, 0, value(name));
  }
  /**
   * Fills in the form that starts a chat. It is what the page says, and proves nothing, but for a member token that the
   * site's server has signed. With null the member has signed out.
   */
  function identify(known = {}) {
    person = known && { ...known };
    // A member's token that the frame keeps itself is told without its secret.
    if (!known && !shown && token.startsWith("member-")) load(config.watch);
    tell("hello");
  }
  function update(changes) {
    Object.assign(line, changes);
    if (open && !running) load(config.panel);
    draw();
  }
  function destroy() {
    toggle(false);
    stop.abort();
    observer.disconnect();
    host.remove();
    unread = 0;
    entitle();
    delete services[service];
  }

  // How it looks. No rule of the page reaches it, and no policy of the page for styles or types keeps it from it.

  function make(name, attributes = {}, parent, space = "http://www.w3.org/1999/xhtml") {
    const made = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (parent) parent.append(made);
    return made;
  }
  function drawing(parent, size, path) {
    const space = "http://www.w3.org/2000/svg";
    const looks = { viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true", fill: "none" };
    make("path", { d: path }, make("svg", looks, parent, space), space);
  }
  function dress() {
    style("all", "initial");
    style("position", "fixed");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "*{box-sizing:border-box;font:15px/1.5 system-ui,sans-serif}[hidden]{display:none!important}" +
      "button,.box{display:grid;place-content:center;place-items:center}" +
      "button{padding:0;border:0;cursor:pointer;color:inherit;background:none}" +
      "path{stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}" +
      ".icon,.box{position:fixed;inset-inline:auto var(--side,20px)}.left{inset-inline:var(--side,20px) auto}" +
      ".icon{--side:" + (20 + 72 * place) + "px;bottom:20px;width:56px;height:56px;border-radius:50%;" +
      "box-shadow:0 6px 20px #0003;color:" + config.onBrand + ";background:" + config.brand + "}" +
      ":focus-visible{outline:3px solid " + config.brand + ";outline-offset:3px}" +
      ".badge{position:absolute;top:-4px;inset-inline-end:-4px;min-width:22px;padding:0 5px;" +
      "border:2px solid #fff;border-radius:11px;background:#d92d20;color:#fff;font:700 12px/18px system-ui}" +
      ".box{bottom:88px;width:380px;height:min(620px,calc(100dvh - 108px));border-radius:16px;overflow:clip;" +
      "box-shadow:0 12px 48px #0003;gap:12px;padding:32px;text-align:center;color-scheme:light dark;" +
      "background:Canvas;color:CanvasText}" +
      "p{margin:0;animation:come .2s .4s both}@keyframes come{from{opacity:0}}a{color:LinkText;padding:8px}" +
      ".leave{position:absolute;top:6px;inset-inline-end:6px;width:44px;height:44px}" +
      "iframe{position:absolute;inset:0;width:100%;height:100%;border:0}.wait iframe{visibility:hidden}" +
      "@media(max-width:480px),(max-height:500px){.box{inset:0;width:100%;height:100dvh;border-radius:0}" +
      ".icon.open{display:none}}@media print{.icon,.box{display:none}}"
    );
    root.adoptedStyleSheets = [sheet];
  }
  function style(property, value) {
    host.style.setProperty(property, value, "important");
  }
  function draw() {
    const texts = config.texts[language()];
    const name = open ? texts.fold : texts.open;
    const left = line.position === "bottom-left";
    host.lang = language();
    icon.setAttribute("aria-label", unread ? texts.unread.replace("{count}", unread) : name);
    icon.setAttribute("aria-expanded", open);
    icon.classList.toggle("open", open);
    icon.classList.toggle("left", left);
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? "99+" : unread;
    box.hidden = !open;
    box.classList.toggle("wait", !ready);
    box.classList.toggle("left", left);
    said.textContent = failed ? texts.failed : texts.connecting;
    center.textContent = texts.center;
    center.hidden = !failed;
    leave.hidden = said.hidden = ready;
    leave.setAttribute("aria-label", texts.fold);
    frame.title = texts.title;
    style("z-index", 2147483000 + open); // before all; of several services the open one
    entitle();
  }
  /** The line's own, else the page's, else the reader's. */
  function language() {
    const page = document.documentElement;
    const asked = [line.language, page?.lang, ...navigator.languages, config.language];
    return asked.map((tag) => String(tag).toLowerCase().split("-")[0]).find((code) => code in config.texts);
  }
  /** One title for all services. What the page calls itself now stays in it, without what was added here before. */
  function entitle() {
    const counts = (global.counts ||= {});
    if (!unread && !(service in counts)) return; // nothing was ever added
    counts[service] = unread;
    const mark = (global.mark ||= ") " + config.texts[language()].news + " –");
    const sum = Object.values(counts).reduce((all, one) => all + one);
    document.title = (sum ? "(" + sum + mark + " " : "") + document.title.split(mark).pop().trim();
  }
  /** Plays two soft notes, in one of the tabs. Browsers keep a page silent in which nothing was done. */
  function chime() {
    if (!navigator.userActivation?.hasBeenActive) return;
    if (navigator.locks) navigator.locks.request(GLOBAL, { ifAvailable: true }, (lock) => lock && play());
    else play();
  }
  function play() {
    const audio = new AudioContext();
    [660, 880].forEach((frequency, number) => {
      const note = audio.createOscillator(), gain = audio.createGain();
      const at = audio.currentTime + 0.18 * number;
      note.frequency.value = frequency;
      gain.gain.value = 0.12;
      gain.gain.setTargetAtTime(0, at, 0.1);
      note.connect(gain).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.4);
    });
    return new Promise((done) => setTimeout(done, 900)).then(() => audio.close());
  }

  // What happens

  function toggle(wanted) {
    if (open === wanted) return;
    open = wanted;
    if (open) {
      for (const other of Object.values(services)) if (other !== chat) other.close();
      stand(running, 0);
      if (shown !== config.panel || !running || !ready) load(config.panel);
    }
    draw();
    (open ? (ready ? frame : leave) : icon).focus();
    tell("shown");
    emit("state");
  }
  /** A second load replaces the first: the reader's Back leads to the page before, not into the frame's past. */
  function load(page) {
    const topic = line.topic ? "&topic=" + encodeURIComponent(line.topic) : "";
    const address = page + "?language=" + language() + topic;
    ready = failed = false;
    if (shown && frame.contentWindow) frame.contentWindow.location.replace(address);
    else frame.src = address;
    if (!frame.parentNode) box.append(frame); // not before: even an empty frame costs a page time
    shown = page;
  }
  function loaded() {
    if (!shown || ready) return;
    setTimeout(() => {
      if (ready || failed || !(open || checks)) return;
      fail("silent", config.origin + " can’t be reached, or a page around this one may not show it.");
    }, ANSWER_MS);
  }
  function blocked(event) {
    if (event.disposition !== "enforce" || event.effectiveDirective !== "frame-src") return;
    if (shown && event.blockedURI.startsWith(config.origin)) {
      fail("blocked", "the page’s Content-Security-Policy blocks it. Add: frame-src " + config.origin);
    }
  }
  /** The visitor is led to the help center, and the site's owner is told the cure. */
  function fail(found, reason) {
    failed = true;
    ready = false;
    warn(reason);
    report(found);
    draw();
  }
  function warn(reason) {
    console.warn("Contiple chat (" + service + "): " + reason);
  }
  function report(found) {
    if (checks) window.opener.postMessage({ contipleCheck: { service, found } }, config.origin);
  }
  function tell(type) {
    if (!ready || !frame.contentWindow) return;
    const message = { type, page: location.href, focused: document.hasFocus(), shown: open };
    if (type === "hello") Object.assign(message, { token, person });
    frame.contentWindow.postMessage({ contiple: message }, config.origin);
    if (person && shown === config.panel) person.token = ""; // it counts once
  }
  /** Told once the focus has moved: into the frame is not away from the page. */
  function focused() {
    entitle();
    setTimeout(tell, 0, "focus");
  }
  function heard(event) {
    if (!event.source || event.source !== frame.contentWindow || event.origin !== config.origin) return;
    const message = event.data?.contiple || {};
    if (message.type === "close") chat.close();
    else if (message.type === "ready") becomeReady();
    else if (message.type === "state") stand(message.running === true, message.unread);
    else if (message.type === "refused") warn(message.reason);
    else if (message.type === "keep") {
      token = String(message.token);
      keep();
    }
  }
  function becomeReady() {
    const waits = open && root.activeElement === leave;
    ready = true;
    failed = false;
    draw();
    report("works");
    if (waits) frame.focus();
    tell("hello");
  }
  /** The count is left out as long as the frame doesn't know it. */
  function stand(runs, count) {
    const changed = runs !== running, counted = count !== undefined && count !== unread;
    if (count > unread) chime();
    running = runs;
    if (counted) unread = Number(count);
    keep();
    draw();
    if (changed) emit("state");
    if (counted) emit("unread");
  }

  /**
   * What the next page must know: that a chat runs, how much is unread, and, where the frame has no storage that lasts,
   * the token by which the customer is known. If this page has none either, the chat lasts as long as the page.
   */
  function keep() {
    try {
      if (running || unread || token) localStorage.setItem(key, JSON.stringify({ running, unread, token }));
      else localStorage.removeItem(key);
    } catch {}
  }
  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(key));
      if (kept) ({ running, unread, token } = kept);
    } catch {}
  }
  /** Another tab has begun a chat. */
  function changed(event) {
    if (event.key !== key || !event.newValue) return;
    recall();
    if (running && !shown) load(config.watch);
    else tell("hello");
    draw();
  }

  /**
   * Stands beside the body, once there is one: then it outlives a body that is replaced, and a body that is transformed
   * doesn't move it. If something empties the page, it comes back a moment later, and its frame begins anew.
   */
  function stay() {
    const page = document.documentElement;
    if (stop.signal.aborted) return;
    listen();
    observer.observe(document, { childList: true });
    if (page) observer.observe(page, { childList: true });
    if (host.isConnected || !page || !document.body) return;
    const again = shown || ((running || unread || checks) && config.watch);
    shown = "";
    if (again) load(again);
    page.append(host);
    draw();
    emit("ready");
  }
  /** A second time changes nothing, but for a page that is written anew: its listeners are gone, ours among them. */
  function listen() {
    const until = { signal: stop.signal };
    icon.addEventListener("click", chat.toggle, until);
    leave.addEventListener("click", chat.close, until);
    frame.addEventListener("load", loaded, until);
    window.addEventListener("message", heard, until);
    window.addEventListener("storage", changed, until);
    window.addEventListener("focus", focused, until);
    window.addEventListener("blur", focused, until);
    window.navigation?.addEventListener("navigatesuccess", focused, until);
    document.addEventListener("securitypolicyviolation", blocked, until);
  }
})(CONFIG, document.currentScript);
