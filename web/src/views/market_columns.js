/**
 * The columns of the market: rank, name, price and its changes, then all others as they come.
 *
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {import("../data/overview.js").Overview} Overview
 * @typedef {import("../data/overview.js").Column} Column
 * @typedef {{ name: string, title: string, kind: string, meaning?: string, falls?: boolean,
 *   key?: (asset: Asset) => number | string | null,
 *   cell: (asset: Asset) => HTMLElement }} MarketColumn
 */
import { sparkline } from "../charts/spark.js";
import { brief } from "../columns.js";
import { called, ticker } from "../data/overview.js";
import { h } from "../dom.js";
import { change, direction, UNKNOWN } from "../format.js";
import { link } from "../router.js";
import { valueCell } from "./value.js";

/** Candles say little beside the close; the asset's own view has them. */
const LEFT_OUT = new Set(["open", "high", "low"]);
const CHANGES = /** @type {const} */ ([
  ["d1", "24 h"],
  ["d7", "7 d"],
  ["d30", "30 d"],
]);

/** @param {Overview} overview @returns {MarketColumn[]} */
export function marketColumns(overview) {
  const close = overview.columns.find(({ name }) => name === "close");
  const others = overview.columns.filter(({ name }) => name !== "close" && !LEFT_OUT.has(name));
  return [
    rank,
    name,
    ...(close ? [value(overview, close)] : []),
    ...CHANGES.map(([key, title]) => changed(key, title)),
    spark,
    ...others.map((column) => value(overview, column)),
  ];
}

/** @type {MarketColumn} */
const rank = {
  name: "rank",
  title: "#",
  kind: "number rank",
  meaning: "place by market capitalisation as the provider lists the assets",
  key: (asset) => asset.rank,
  cell: (asset) => h("td", { class: "number rank" }, asset.rank ?? UNKNOWN),
};

/** @type {MarketColumn} */
const name = {
  name: "name",
  title: "Asset",
  kind: "name",
  key: (asset) => called(asset).toLowerCase(),
  cell: (asset) =>
    h(
      "th",
      { scope: "row", class: "name" },
      h(
        "a",
        { class: "asset", href: link(["asset", asset.id]), title: asset.id },
        h("bdi", null, called(asset)),
      ),
      " ",
      h("bdi", { class: "ticker" }, ticker(asset)),
    ),
};

/** @type {MarketColumn} */
const spark = {
  name: "sparkline",
  title: "30 days",
  kind: "spark",
  cell: (asset) =>
    h("td", { class: "spark" }, sparkline(asset.sparkline ?? [], direction(asset.change?.d30))),
};

/** @param {"d1" | "d7" | "d30"} key @param {string} title @returns {MarketColumn} */
function changed(key, title) {
  return {
    name: key,
    title,
    kind: "number",
    meaning: `change of the closing price over ${title}, between closed days`,
    falls: true,
    key: (asset) => asset.change?.[key] ?? null,
    cell: (asset) => {
      const fraction = asset.change?.[key];
      const known = fraction !== null && fraction !== undefined;
      const why = known
        ? `over ${title} to the end of ${asset.change?.day}`
        : "one of the two prices is unknown";
      return h("td", { class: `number ${direction(fraction)}`, title: why }, change(fraction));
    },
  };
}

/** @param {Overview} overview @param {Column} column @returns {MarketColumn} */
function value(overview, column) {
  return {
    name: column.name,
    title: brief(column.name),
    kind: "number",
    meaning: [column.meaning, column.unit].filter(Boolean).join(", in "),
    falls: true,
    key: (asset) => asset.last[column.name]?.[0] ?? null,
    cell: (asset) => valueCell(overview, asset, column),
  };
}
