/**
 * The newest value of an asset: its age where it is old, the reason where there is none.
 *
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {import("../data/overview.js").Overview} Overview
 * @typedef {import("../data/overview.js").Column} Column
 * @typedef {{ value: number | null, day: string | null, old: number, open: boolean,
 *   why: string }} Newest  old: days that it is behind what its source has settled
 */
import { exactly, shown, title } from "../columns.js";
import { day } from "../days.js";
import { h, spoken } from "../dom.js";
import { counted, UNKNOWN } from "../format.js";
import { link } from "../router.js";

/** @param {Overview} overview @param {Asset} asset @param {Column} column @returns {Newest} */
export function newest(overview, asset, column) {
  const [value, on] = asset.last[column.name] ?? [null, null];
  const due = day(column.last_closed ?? overview.closed_through);
  const at = day(on);
  const why = asset.why[column.name] ?? (value === null ? "no day has a value" : "");
  return {
    value,
    day: on,
    old: due !== null && at !== null ? Math.max(0, due - at) : 0,
    open: on !== null && on === overview.open_day,
    why,
  };
}

/** Everything about it in a line. @param {Column} column @param {Newest} found */
export function said(column, found) {
  if (found.value === null) return `${title(column.name)}: unknown, ${found.why}`;
  const parts = [`${title(column.name)}: ${exactly(column, found.value)}`, `on ${found.day}`];
  if (found.open) parts.push("a day that is not over");
  if (found.old) parts.push(`${counted(found.old, "day")} behind`, found.why);
  return parts.filter(Boolean).join(", ");
}

/** @param {Overview} overview @param {Asset} asset @param {Column} column */
export function valueCell(overview, asset, column) {
  const found = newest(overview, asset, column);
  if (found.value === null) {
    return h(
      "td",
      { class: "number none", title: said(column, found) },
      UNKNOWN,
      spoken(` unknown: ${found.why}`),
    );
  }
  return h(
    "td",
    { class: `number${found.old ? " old" : ""}`, title: said(column, found) },
    found.old ? age(found.old) : null,
    h(
      "a",
      { href: link(["explain", asset.id, column.name, found.day]), tabindex: -1 },
      shown(column, found.value),
    ),
  );
}

/** How old a value is, beside it. @param {number} days */
function age(days) {
  const text = days > 999 ? "old" : `${days} d`;
  return h("span", { class: "age" }, text, spoken(" behind "));
}
