/**
 * The axes of a chart: days in UTC below, amounts at the side.
 *
 * @typedef {import("uplot")} uPlot
 * @typedef {import("uplot").Axis} Axis
 */
import { colour } from "../theme.js";

export const SECONDS = 86_400; // uPlot counts time in seconds
const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY_STEPS = [1, 2, 3, 7, 14].map((days) => days * SECONDS);

/** @returns {Axis} */
export function dayAxis() {
  return {
    ...look(),
    size: 26,
    space: 64,
    incrs: [...DAY_STEPS, ...[30, 61, 91, 182, 365, 730, 1826].map((days) => days * SECONDS)],
    splits: (_, __, min, max, increment) => splits(min, max, increment),
    values: (_, all, __, ___, increment) => all.map((time) => label(time, increment)),
  };
}

/** @param {(value: number) => string} shown @param {Partial<Axis>} [more] @returns {Axis} */
export function amountAxis(shown, more = {}) {
  return {
    ...look(),
    size: 58,
    space: 34,
    values: (_, all) => all.map((value) => (value === null ? "" : shown(value))),
    ...more,
  };
}

/** @returns {Axis} */
function look() {
  const line = colour("line");
  return {
    stroke: colour("soft"),
    font: FONT,
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    border: { show: false },
  };
}

/** Ticks at the beginning of months or years, as people count, or every so many days. */
function splits(
  /** @type {number} */ min,
  /** @type {number} */ max,
  /** @type {number} */ increment,
) {
  const found = [];
  const months = Math.round(increment / SECONDS / 30.4);
  if (months < 1) {
    for (let at = Math.ceil(min / increment) * increment; at <= max; at += increment)
      found.push(at);
    return found;
  }
  const start = new Date(min * 1000);
  let month = start.getUTCFullYear() * 12 + start.getUTCMonth();
  month = Math.ceil(month / months) * months;
  for (;;) {
    const at = Date.UTC(Math.floor(month / 12), month % 12) / 1000;
    if (at > max) return found;
    if (at >= min) found.push(at);
    month += months;
  }
}

/** @param {number} time @param {number} increment */
function label(time, increment) {
  const date = new Date(time * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (increment >= 300 * SECONDS) return `${year}`;
  if (increment >= 28 * SECONDS) return month === 0 ? `${year}` : MONTHS[month];
  return `${date.getUTCDate()} ${MONTHS[month]}`;
}
