/**
 * The head of an asset: what it is called, its price, and the newest value of each column.
 *
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../data/overview.js").Overview} Overview
 * @typedef {import("../../data/overview.js").Column} Column
 */
import { shown, title } from "../../columns.js";
import { called, ticker } from "../../data/overview.js";
import { h } from "../../dom.js";
import { change, direction, UNKNOWN } from "../../format.js";
import { link } from "../../router.js";
import { newest, said } from "../value.js";

const CHANGES = /** @type {const} */ ([
  ["d1", "24 h"],
  ["d7", "7 d"],
  ["d30", "30 d"],
]);

/** @param {Asset} asset */
export function heading(asset) {
  return h(
    "div",
    { class: "asset-head" },
    h("h1", null, h("bdi", null, called(asset))),
    h("bdi", { class: "ticker" }, ticker(asset)),
    asset.rank === null ? null : h("span", { class: "badge" }, `# ${asset.rank}`),
    h("code", { class: "id" }, asset.id),
    h(
      "span",
      { class: "changes" },
      CHANGES.map(([key, text]) => {
        const fraction = asset.change?.[key];
        return h(
          "span",
          { class: direction(fraction), title: `to the end of ${asset.change?.day ?? UNKNOWN}` },
          h("span", { class: "hint" }, `${text} `),
          change(fraction),
        );
      }),
    ),
  );
}

/** @param {Overview} overview @param {Asset} asset */
export function stats(overview, asset) {
  return h(
    "dl",
    { class: "stats" },
    overview.columns.map((column) => stat(overview, asset, column)),
  );
}

/** @param {Overview} overview @param {Asset} asset @param {Column} column */
function stat(overview, asset, column) {
  const found = newest(overview, asset, column);
  const known = found.value !== null;
  const text = shown(column, found.value);
  const below = known ? found.day : found.why;
  return h(
    "div",
    { class: "stat", title: said(column, found) },
    h("dt", null, title(column.name)),
    h(
      "dd",
      { class: known ? "" : "none" },
      known ? h("a", { href: link(["explain", asset.id, column.name, found.day]) }, text) : text,
    ),
    h(
      "dd",
      { class: found.old ? "below stale" : "below" },
      below,
      found.open ? " · open" : null,
      found.old ? ` · ${found.old} d behind` : null,
    ),
  );
}
