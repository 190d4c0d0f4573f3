/**
 * What is around every view: the mark of synthetic data, the way to the views, how things stand.
 *
 * @typedef {import("./data/overview.js").Overview} Overview
 */
import * as days from "./days.js";
import { h } from "./dom.js";
import { counted } from "./format.js";
import { link } from "./router.js";
import * as theme from "./theme.js";

const VIEWS = [
  ["market", "Market"],
  ["coverage", "Coverage"],
  ["runs", "Runs"],
];

/** States of a run that leave the reader nothing to worry about. */
const FINE = new Set(["published", "unchanged"]);

export class Shell {
  constructor() {
    /** @type {boolean | null} */
    this.synthetic = null;
    this.main = h("main", { id: "main", tabindex: -1 });
    this.spoken = h("div", { class: "spoken", "aria-live": "polite" });
    this.links = new Map(VIEWS.map(([name, text]) => [name, h("a", { href: link([name]) }, text)]));
    this.state = h("div", { class: "state" });
    this.notes = h("aside", { class: "notes", "aria-label": "Remarks" });
    this.foot = h("footer", { class: "foot" });
    this.mark = h("aside", { class: "mark", "aria-label": "What kind of data this is" });
    document.body.replaceChildren(
      h("button", { class: "skip", onclick: () => this.main.focus() }, "Skip to the content"),
      this.mark,
      this.#header(),
      this.notes,
      this.main,
      this.foot,
      this.spoken,
    );
  }

  #header() {
    const nav = h("nav", { "aria-label": "Views" }, [...this.links.values()]);
    const button = h("button", { class: "theme quiet", onclick: theme.toggle });
    const label = () => {
      const other = theme.theme() === "dark" ? "Light" : "Dark";
      button.textContent = other === "Light" ? "☀" : "☾";
      button.setAttribute("aria-label", `${other} colours`);
      button.title = `${other} colours`;
    };
    theme.onTheme(label);
    label();
    const brand = h("a", { class: "brand", href: link(["market"]) }, "datalake");
    return h("header", { class: "top" }, brand, nav, this.state, button);
  }

  /** Tell of the data that all views show. @param {Overview} overview */
  tell(overview) {
    if (overview.synthetic) {
      this.mark.replaceChildren(
        h("strong", null, "Synthetic data"),
        h("span", null, "simulated or replayed, not the real market"),
      );
    }
    this.synthetic = overview.synthetic;
    const { run } = overview;
    const through = overview.closed_through;
    this.state.replaceChildren(
      ...(run ? [badge(run.status)] : []),
      h("span", null, through ? `closed days through ${through}` : "no closed day"),
      ...old(days.day(through), days.today()),
      ...(overview.open_day
        ? [h("span", { class: "badge open" }, `open ${overview.open_day}`)]
        : []),
    );
    this.notes.replaceChildren(...notes(overview));
    this.foot.replaceChildren(
      h("span", null, `As of ${days.minute(overview.as_of)}`),
      h(
        "span",
        null,
        `${counted(overview.rows, "row")} of ${counted(overview.assets.length, "asset")}`,
      ),
      h("span", null, "All days and times are UTC"),
      h("a", { href: "licences.txt" }, "Licences"),
    );
  }

  /**
   * Put a view in place.
   *
   * @param {string} name
   * @param {string} title
   * @param {Node[]} content
   */
  show(name, title, content) {
    for (const [one, anchor] of this.links) {
      if (one === name) anchor.setAttribute("aria-current", "page");
      else anchor.removeAttribute("aria-current");
    }
    document.title = `${this.synthetic ? "SYNTHETIC · " : ""}${title} · datalake`;
    this.main.dataset.view = name;
    this.main.replaceChildren(...content);
    this.main.removeAttribute("aria-busy");
  }

  /** Go on from the new view with the keyboard, and have a screen reader say what it is. */
  arrived() {
    this.main.focus({ preventScroll: true });
    this.spoken.textContent = document.title;
  }
}

/**
 * Say by how many days yesterday is not there yet, once that cannot be the hour alone.
 *
 * @param {days.Day | null} through
 * @param {days.Day} today
 */
function old(through, today) {
  const late = through === null ? 0 : today - 1 - through;
  return late > 1 ? [h("span", { class: "badge warn" }, `${counted(late, "day")} behind`)] : [];
}

/** What the reader should know of the data, wherever they are. @param {Overview} overview */
function notes({ synthetic, trouble, run, last_run: last }) {
  const shown = [];
  if (synthetic === null) {
    const text = "The file does not say whether its data are synthetic.";
    shown.push(h("p", { class: "note warn" }, text));
  }
  if (last && last.run_id !== run?.run_id && !FINE.has(last.status)) {
    const text = `The newest run ${last.run_id} is ${last.status}: ${last.message ?? ""} `;
    shown.push(
      h("p", { class: "note warn" }, text, h("a", { href: link(["runs"]) }, "See the runs")),
    );
  }
  if (trouble.length === 1) shown.push(h("p", { class: "note" }, trouble[0]));
  if (trouble.length < 2) return shown;
  const lines = h(
    "ul",
    null,
    trouble.map((text) => h("li", null, text)),
  );
  const summary = h("summary", null, `${trouble.length} remarks on what is not at hand`);
  return [...shown, h("details", { class: "note" }, summary, lines)];
}

/** The state of a run as a coloured word. @param {string} status */
export function badge(status) {
  const kind = FINE.has(status) ? "good" : status === "degraded" ? "warn" : "bad";
  return h("span", { class: `badge ${kind}` }, status);
}
