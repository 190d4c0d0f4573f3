/**
 * The charts of an asset: each reads its own columns, when it comes into sight.
 *
 * @typedef {import("../../main.js").App} App
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../data/overview.js").Column} Column
 * @typedef {import("../../data/series.js").Series} Series
 * @typedef {import("../../charts/chart.js").Plot} Plot
 * @typedef {{ title: string, names: string[], fixed?: [number, number], log?: boolean }} Group
 */
import { Chart } from "../../charts/chart.js";
import { exactly, onAxis, title } from "../../columns.js";
import { told } from "../../data/trouble.js";
import { day, iso } from "../../days.js";
import { h } from "../../dom.js";
import { link } from "../../router.js";
import { compared } from "./compare.js";

/** @type {Group[]} */
const GROUPS = [
  { title: "Price and volume", names: ["close", "volume"], log: true },
  { title: "Market cap", names: ["market_cap"], log: true },
  { title: "Total value locked", names: ["chain_tvl", "protocol_tvl"] },
  { title: "DEX volume", names: ["dex_volume"] },
  {
    title: "Galaxy Score and sentiment",
    names: ["lc_galaxy_score", "lc_sentiment"],
    fixed: [0, 100],
  },
  { title: "Open, high and low", names: ["open", "high", "low"], log: true },
];
const AMOUNTS = new Set(["volume", "dex_volume"]);
const TALL = 340;

export class Panels {
  /** @param {App} app @param {Asset} asset @param {import("../../charts/span.js").Span} span */
  constructor(app, asset, span, /** @type {import("../asset.js").Choice} */ choice) {
    this.app = app;
    this.asset = asset;
    this.choice = choice;
    this.setting = {
      ...{ span, signal: app.signal, synthetic: app.overview.synthetic === true },
      openDay: day(app.overview.open_day),
    };
    this.groups = grouped(app.overview.columns);
    this.charts = this.groups.map(() => new Chart(this.setting));
    this.groups.forEach((group, index) => {
      this.charts[index].heading.textContent = group.title;
      this.#unknown(group, this.charts[index]);
    });
    span.listeners.add(() => {
      if (this.choice.vs.length) void this.first(); // another first day to index to
    });
    this.element = h(
      "div",
      { class: "panels" },
      this.charts.map(({ element }) => element),
    );
  }

  /** The first chart at once; the others after it, as far as they are in sight. */
  async start() {
    if (!this.charts.length) return;
    await this.first();
    if (this.app.signal.aborted) return;
    const seen = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          seen.unobserve(target);
          void this.#draw(this.charts.findIndex(({ element }) => element === target));
        }
      },
      { rootMargin: "200px" },
    );
    this.app.signal.addEventListener("abort", () => seen.disconnect());
    for (const { element } of this.charts.slice(1)) seen.observe(element);
    this.started = true;
  }

  /** Draw the first chart, or after a change all whose scale can be chosen. */
  async first() {
    await this.#draw(0);
    if (!this.started) return;
    this.charts.forEach((chart, index) => {
      if (index && chart.what && this.groups[index].log) void this.#draw(index);
    });
  }

  /** @param {number} index */
  async #draw(index) {
    const chart = this.charts[index];
    const group = this.groups[index];
    const { asset, app, choice, setting } = this;
    try {
      const plot =
        index === 0 && choice.vs.length
          ? await compared(app, asset, choice, setting.span)
          : await this.#plot(group);
      if (app.signal.aborted) return;
      if (plot) chart.show({ ...plot, height: index === 0 ? TALL : undefined });
      else this.#unknown(group, chart);
    } catch (error) {
      if (app.signal.aborted) return;
      const { message, next } = told(error);
      chart.tell(group.title, `${message} ${next}`);
    }
  }

  /** @param {Group} group @returns {Promise<Plot | null>} */
  async #plot({ title: heading, names, fixed, log }) {
    const { app, asset, choice } = this;
    const known = names.filter((name) => name in asset.last);
    if (!known.length || !app.lake) return null;
    const series = await app.lake.series(asset, known);
    const columns = known.map((name) => /** @type {Column} */ (this.#column(name)));
    return {
      ...{ title: heading, days: daysOf(series), fixed, log: log && choice.log },
      axis: onAxis(columns[0]),
      lines: columns.map((column, index) => ({
        label: title(column.name),
        colour: column.name === "volume" && index ? "bars" : `series-${index + 1}`,
        kind: AMOUNTS.has(column.name)
          ? /** @type {const} */ ("bars")
          : /** @type {const} */ ("line"),
        scale: column.name === "volume" && index ? "low" : undefined,
        values: series.values.get(column.name) ?? [],
        explained: (on) => link(["explain", asset.id, column.name, iso(on)]),
        exactly: (value) => exactly(column, value),
      })),
    };
  }

  /** Say why there is no chart, where none of its columns was ever known. @param {Group} group */
  #unknown({ title: heading, names }, /** @type {Chart} */ chart) {
    if (names.some((name) => name in this.asset.last)) return;
    const reasons = names.map((name) => this.asset.why[name]).filter(Boolean);
    chart.tell(heading, `Unknown: ${[...new Set(reasons)].join("; ") || "no day has a value"}.`);
  }

  /** @param {string} name */
  #column(name) {
    return this.app.overview.columns.find((column) => column.name === name);
  }
}

/** @param {Series} series */
const daysOf = ({ first, length }) => Array.from({ length }, (_, index) => first + index);

/**
 * The groups of what is published; a column that no group knows has one of its own.
 *
 * @param {Column[]} columns
 * @returns {Group[]}
 */
function grouped(columns) {
  const names = columns.map(({ name }) => name);
  const known = GROUPS.map((group) => ({
    ...group,
    names: group.names.filter((name) => names.includes(name)),
  })).filter((group) => group.names.length);
  const others = names.filter((name) => !known.some((group) => group.names.includes(name)));
  return [...known, ...others.map((name) => ({ title: title(name), names: [name] }))];
}
