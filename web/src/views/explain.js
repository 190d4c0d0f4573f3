/**
 * Explain: one published number taken apart, as `datalake explain` tells it.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {import("../data/overview.js").Column} Column
 * @typedef {import("../data/details.js").Explained} Explained
 * @typedef {import("../data/details.js").Part} Part
 */
import { exactly, shown, title } from "../columns.js";
import { details } from "../data/details.js";
import { json } from "../data/fetching.js";
import { called } from "../data/overview.js";
import { Trouble, told } from "../data/trouble.js";
import { day, minute } from "../days.js";
import { h } from "../dom.js";
import { UNKNOWN } from "../format.js";
import { link } from "../router.js";
import { table } from "./table.js";

/** @param {App} app @param {import("../router.js").Route} route */
export async function explain(app, { path: [, id = "", name = "", on = ""] }) {
  const asset = app.assets.get(id);
  const column = app.overview.columns.find((one) => one.name === name);
  if (!asset)
    throw new Trouble(`No asset here has the id ${id}.`, "The market lists those that there are.");
  if (!column)
    throw new Trouble(`No column here is called ${name}.`, "The asset's page lists them.");
  return {
    title: `${called(asset)}, ${title(name)}`,
    content: [head(asset, column), ...(await body(app, asset, column, on))],
  };
}

/** @param {Asset} asset @param {Column} column */
function head(asset, column) {
  return h(
    "div",
    { class: "asset-head" },
    h(
      "h1",
      null,
      h("a", { href: link(["asset", asset.id]) }, h("bdi", null, called(asset))),
      ` · ${title(column.name)}`,
    ),
    h("span", { class: "hint" }, [column.meaning, column.unit].filter(Boolean).join(", in ")),
  );
}

/** @param {App} app @param {Asset} asset @param {Column} column @param {string} on */
async function body(app, asset, column, on) {
  const wanted = day(on) === null ? null : on;
  try {
    const found = await lookedUp(app, asset, column, wanted);
    if (found && (!wanted || found.date === wanted)) return explained(column, found);
    const text = found
      ? `This export explains ${found.date}; ${wanted} is explained by the command below.`
      : "This export has no explanations: it was made without the cache of its run.";
    return [
      h("p", { class: "note" }, text),
      command(asset, column, wanted),
      ...(found ? explained(column, found) : []),
    ];
  } catch (error) {
    if (app.signal.aborted) throw error;
    const { message, next } = told(error);
    return [
      h("p", { class: "note warn", role: "alert" }, `${message} ${next}`),
      command(asset, column, wanted),
    ];
  }
}

/** The local server explains any day; an export has the last closed one with it. */
async function lookedUp(
  /** @type {App} */ app,
  /** @type {Asset} */ asset,
  /** @type {Column} */ column,
  /** @type {string | null} */ on,
) {
  const { overview, signal } = app;
  if (overview.api) {
    const asked = new URLSearchParams({
      asset: asset.id,
      column: column.name,
      ...(on ? { date: on } : {}),
    });
    return /** @type {Promise<Explained>} */ (json(`api/explain?${asked}`, { signal }));
  }
  const found = await details(overview, asset, signal);
  return found?.explain[column.name] ?? null;
}

/** @param {Asset} asset @param {Column} column @param {string | null} on */
function command(asset, column, on) {
  const words = [
    "datalake explain",
    quoted(asset.id),
    quoted(column.name),
    on ? `--date ${on}` : "",
  ];
  return h("pre", { class: "panel command", tabindex: 0 }, words.filter(Boolean).join(" "));
}

/** As a shell takes it, whatever the id holds. @param {string} text */
const quoted = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** @param {Column} column @param {Explained} found */
function explained(column, found) {
  const entered = found.members.filter(({ entered: counts }) => counts);
  const left = found.members.filter(({ entered: counts }) => !counts);
  const lost = Object.entries(found.lost ?? {});
  return [
    verdict(column, found),
    h(
      "section",
      { class: "panel" },
      h("div", { class: "panel-head" }, h("h2", null, "Members that count")),
      entered.length ? parts(column, entered, found.value) : h("p", { class: "hint" }, "None."),
    ),
    ...(left.length ? [others(column, left)] : []),
    ...(lost.length
      ? [
          h(
            "section",
            { class: "panel" },
            h("div", { class: "panel-head" }, h("h2", null, "What could not be had")),
            h(
              "ul",
              null,
              lost.map(([series, why]) => h("li", null, h("bdi", null, series), ": ", why)),
            ),
          ),
        ]
      : []),
    series(found.members),
  ];
}

/** @param {Column} column @param {Explained} found */
function verdict(column, found) {
  const known = found.value !== null;
  const state = found.equal
    ? h("span", { class: "badge good" }, "recomputed: equal")
    : h("span", { class: "badge bad" }, `recomputed: ${exactly(column, found.recomputed)}`);
  const facts = [
    [
      "Rule",
      [
        h("code", null, found.rule ?? UNKNOWN),
        " ",
        h("span", { class: "hint" }, found.rule_where ?? ""),
      ],
    ],
    ["Source", (found.source ?? []).map((one) => h("code", null, `${one} `))],
    ["Run", [h("code", null, found.run_id ?? UNKNOWN)]],
    ["As of", [minute(found.as_of)]],
  ];
  return h(
    "section",
    { class: "panel verdict" },
    h("div", { class: "big" }, known ? exactly(column, found.value) : `${UNKNOWN} unknown`),
    h(
      "div",
      { class: "hint" },
      found.date,
      " UTC ",
      found.open_day ? h("span", { class: "badge open" }, "open day") : null,
      " ",
      state,
    ),
    found.note ? h("p", null, found.note) : null,
    h(
      "dl",
      { class: "facts" },
      facts.map(([name, value]) =>
        h("div", null, h("dt", null, String(name)), h("dd", null, /** @type {Node[]} */ (value))),
      ),
    ),
  );
}

/** @param {Column} column @param {Part[]} members @param {number | null} total */
function parts(column, members, total) {
  const sorted = [...members].sort((one, other) => (other.value ?? 0) - (one.value ?? 0));
  return table(
    "Members that count",
    ["Asset", "Kind", ["Value"], ["Exactly"], ["Of the number"], "Where the mapping says so"],
    sorted.map(({ asset, kind, value, where, guard }) => [
      h("bdi", null, asset),
      kind,
      shown(column, value),
      exactly(column, value),
      total && value !== null ? `${((value / total) * 100).toFixed(2)} %` : UNKNOWN,
      [where ?? UNKNOWN, guard ? `; ${guard}` : ""].join(""),
    ]),
  );
}

/** @param {Column} column @param {Part[]} members */
function others(column, members) {
  return h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Members that do not")),
    table(
      "Members that do not count",
      ["Asset", "Kind", ["Value"], "Why", "De-peg guard"],
      members.map(({ asset, kind, value, why, guard }) => [
        ...[h("bdi", null, asset), kind, shown(column, value), why ?? UNKNOWN, guard ?? UNKNOWN],
      ]),
    ),
  );
}

/** @param {Part[]} members */
function series(members) {
  const rows = members.flatMap(({ asset, series: all }) =>
    all.map((one) => [
      ...[
        h("bdi", null, asset),
        h("code", null, one.dataset),
        h("bdi", null, one.native_id ?? UNKNOWN),
      ],
      ...[one.how ?? UNKNOWN, minute(one.learnt_at), one.known_through ?? UNKNOWN],
      h("code", { title: one.sha256 ?? "" }, (one.sha256 ?? UNKNOWN).slice(0, 12)),
    ]),
  );
  return h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Series, as the cache had them")),
    rows.length
      ? table(
          "Series",
          ["Asset", "Series", "Known there as", "How", "Last learnt", "Known through", "sha256"],
          rows,
        )
      : h("p", { class: "hint" }, "None."),
  );
}
