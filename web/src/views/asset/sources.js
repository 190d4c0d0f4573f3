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

const HEADS = [
  "Column",
  "Source",
  "Known days",
  "From",
  "To",
  "Freshness",
  "What the row of a day has",
];

/** @param {Overview} overview @param {Asset} asset */
export function sources(overview, asset) {
  return h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Sources and freshness")),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Sources and freshness" },
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            HEADS.map((text, index) =>
              h("th", { scope: "col", class: index === 2 ? "number" : null }, text),
            ),
          ),
        ),
        h(
          "tbody",
          null,
          overview.columns.map((column) => row(asset, column)),
        ),
      ),
    ),
  );
}

/** @param {Asset} asset @param {Column} column */
function row(asset, column) {
  const [days, first, last] = asset.coverage[column.name] ?? [];
  const known = days ? `${count(days)} (${share(days / asset.days)})` : UNKNOWN;
  return h(
    "tr",
    null,
    h("th", { scope: "row", title: column.name }, title(column.name)),
    h("td", null, h("code", null, column.source ?? UNKNOWN)),
    h("td", { class: "number" }, known),
    h("td", null, first ?? UNKNOWN),
    h("td", null, last ?? UNKNOWN),
    h("td", null, freshness(asset, column)),
    h(
      "td",
      { class: "meaning" },
      [column.meaning, column.unit, column.time].filter(Boolean).join("; "),
    ),
  );
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
