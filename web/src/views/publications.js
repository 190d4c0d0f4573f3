/**
 * What was published: the versions, and how the newest differs from the one before.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/overview.js").Overview} Overview
 * @typedef {import("../data/overview.js").Changes} Changes
 * @typedef {import("../data/overview.js").Difference} Difference
 */
import { exactly, title } from "../columns.js";
import { called } from "../data/overview.js";
import { minute } from "../days.js";
import { h } from "../dom.js";
import { change, count, counted, direction, UNKNOWN } from "../format.js";
import { link } from "../router.js";
import { table } from "./table.js";

/** @param {App} app */
export function changes(app) {
  const found = app.overview.published?.changes;
  const place = h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "What changed since the last publication")),
  );
  if (!found) {
    place.append(
      h("p", { class: "hint" }, "There is no publication before this one to compare with."),
    );
    return place;
  }
  place.append(
    h(
      "p",
      { class: "hint" },
      h("code", null, found.from),
      " → ",
      h("code", null, found.to),
      found.mapping_changed ? " The mapping changed." : "",
    ),
    ...moved(found),
  );
  if (!found.totals.length)
    place.append(h("p", null, "Nothing that was published has another value now."));
  else {
    place.append(
      table(
        "Changes by reason",
        ["Reason", ["Values"], ["Assets"], "Columns"],
        found.totals.map(({ why, meaning, cells, assets, columns }) => [
          ...[
            h("span", { title: why }, meaning),
            count(cells),
            count(assets),
            columns.map(title).join(", "),
          ],
        ]),
      ),
    );
  }
  if (found.largest.length) place.append(h("h3", null, "The largest"), largest(app, found.largest));
  return place;
}

/** What came and what left. @param {Changes} found */
function moved({ came, left, columns_came: columnsCame, columns_left: columnsLeft }) {
  const facts = [
    [came, "asset came", "assets came"],
    [left, "asset left", "assets left"],
    [columnsCame, "column came", "columns came"],
    [columnsLeft, "column left", "columns left"],
  ];
  return facts.flatMap(([names, one, many]) =>
    names.length
      ? [
          h(
            "p",
            null,
            `${counted(names.length, String(one), String(many))}: `,
            h("bdi", null, [...names].join(", ")),
          ),
        ]
      : [],
  );
}

/** @param {App} app @param {Difference[]} all */
function largest({ overview, assets }, all) {
  return table(
    "The largest changes",
    ["Asset", "Column", "Day", ["Before"], ["After"], ["Change"], ["Values"], "Reason"],
    all.map((one) => {
      const column = overview.columns.find(({ name }) => name === one.column);
      const value = (/** @type {number | null} */ number) =>
        column ? exactly(column, number) : String(number ?? UNKNOWN);
      const asset = assets.get(one.canonical_id);
      const name = h("bdi", null, asset ? called(asset) : one.canonical_id);
      return [
        asset
          ? h("a", { href: link(["asset", asset.id], { from: one.first, to: one.last }) }, name)
          : name,
        ...[title(one.column), one.day, value(one.before), value(one.after)],
        h("span", { class: direction(one.change) }, change(one.change, 2)),
        ...[count(one.cells), one.why],
      ];
    }),
    "low",
  );
}

/** @param {Overview} overview */
export function history({ published }) {
  const place = h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Publications")),
  );
  if (!published?.history.length) {
    place.append(h("p", { class: "hint" }, "No history lies beside the file."));
    return place;
  }
  place.append(
    table(
      "Publications, the newest first",
      [["#"], "Published", "As of", "Version", ["Rows"], ["Assets"], "Remarks"],
      published.history.map((one) => [
        ...[
          count(one.sequence),
          minute(one.published_at),
          minute(one.as_of),
          h("code", null, one.version),
        ],
        ...[count(one.rows), count(one.assets), remarks(one)],
      ]),
      "low",
    ),
  );
  return place;
}

/** @param {import("../data/overview.js").Publication} one */
function remarks({ forced, rollback_of: back, rollback_reason: why, warnings }) {
  const all = [
    forced ? `forced: ${forced}` : "",
    back ? `rollback of ${back}: ${why ?? ""}` : "",
    ...(warnings ?? []),
  ].filter(Boolean);
  return h("span", { class: "remarks" }, all.join("; ") || UNKNOWN);
}
