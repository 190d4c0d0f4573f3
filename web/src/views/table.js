/**
 * A table in a place that scrolls, if need be, by keys, too.
 *
 * @typedef {import("../dom.js").Child} Child
 */
import { h } from "../dom.js";

/**
 * @param {string} label what it lists
 * @param {(string | string[])[]} heads in brackets where the column is of numbers
 * @param {(Child | Child[])[][]} rows the first cell is the row's head
 * @param {string} [kind] a class of the place
 */
export function table(label, heads, rows, kind = "") {
  const number = heads.map((head) => (Array.isArray(head) ? "number" : null));
  return h(
    "div",
    { class: `scroll ${kind}`, tabindex: 0, role: "region", "aria-label": label },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          heads.map((head, at) => h("th", { scope: "col", class: number[at] }, ...[head].flat())),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((cells) =>
          h(
            "tr",
            null,
            cells.map((cell, at) =>
              at
                ? h("td", { class: number[at] }, cell)
                : h("th", { scope: "row", class: number[at] }, cell),
            ),
          ),
        ),
      ),
    ),
  );
}
