/**
 * The page: what is published is looked up once, then the address says which view is shown.
 *
 * @typedef {import("./data/overview.js").Overview} Overview
 * @typedef {import("./data/overview.js").Asset} Asset
 * @typedef {{ overview: Overview, lake: Lake | null, assets: Map<string, Asset>, shell: Shell,
 *   signal: AbortSignal }} App  the signal is aborted when the view is left
 * @typedef {{ title: string, content: Node[], shown?: () => void }} View
 */
import { overview } from "./data/overview.js";
import { Lake } from "./data/series.js";
import { told } from "./data/trouble.js";
import { h } from "./dom.js";
import { parse } from "./router.js";
import { Shell } from "./shell.js";
import * as theme from "./theme.js";
import { asset } from "./views/asset.js";
import { coverage } from "./views/coverage.js";
import { explain } from "./views/explain.js";
import { market } from "./views/market.js";
import { runs } from "./views/runs.js";

/** @type {Record<string, (app: App, route: import("./router.js").Route) => View | Promise<View>>} */
const VIEWS = { market, asset, coverage, runs, explain };

theme.apply();
const shell = new Shell();
/** @type {Omit<App, "signal"> | undefined} */
let app;
let leaving = new AbortController();

/** Show what the address names. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const route = parse(location.hash);
  const name = Object.hasOwn(VIEWS, route.path[0] ?? "") ? route.path[0] : "market";
  shell.main.setAttribute("aria-busy", "true");
  try {
    app ??= await opened();
    const view = await VIEWS[name]({ ...app, signal }, route);
    if (signal.aborted) return;
    shell.show(name, view.title, view.content);
    view.shown?.();
  } catch (error) {
    if (!signal.aborted) fail(name, error);
  }
}

/** What is published. @returns {Promise<Omit<App, "signal">>} */
async function opened() {
  const found = await overview();
  shell.tell(found);
  return {
    overview: found,
    lake: found.files.data ? new Lake(found.files.data) : null,
    assets: new Map(found.assets.map((asset) => [asset.id, asset])),
    shell,
  };
}

/** @param {string} name @param {unknown} error */
function fail(name, error) {
  const { message, next } = told(error);
  shell.show(name, "Trouble", [
    h(
      "section",
      { class: "trouble", role: "alert" },
      h("h1", null, "This cannot be shown"),
      h("p", null, message),
      next ? h("p", null, next) : null,
      h("button", { onclick: () => void show() }, "Try again"),
    ),
  ]);
}

addEventListener("hashchange", async () => {
  scrollTo(0, 0);
  await show();
  shell.arrived();
});
void show();
