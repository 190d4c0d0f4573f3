/**
 * The daily values of an asset without holes: a day without a row is there, with nothing known.
 *
 * @typedef {import("../days.js").Day} Day
 * @typedef {import("./overview.js").Asset} Asset
 * @typedef {(number | null)[]} Values
 * @typedef {{ first: Day, length: number, values: Map<string, Values> }} Series
 */
import { ofMicros } from "../days.js";
import { Published } from "./parquet.js";
import { Trouble } from "./trouble.js";

const KEPT = 8; // assets: those compared, and those that the reader just came from

export class Lake {
  /** @param {{ path: string, bytes: number }} file */
  constructor(file) {
    this.published = new Published(file);
    /** @type {Map<string, Map<string, Promise<Values>>>} */
    this.kept = new Map();
    /** @type {Map<string, Promise<Day[]>>} */
    this.dates = new Map();
  }

  /**
   * @param {Asset} asset
   * @param {string[]} names
   * @returns {Promise<Series>}
   */
  async series(asset, names) {
    const columns = this.#recent(asset.id);
    const missing = names.filter((name) => !columns.has(name));
    if (missing.length) this.#ask(asset, columns, missing);
    const dates = await /** @type {Promise<Day[]>} */ (this.dates.get(asset.id));
    const first = dates[0] ?? 0;
    const length = dates.length ? dates[dates.length - 1] - first + 1 : 0;
    const values = new Map();
    for (const name of names) values.set(name, await columns.get(name));
    return { first, length, values };
  }

  /** What is kept of an asset, which now is the one used last. @param {string} id */
  #recent(id) {
    const columns = this.kept.get(id) ?? new Map();
    this.kept.delete(id);
    this.kept.set(id, columns);
    for (const old of [...this.kept.keys()].slice(0, -KEPT)) {
      this.kept.delete(old);
      this.dates.delete(old);
    }
    return columns;
  }

  /** One reading brings all columns that are missing. @param {Asset} asset */
  #ask(asset, /** @type {Map<string, Promise<Values>>} */ columns, /** @type {string[]} */ names) {
    const reading = this.published.read(asset, ["date", ...names]);
    const dates = reading.then((found) => ascending(asset, found.get("date") ?? []));
    const forget = () => names.forEach((name) => columns.delete(name));
    reading.catch(forget);
    dates.catch(() => this.dates.delete(asset.id));
    if (!this.dates.has(asset.id)) this.dates.set(asset.id, dates);
    for (const name of names) {
      const values = Promise.all([dates, reading]).then(([days, found]) =>
        dense(days, found.get(name) ?? []),
      );
      values.catch(forget);
      columns.set(name, values);
    }
  }
}

/** @param {Asset} asset @param {unknown[]} stamps @returns {Day[]} */
function ascending(asset, stamps) {
  const days = stamps.map((stamp) => (typeof stamp === "bigint" ? ofMicros(stamp) : NaN));
  if (!days.every((day, index) => index === 0 || day > days[index - 1]) || Number.isNaN(days[0])) {
    throw new Trouble(`The days of ${asset.id} are not in order.`, "Export the dashboard again.");
  }
  return days;
}

/** @param {Day[]} days @param {unknown[]} values @returns {Values} */
function dense(days, values) {
  if (!days.length) return [];
  const all = new Array(days[days.length - 1] - days[0] + 1).fill(null);
  days.forEach((day, index) => (all[day - days[0]] = number(values[index])));
  return all;
}

/** @param {unknown} value */
function number(value) {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "bigint" ? Number(value) : null;
}
