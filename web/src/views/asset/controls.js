/**
 * What the reader chooses for the charts: range, scale, and what to compare with.
 *
 * @typedef {import("../../main.js").App} App
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../charts/span.js").Span} Span
 * @typedef {import("../asset.js").Choice} Choice
 */
import { title } from "../../columns.js";
import { called, ticker } from "../../data/overview.js";
import { day, iso } from "../../days.js";
import { h } from "../../dom.js";

const MOST = 4; // beside the asset itself
const RANGES = /** @type {const} */ ([
  ["30 d", 30],
  ["90 d", 90],
  ["1 y", 365],
  ["3 y", 1096],
  ["All", null],
]);

export class Controls {
  /** @param {App} app @param {Asset} asset @param {Span} span @param {Choice} choice */
  constructor(app, asset, span, choice, /** @type {() => void} */ changed) {
    this.app = app;
    this.asset = asset;
    this.span = span;
    this.choice = choice;
    this.changed = changed;
    this.compared = h("span", { class: "chips" });
    this.element = h(
      "div",
      { class: "bar controls", role: "group", "aria-label": "Charts" },
      this.#ranges(),
      this.#dates(),
      this.#scale(),
      this.#adding(),
      this.compared,
    );
    this.#chips();
  }

  #ranges() {
    const { span } = this;
    const buttons = RANGES.map(([text, days]) =>
      h("button", { onclick: () => span.set(days === null ? null : span.last - days, null) }, text),
    );
    const mark = () =>
      buttons.forEach((button, index) => {
        const days = RANGES[index][1];
        const from = days === null || span.last - days <= span.first ? null : span.last - days;
        const pressed = span.to === null && span.from === from && (from !== null || days === null);
        button.setAttribute("aria-pressed", String(pressed));
      });
    span.listeners.add(mark);
    mark();
    return h("span", { class: "buttons" }, buttons);
  }

  #dates() {
    const { span } = this;
    const field = (/** @type {string} */ label) =>
      h("input", {
        ...{ "aria-label": label, size: 10, maxlength: 10, title: "a day, as YYYY-MM-DD (UTC)" },
        onchange: () => {
          span.set(day(from.value.trim()), day(to.value.trim()));
          fill(); // what is no day, or beyond the data, becomes what is shown
        },
      });
    const from = field("First day shown");
    const to = field("Last day shown");
    const fill = () => {
      [from.value, to.value] = span.bounds.map(iso);
    };
    span.listeners.add(fill);
    fill();
    return h("span", { class: "dates" }, from, "–", to);
  }

  #scale() {
    const button = h(
      "button",
      {
        "aria-pressed": this.choice.log,
        title: "Logarithmic scale for price, market cap and comparison",
        onclick: () => {
          this.choice.log = !this.choice.log;
          button.setAttribute("aria-pressed", String(this.choice.log));
          this.changed();
        },
      },
      "Log",
    );
    return button;
  }

  #adding() {
    const { assets } = this.app.overview;
    const names = h("datalist", { id: "others" });
    const input = h("input", {
      ...{ type: "search", list: "others", placeholder: "Compare with …" },
      "aria-label": "Compare with another asset",
      onfocus: () => {
        if (names.childElementCount) return;
        names.append(
          ...assets.map((one) => h("option", { value: one.id }, `${called(one)} ${ticker(one)}`)),
        );
      },
      onchange: () => {
        const found = this.#meant(input.value.trim().toLowerCase());
        if (!found) return;
        input.value = "";
        this.#compare([...this.choice.vs, found.id]);
      },
    });
    this.input = input;
    return h("span", { class: "adding" }, input, names);
  }

  /** @param {string} text an id, a name or a symbol */
  #meant(text) {
    const { assets } = this.app.overview;
    return (
      assets.find(({ id }) => id.toLowerCase() === text) ??
      assets.find((one) => called(one).toLowerCase() === text) ??
      assets.find(({ symbol }) => symbol?.toLowerCase() === text)
    );
  }

  /** @param {string[]} ids */
  #compare(ids) {
    this.choice.vs = [...new Set(ids)].filter((id) => id !== this.asset.id).slice(0, MOST);
    this.#chips();
    this.changed();
  }

  #chips() {
    const { vs } = this.choice;
    const { assets, overview } = this.app;
    if (this.input) this.input.disabled = vs.length >= MOST;
    const chips = vs.map((id) => {
      const name = called(/** @type {Asset} */ (assets.get(id)));
      const drop = () => this.#compare(vs.filter((one) => one !== id));
      return h(
        "button",
        { class: "chip", onclick: drop, "aria-label": `Without ${name}` },
        h("bdi", null, name),
        " ×",
      );
    });
    const by = h(
      "select",
      {
        "aria-label": "Compare by",
        onchange: () => {
          this.choice.by = by.value;
          this.changed();
        },
      },
      overview.columns.map(({ name }) =>
        h("option", { value: name, selected: name === this.choice.by }, title(name)),
      ),
    );
    this.compared.replaceChildren(...(vs.length ? [...chips, by] : []));
  }
}
