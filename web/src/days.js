/**
 * Days are whole numbers since 1970-01-01, instants are ISO texts; all of them are UTC.
 *
 * @typedef {number} Day
 */

const LENGTH = 86_400_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** "2026-03-14" as a day; null for what is none. @param {unknown} text @returns {Day | null} */
export function day(text) {
  if (typeof text !== "string" || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const found = Date.parse(`${text}T00:00:00Z`) / LENGTH;
  return Number.isNaN(found) || iso(found) !== text ? null : found; // there is no 30 February
}

/** @param {Day} value */
export const iso = (value) => new Date(value * LENGTH).toISOString().slice(0, 10);

/** "14 Mar 2026", for people. @param {Day} value */
export function long(value) {
  const date = new Date(value * LENGTH);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** A day from the microseconds of a parquet time stamp. @param {bigint} micros @returns {Day} */
export const ofMicros = (micros) => Number(micros / 86_400_000_000n);

/** The day that is not over, by the browser's clock. @returns {Day} */
export const today = () => Math.floor(Date.now() / LENGTH);

/** "2026-03-14 10:30 UTC" from an ISO instant. @param {string | null | undefined} instant */
export function minute(instant) {
  const time = Date.parse(instant ?? "");
  if (Number.isNaN(time)) return "–";
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Seconds as "6.8 s", "4 min 48 s" or "1 h 5 min". @param {number | null | undefined} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
