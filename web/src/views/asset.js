/**
 * Asset: one canonical asset over time, in linked charts.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {{ log: boolean, vs: string[], by: string }} Choice  vs: compared with these, by a column
 */
import { Span } from "../charts/span.js";
import { called } from "../data/overview.js";
import { Trouble } from "../data/trouble.js";
import { day, iso } from "../days.js";
import { h } from "../dom.js";
import { onKeys } from "../keys.js";
import { link, remember } from "../router.js";
import { Controls } from "./asset/controls.js";
import { heading, stats } from "./asset/head.js";
import { members } from "./asset/members.js";
import { Panels } from "./asset/panels.js";
import { sources } from "./asset/sources.js";

/** @param {App} app @param {import("../router.js").Route} route */
export function asset(app, route) {
  const { overview } = app;
  const [asked, note] = named(app, route.path[1] ?? "");
  const span = new Span(
    day(asked.first_day) ?? 0,
    day(asked.last_day) ?? 0,
    day(route.query.get("from")),
    day(route.query.get("to")),
  );
  const choice = chosen(app, asked, route.query);
  const panels = new Panels(app, asked, span, choice);
  const keep = () =>
    remember(
      link(["asset", asked.id], {
        vs: choice.vs.join(","),
        by: choice.vs.length && choice.by !== "close" ? choice.by : null,
        from: span.from === null ? null : iso(span.from),
        to: span.to === null ? null : iso(span.to),
        scale: choice.log ? "log" : null,
      }),
    );
  const controls = new Controls(app, asked, span, choice, () => {
    keep();
    panels.first();
  });
  span.listeners.add(keep);
  onKeys(app.signal, neighbours(overview.assets, asked));
  return {
    title: called(asked),
    content: [
      heading(asked),
      ...(note ? [h("p", { class: "hint" }, note)] : []),
      stats(overview, asked),
      ...(asked.rows ? [controls.element] : []),
      panels.element,
      members(app, asked, span),
      sources(overview, asked),
    ],
    shown: () => panels.start(),
  };
}

/** The asset that an id means: a folded one means its canonical asset. @returns {[Asset, string]} */
function named(/** @type {App} */ { assets, overview }, /** @type {string} */ id) {
  const found = assets.get(id);
  if (found) return [found, ""];
  const canonical = overview.assets.find(({ members }) => members.includes(id));
  if (canonical) return [canonical, `${id} is folded into this asset.`];
  throw new Trouble(`No asset here has the id ${id}.`, "The market lists those that there are.");
}

/** @param {App} app @param {Asset} asked @param {URLSearchParams} query @returns {Choice} */
function chosen({ assets, overview }, asked, query) {
  const others = (query.get("vs") ?? "").split(",");
  const by = query.get("by") ?? "close";
  return {
    log: query.get("scale") === "log",
    vs: [...new Set(others)].filter((id) => id !== asked.id && assets.has(id)).slice(0, 4),
    by: overview.columns.some(({ name }) => name === by) ? by : "close",
  };
}

/** j and k go to the next and the previous asset in rank order. @param {Asset[]} assets */
function neighbours(assets, /** @type {Asset} */ asked) {
  const go = (/** @type {number} */ by) => () => {
    const next = assets[assets.indexOf(asked) + by];
    if (next) location.hash = link(["asset", next.id]);
  };
  return { j: go(1), k: go(-1) };
}
