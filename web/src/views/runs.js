/**
 * Runs: what the newest runs did, what they published, and what changed by it.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/runs.js").Run} Run
 * @typedef {import("../data/runs.js").Provider} Provider
 */
import { runs as all } from "../data/runs.js";
import { told } from "../data/trouble.js";
import { duration, minute } from "../days.js";
import { h } from "../dom.js";
import { bytes, count, counted, UNKNOWN } from "../format.js";
import { badge } from "../shell.js";
import { changes, history } from "./publications.js";
import { table } from "./table.js";

/** @param {App} app */
export async function runs(app) {
  return {
    title: "Runs",
    content: [
      h("div", { class: "bar" }, h("h1", null, "Runs")),
      h("div", { class: "sections" }, changes(app), await listed(app), history(app.overview)),
    ],
  };
}

/** @param {App} app */
async function listed({ overview, signal }) {
  const place = h(
    "section",
    { class: "panel" },
    h("div", { class: "panel-head" }, h("h2", null, "Newest runs")),
  );
  try {
    const found = await all(overview, signal);
    if (!found)
      place.append(
        h(
          "p",
          { class: "hint" },
          "This export was made without the cache, which keeps the reports of runs.",
        ),
      );
    else if (!found.length)
      place.append(h("p", { class: "hint" }, "No run has left a report yet."));
    else place.append(list(found));
  } catch (error) {
    if (signal.aborted) throw error;
    const { message, next } = told(error);
    place.append(h("p", { class: "note warn" }, `${message} ${next}`));
  }
  return place;
}

const HEADS = [
  "Started",
  "State",
  ["Took"],
  ["Calls"],
  ["From the cache"],
  ["Waited"],
  ["Failed"],
  ["Gate"],
  ["Rows"],
  ["Assets"],
  "More",
];

/** @param {Run[]} found */
function list(found) {
  const place = table("Runs, the newest first", HEADS, found.map(line));
  // what a run tells in detail opens below its line
  place.querySelectorAll("tbody > tr").forEach((row, index) => {
    const button = /** @type {HTMLButtonElement} */ (row.querySelector("button"));
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      button.setAttribute("aria-expanded", String(!open));
      if (open) row.nextElementSibling?.remove();
      else
        row.after(
          h("tr", { class: "more" }, h("td", { colspan: HEADS.length }, ...detail(found[index]))),
        );
    });
  });
  return place;
}

/** @param {Run} run */
function line(run) {
  const providers = Object.values(run.providers);
  const sum = (/** @type {(one: Provider) => number} */ of) =>
    count(providers.reduce((n, one) => n + of(one), 0));
  const waited = providers.reduce((most, one) => Math.max(most, one.throttled_seconds), 0);
  return [
    h("span", { title: run.run_id }, minute(run.started_at)),
    h("span", { title: run.message ?? "" }, badge(run.status)),
    duration(run.seconds),
    sum(({ calls }) => calls),
    sum(({ cache_hits: hits }) => hits),
    duration(waited),
    sum(({ failed }) => failed),
    run.gate ? `${run.gate.passed} of ${run.gate.checks}` : UNKNOWN,
    count(run.output?.rows),
    count(run.output?.assets ?? run.assets),
    h(
      "button",
      { "aria-expanded": false, "aria-label": `Details of run ${run.run_id}`, class: "quiet" },
      "Details",
    ),
  ];
}

/** @param {Run} run */
function detail(run) {
  const told = run.gate?.told ?? [];
  const failures = Object.values(run.providers).flatMap((provider) => provider.failures);
  const heads = [
    "Provider",
    "Plan",
    ["Calls"],
    ["From the cache"],
    ["Retries"],
    ["Waited"],
    ["Received"],
    ["Series"],
    ["Revisions"],
    ["Failed"],
    ["Not covered"],
    "Through",
  ];
  return [
    h(
      "p",
      null,
      h("code", null, run.run_id),
      ` ${run.message ?? ""} `,
      h(
        "span",
        { class: "hint" },
        `exit code ${run.exit_code ?? UNKNOWN}, as of ${minute(run.as_of)}`,
      ),
    ),
    table(
      `Providers of run ${run.run_id}`,
      heads,
      Object.entries(run.providers).map(([name, one]) => [
        ...[
          h("bdi", null, name),
          one.plan,
          count(one.calls),
          count(one.cache_hits),
          count(one.retries),
        ],
        ...[
          duration(one.throttled_seconds),
          bytes(one.bytes),
          count(one.series),
          count(one.revisions),
        ],
        ...[count(one.failed), count(one.uncovered), one.through ?? UNKNOWN],
      ]),
    ),
    section(
      "Failures",
      failures.map(
        ({ dataset, error, count: n, assets, stale_through: through }) =>
          `${dataset}: ${error} – ${counted(n, "asset")} (${assets.join(", ")}${n > assets.length ? ", …" : ""})${through ? `, known through ${through}` : ""}`,
      ),
    ),
    section(
      "Left out",
      run.skipped.map(({ provider, reason }) => `${provider}: ${reason}`),
    ),
    section(
      "What the gate says",
      told.map(({ name, level, detail: text }) => `${level}, ${name}: ${text}`),
    ),
    section("What to do next", run.next),
  ].filter((one) => one !== null);
}

/** @param {string} title @param {string[]} lines */
function section(title, lines) {
  if (!lines.length) return null;
  return h(
    "div",
    { class: "told" },
    h("h3", null, title),
    h(
      "ul",
      null,
      lines.map((text) => h("li", null, text)),
    ),
  );
}
