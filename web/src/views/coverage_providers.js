/**
 * Coverage by provider: its columns, how far each reaches, how many assets have it.
 *
 * @typedef {import("../data/overview.js").Overview} Overview
 * @typedef {import("../data/overview.js").Column} Column
 */
import { title } from "../columns.js";
import { h } from "../dom.js";
import { count, counted, share, UNKNOWN } from "../format.js";
import { table } from "./table.js";

const HEADS = [
  "Column",
  "Source",
  ["Assets"],
  ["Days known"],
  "Through",
  "Behind",
  ["Stale assets"],
  "Why values are missing",
];

/** @param {Overview} overview */
export function providers(overview) {
  const names = [
    ...new Set(overview.columns.map(({ provider }) => provider ?? "no provider named")),
  ];
  return h(
    "div",
    { class: "sections" },
    names.map((name) => {
      const columns = overview.columns.filter(
        ({ provider }) => (provider ?? "no provider named") === name,
      );
      const rows = columns.map((column) => row(overview, column));
      return h(
        "section",
        { class: "panel" },
        h("div", { class: "panel-head" }, h("h2", null, h("bdi", null, name))),
        table(`Columns of ${name}`, HEADS, rows),
      );
    }),
  );
}

/** @param {Overview} overview @param {Column} column */
function row({ assets }, column) {
  const covers = assets
    .map(({ coverage }) => coverage[column.name])
    .filter((cover) => cover !== undefined);
  const known = covers.reduce((sum, [days]) => sum + days, 0);
  const days = assets.reduce((sum, asset) => sum + asset.days, 0);
  const stale = covers.filter(([, , , late]) => late).length;
  const behind = column.behind;
  return [
    title(column.name),
    h("code", null, column.source ?? UNKNOWN),
    `${count(covers.length)} of ${count(assets.length)}`,
    days ? share(known / days) : UNKNOWN,
    column.through ?? UNKNOWN,
    late(behind),
    count(stale),
    h("div", { class: "meaning" }, reasons(assets.flatMap(({ why }) => why[column.name] ?? []))),
  ];
}

/** @param {number | null} days */
function late(days) {
  if (days === null) return UNKNOWN;
  const text = days ? `${counted(days, "day")} behind` : "fresh";
  return h("span", { class: `badge ${days ? "warn" : "good"}` }, text);
}

/** The three reasons that are given most often. @param {string[]} all */
function reasons(all) {
  /** @type {Map<string, number>} */
  const times = new Map();
  for (const why of all) times.set(why, (times.get(why) ?? 0) + 1);
  const sorted = [...times].sort(([, one], [, other]) => other - one);
  const told = sorted.slice(0, 3).map(([why, times]) => `${why} (${counted(times, "asset")})`);
  if (sorted.length > 3) told.push(counted(sorted.length - 3, "other reason"));
  return told.join("; ") || UNKNOWN;
}
