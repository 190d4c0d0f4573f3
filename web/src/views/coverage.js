/**
 * Coverage: how much of each asset and column is known, what is stale, and why something is not.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {import("../data/overview.js").Column} Column
 * @typedef {import("../data/overview.js").ByMonth} ByMonth
 */
import { brief, title } from "../columns.js";
import { called } from "../data/overview.js";
import { h, spoken } from "../dom.js";
import { count, counted, share, UNKNOWN } from "../format.js";
import { link, remember } from "../router.js";
import { providers } from "./coverage_providers.js";

const AT_ONCE = 60;

/** @param {App} app @param {import("../router.js").Route} route */
export function coverage(app, route) {
  const { overview } = app;
  const views = [
    { name: "assets", text: "By asset", make: () => byAsset(app) },
    {
      name: "months",
      text: "Over time",
      make: () => overTime(overview.columns, overview.coverage_by_month),
    },
    { name: "providers", text: "By provider", make: () => providers(overview) },
  ];
  const place = h("div");
  const buttons = views.map(({ name, text }) => h("button", { onclick: () => open(name) }, text));
  const open = (/** @type {string} */ wanted) => {
    const at = Math.max(
      0,
      views.findIndex(({ name }) => name === wanted),
    );
    buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === at)));
    place.replaceChildren(views[at].make());
    remember(link(["coverage", at ? views[at].name : null]));
  };
  open(route.path[1] ?? "assets");
  return {
    title: "Coverage",
    content: [
      h(
        "div",
        { class: "bar" },
        h("h1", null, "Coverage"),
        h("span", { class: "buttons", role: "group", "aria-label": "Coverage" }, buttons),
        legend(),
      ),
      place,
    ],
  };
}

function legend() {
  const steps = [1, 0.75, 0.5, 0.25, 0.01];
  return h(
    "span",
    { class: "hint wide legend" },
    "share of days that are known ",
    steps.map((part) => h("i", { class: `cell ${heat(part)}` }, share(part))),
    h("i", { class: "cell never" }, UNKNOWN),
    h("i", { class: "cell stale" }, "stale"),
  );
}

/** How strongly a share is coloured, in ten steps. @param {number} part */
const heat = (part) => `heat-${Math.max(1, Math.ceil(part * 10))}`;

/** @param {App} app */
function byAsset({ overview, signal }) {
  const { assets, columns } = overview;
  const body = h("tbody");
  let next = 0;
  const more = () => {
    if (signal.aborted || (next && !body.isConnected)) return;
    body.append(...assets.slice(next, next + AT_ONCE).map((asset) => row(asset, columns)));
    next += AT_ONCE;
    if (next < assets.length) requestAnimationFrame(more);
  };
  more();
  return h(
    "div",
    { class: "scroll page", tabindex: 0, role: "region", "aria-label": "Coverage" },
    h(
      "table",
      { class: "heat" },
      h("caption", { class: "spoken" }, "Share of days known, by asset and column"),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col", class: "name" }, "Asset"),
          columns.map(({ name }) => h("th", { scope: "col", class: "number" }, brief(name))),
          h("th", { scope: "col", class: "number" }, "Days"),
          h("th", { scope: "col" }, "Since"),
        ),
      ),
      body,
    ),
  );
}

/** @param {Asset} asset @param {Column[]} columns */
function row(asset, columns) {
  return h(
    "tr",
    null,
    h(
      "th",
      { scope: "row", class: "name" },
      h("a", { class: "asset", href: link(["asset", asset.id]) }, h("bdi", null, called(asset))),
    ),
    columns.map((column) => cell(asset, column)),
    h("td", { class: "number" }, count(asset.days)),
    h("td", null, asset.first_day ?? UNKNOWN),
  );
}

/** @param {Asset} asset @param {Column} column */
function cell(asset, column) {
  const cover = asset.coverage[column.name];
  const why = asset.why[column.name];
  if (!cover) {
    const text = `${title(column.name)}: never known${why ? `, ${why}` : ""}`;
    return h(
      "td",
      { class: "cell never", title: text },
      UNKNOWN,
      spoken(` ${why ?? "never known"}`),
    );
  }
  const [days, first, last, late] = cover;
  const part = asset.days ? days / asset.days : 0;
  const behind = late ? `, ${counted(late, "day")} behind${why ? `: ${why}` : ""}` : "";
  const known = `${count(days)} of ${counted(asset.days, "day")}`;
  const text = `${title(column.name)}: ${known}, ${first} to ${last}${behind}`;
  return h(
    "td",
    { class: `cell ${heat(part)}${late ? " stale" : ""}`, title: text },
    h("a", { href: link(["explain", asset.id, column.name, last]), tabindex: -1 }, share(part)),
    late ? h("span", { class: "late" }, `${late} d`, spoken(" behind")) : null,
  );
}

/** Months from the newest, so that what is wrong now is seen first. @param {Column[]} columns */
function overTime(columns, /** @type {ByMonth | null} */ found) {
  if (!found?.months.length) return h("p", { class: "empty" }, "No closed day is published yet.");
  const order = found.months.map((_, index) => index).reverse();
  return h(
    "div",
    { class: "scroll page", tabindex: 0, role: "region", "aria-label": "Coverage" },
    h(
      "table",
      { class: "heat" },
      h(
        "caption",
        { class: "spoken" },
        "Share of days known, by month and column, over all assets",
      ),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          h("th", { scope: "col", class: "name" }, "Month"),
          columns.map(({ name }) => h("th", { scope: "col", class: "number" }, brief(name))),
          h("th", { scope: "col", class: "number" }, "Assets"),
        ),
      ),
      h(
        "tbody",
        null,
        order.map((at) =>
          h(
            "tr",
            null,
            h("th", { scope: "row", class: "name" }, found.months[at]),
            columns.map(({ name }) => month(name, found.columns[name]?.[at] ?? null)),
            h("td", { class: "number" }, count(found.assets[at])),
          ),
        ),
      ),
    ),
  );
}

/** @param {string} name @param {number | null} part */
function month(name, part) {
  const text = `${title(name)}: ${share(part)} of the days of all assets`;
  if (!part) return h("td", { class: "cell never", title: text }, part === 0 ? "0 %" : UNKNOWN);
  return h("td", { class: `cell ${heat(part)}`, title: text }, share(part));
}
