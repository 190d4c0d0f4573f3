/**
 * Market: every canonical asset in rank order, with its newest values.
 *
 * @typedef {import("../main.js").App} App
 * @typedef {import("../data/overview.js").Asset} Asset
 * @typedef {import("./market_columns.js").MarketColumn} MarketColumn
 */
import { h } from "../dom.js";
import { count, counted } from "../format.js";
import { onKeys } from "../keys.js";
import { link, remember } from "../router.js";
import { marketColumns } from "./market_columns.js";

const AT_ONCE = 60; // rows that are there before the first picture; the others follow

/** @param {App} app @param {import("../router.js").Route} route */
export function market(app, route) {
  const columns = marketColumns(app.overview);
  const table = new Table(app, columns, route.query.get("sort") ?? "rank");
  const search = h("input", {
    type: "search",
    placeholder: "Search name, symbol or id",
    "aria-label": "Search assets",
    "aria-keyshortcuts": "/",
    value: route.query.get("q") ?? "",
    oninput: () => table.find(search.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") table.enter();
      if (event.key === "Escape") table.find((search.value = ""));
    },
  });
  table.find(search.value);
  onKeys(app.signal, {
    "/": () => search.focus(),
    j: () => table.step(1),
    k: () => table.step(-1),
  });
  return {
    title: "Market",
    content: [
      h(
        "div",
        { class: "bar" },
        h("h1", null, "Market"),
        search,
        table.told,
        h("span", { class: "hint wide" }, "/ search · j k move · Enter opens"),
      ),
      h(
        "div",
        { class: "scroll page", tabindex: 0, role: "region", "aria-label": "Assets" },
        table.element,
      ),
      table.empty,
    ],
  };
}

class Table {
  /** @param {App} app @param {MarketColumn[]} columns @param {string} sort */
  constructor(app, columns, sort) {
    this.app = app;
    this.columns = columns;
    this.sort = sort;
    this.asked = "";
    this.body = h("tbody");
    this.told = h("span", { class: "hint", role: "status" });
    this.empty = h("p", { class: "empty", hidden: true }, "No asset has this name, symbol or id.");
    this.heads = columns.map((column) => this.#head(column));
    /** @type {Map<string, HTMLTableRowElement>} */
    this.rows = new Map();
    this.element = h(
      "table",
      { class: "market" },
      h("caption", { class: "spoken" }, "Canonical assets with their newest values"),
      h("thead", null, h("tr", null, this.heads)),
      this.body,
    );
  }

  /** @param {MarketColumn} column */
  #head(column) {
    if (!column.key) return h("th", { scope: "col", class: column.kind }, column.title);
    const button = h(
      "button",
      { onclick: () => this.#by(column), title: column.meaning },
      column.title,
    );
    return h("th", { scope: "col", class: column.kind }, button);
  }

  /** Sort by a column: numbers from the largest, and the other way round the next time. */
  #by(/** @type {MarketColumn} */ column) {
    const first = column.falls ? `-${column.name}` : column.name;
    const second = column.falls ? column.name : `-${column.name}`;
    this.sort = this.sort === first ? second : first;
    this.find(this.asked);
  }

  /** Show what has this text, in the order that is chosen. @param {string} text */
  find(text) {
    this.asked = text;
    const found = this.app.overview.assets.filter(matches(text.trim().toLowerCase()));
    const name = this.sort.replace(/^-/, "");
    const column = this.columns.find((one) => one.name === name && one.key) ?? this.columns[0];
    const down = this.sort.startsWith("-");
    this.#fill(ordered(found, column, down));
    this.columns.forEach((one, index) => {
      const way = one === column ? (down ? "descending" : "ascending") : null;
      if (way) this.heads[index].setAttribute("aria-sort", way);
      else this.heads[index].removeAttribute("aria-sort");
    });
    const all = this.app.overview.assets.length;
    this.told.textContent =
      found.length === all
        ? counted(all, "asset")
        : `${count(found.length)} of ${count(all)} assets`;
    this.empty.hidden = found.length > 0;
    const sort = this.sort === "rank" ? null : this.sort;
    remember(link(["market"], { sort, q: text.trim() }));
  }

  /** @param {Asset[]} assets */
  #fill(assets) {
    this.body.replaceChildren(...assets.slice(0, AT_ONCE).map((asset) => this.#row(asset)));
    this.filling = assets;
    let next = AT_ONCE;
    const more = () => {
      if (this.filling !== assets || this.app.signal.aborted) return;
      this.body.append(...assets.slice(next, next + AT_ONCE).map((asset) => this.#row(asset)));
      next += AT_ONCE;
      if (next < assets.length) requestAnimationFrame(more);
    };
    if (next < assets.length) requestAnimationFrame(more);
  }

  /** @param {Asset} asset */
  #row(asset) {
    const made =
      this.rows.get(asset.id) ??
      h(
        "tr",
        null,
        this.columns.map((column) => column.cell(asset)),
      );
    this.rows.set(asset.id, made);
    return made;
  }

  /** Move on by rows from where the focus is. @param {number} by */
  step(by) {
    const links = [...this.body.querySelectorAll("a.asset")];
    const at = links.indexOf(/** @type {Element} */ (document.activeElement));
    const next = links[Math.max(0, Math.min(links.length - 1, at + by))];
    if (next instanceof HTMLElement) next.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  /** Open the first asset that is found. */
  enter() {
    const first = this.body.querySelector("a.asset");
    if (first instanceof HTMLAnchorElement) location.hash = first.hash;
  }
}

/** @param {string} text @returns {(asset: Asset) => boolean} */
const matches = (text) => (asset) =>
  !text ||
  [asset.id, asset.name, asset.symbol, ...asset.members].some((one) =>
    one?.toLowerCase().includes(text),
  );

/**
 * By the column; what is unknown comes last either way, and what is equal stays in rank order.
 *
 * @param {Asset[]} assets
 * @param {MarketColumn} column
 * @param {boolean} down
 */
function ordered(assets, column, down) {
  const key = /** @type {NonNullable<MarketColumn["key"]>} */ (column.key);
  const sign = down ? -1 : 1;
  return [...assets].sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === "string") return sign * a.localeCompare(String(b), "en");
    return sign * (a - Number(b));
  });
}
