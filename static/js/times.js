// Times in the reader's zone and language. The server writes ISO times; `data-format` says how they are shown.

const language = document.documentElement.lang || "en";
const formats = {
  time: new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
  datetime: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "long" }),
};

export function formatTime(date, format = "datetime") {
  return formats[format].format(date);
}

export function dayKey(date) {
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** Minutes and seconds since `date`, as 0:24. */
export function elapsed(date, now = new Date()) {
  const seconds = Math.max(0, Math.floor((now - date) / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

export function localiseTimes(root = document) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    const format = time.dataset.format || "datetime";
    time.textContent = format === "elapsed" ? elapsed(date) : formatTime(date, format);
    if (format === "time") time.title = formatTime(date);
  }
}

function tick() {
  for (const time of document.querySelectorAll("time[data-format=elapsed]")) {
    time.textContent = elapsed(new Date(time.dateTime));
  }
}

localiseTimes();
document.addEventListener("htmx:load", (event) => localiseTimes(event.target));
setInterval(tick, 1000);
