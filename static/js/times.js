// Times in the reader's zone and language. The server writes ISO times; `data-format` says how they are shown.

const language = document.documentElement.lang || "en";
const formats = {
  time: new Intl.DateTimeFormat(language, { timeStyle: "short", hourCycle: "h23" }),
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  datetime: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }),
  day: new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "long" }),
};

export function formatTime(date, format = "datetime") {
  return formats[format].format(date);
}

export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

let ahead = 0; // milliseconds by which the server's clock is ahead of this computer's

/** The moment by the server's clock, if an element has told it in `data-now` (milliseconds). */
export function serverNow() {
  return new Date(Date.now() + ahead);
}

/** Takes it from an element that has just come. */
export function takeServerNow(element) {
  ahead = Number(element.dataset.now) - Date.now();
}

/** Minutes and seconds since `date`, as 0:24. */
export function elapsed(date, now = serverNow()) {
  const seconds = Math.max(0, Math.floor((now - date) / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const days = {
  week: new Intl.DateTimeFormat(language, { weekday: "long" }),
  year: new Intl.DateTimeFormat(language, { month: "long", day: "numeric" }),
};

/** When something opens, as part of a sentence: `near` and `far` are patterns with a day and a time. */
export function openingTime(date, { near, far }, now = new Date()) {
  const ahead = Math.round((new Date(date).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86_400_000);
  const day = ahead < 2 ? relative.format(ahead, "day") : days[ahead < 7 ? "week" : "year"].format(date);
  const time = `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
  return (ahead < 2 ? near : far).replace("%(day)s", day).replace("%(time)s", time);
}

export function localiseTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const format = time.dataset.format || "datetime";
    time.textContent = shown(date, format, time);
    if (format.endsWith("time")) time.title = formatTime(date);
  }
}

function shown(date, format, time) {
  if (format === "opening") return openingTime(date, time.dataset);
  if (format === "datetime" && dayKey(date) === dayKey(new Date())) return momentOfToday(date, time);
  return format === "elapsed" ? elapsed(date) : formatTime(date, format);
}

/** "Today 09:30", and "today 09:30" inside a sentence. */
function momentOfToday(date, time) {
  const text = `${relative.format(0, "day")} ${formatTime(date, "time")}`;
  return time.previousSibling?.textContent.trim() ? text : text[0].toUpperCase() + text.slice(1);
}

let today = dayKey(new Date());

function tick() {
  if (today !== dayKey(new Date())) {
    today = dayKey(new Date());
    localiseTimes();
  }
  for (const time of document.querySelectorAll("time[data-format=elapsed]")) {
    if (time.dateTime) time.textContent = elapsed(new Date(time.dateTime));
  }
}

localiseTimes();
document.addEventListener("htmx:load", (event) => localiseTimes(event.target));
setInterval(tick, 1000);
