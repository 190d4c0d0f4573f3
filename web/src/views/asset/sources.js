/**
 * Of each column of an asset: where it comes from, what it means, and how far it is known.
 *
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../data/overview.js").Overview} Overview
 * @typedef {import("../../data/overview.js").Column} Column
 */
import { title } from "../../columns.js";
import { h } from "../../dom.js";
import { count, counted, share, UNKNOWN } from "../../format.js";
import { table } from "../table.js";

const HEADS = [
  "Column",
  "Source",
  ["Known days"],
  "From",
  "To",
  "Freshness",
  "What the row of a day has",
];

/** @param {Overview} overview @param {Asset} asset */
export function sources(overview, asset) {
  const rows = overview.columns.map((column) => row(asset, column));
  return h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Sources and freshness")),
    table("Sources and freshness", HEADS, rows),
  );
}

/** @param {Asset} asset @param {Column} column */
function row(asset, column) {
  const [days, first, last] = asset.coverage[column.name] ?? [];
  const meaning = [column.meaning, column.unit, column.time].filter(Boolean).join("; ");
  return [
    h("span", { title: column.name }, title(column.name)),
    h("code", null, column.source ?? UNKNOWN),
    days ? `${count(days)} (${share(days / asset.days)})` : UNKNOWN,
    first ?? UNKNOWN,
    last ?? UNKNOWN,
    freshness(asset, column),
    h("div", { class: "meaning" }, meaning),
  ];
}

/** @param {Asset} asset @param {Column} column */
function freshness(asset, column) {
  const cover = asset.coverage[column.name];
  const why = asset.why[column.name] ?? "";
  if (!cover) return h("span", { class: "none" }, why || "never known");
  const behind = cover[3];
  if (behind === null) return h("span", { class: "none" }, UNKNOWN);
  if (!behind) return h("span", { class: "badge good" }, "fresh");
  return h(
    "span",
    null,
    h("span", { class: "badge warn" }, `${counted(behind, "day")} behind`),
    " ",
    why,
  );
}
