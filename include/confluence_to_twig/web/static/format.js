// Numbers, times and words as the page writes them.

const NUMBER = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MOMENT = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: "UTC",
});
const HOUR = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export const number = (value) => NUMBER.format(value);
export const compact = (value) => (Math.abs(value) < 10_000 ? NUMBER.format(value) : COMPACT.format(value));
export const day = (time) => DAY.format(new Date(time));
export const hour = (time) => HOUR.format(new Date(time));
export const moment = (time) => `${MOMENT.format(new Date(time))} UTC`;
export const percent = (share) => `${Math.floor(share * 1000) / 10} %`;

/** "1 page", "1,200 pages". */
export function count(value, word, plural = `${word}s`) {
  return `${number(value)} ${value === 1 ? word : plural}`;
}

/** "3 hours ago", "in 2 days", "just now". */
export function relative(time, now = Date.now()) {
  const seconds = (new Date(time) - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  if (unit === "second") return seconds > 0 ? "in a moment" : "just now";
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** How long ago, without "ago": "3 hours". */
export function age(time, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(time)) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["minute", 60];
  return count(Math.max(1, Math.trunc(seconds / size)), unit);
}

/** "14 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds) {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3_600)} h${Math.floor((whole % 3_600) / 60) ? ` ${Math.floor((whole % 3_600) / 60)} min` : ""}`;
}

/** How long a run worked, and what it waited for: "14 s", "14 s, waited 3 min". */
export function worked({ seconds, waited }) {
  return waited < 60 ? duration(seconds) : `${duration(seconds)}, waited ${duration(waited)}`;
}

/** Airflow's name of a run as staging names its folder. */
export const folderOf = (runId) => runId.replace(/[^A-Za-z0-9._-]/g, "_");
