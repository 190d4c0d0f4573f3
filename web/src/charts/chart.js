/**
 * A chart over days, linked with others: one crosshair, one range, exact values beside the title.
 *
 * It can be used with a mouse (drag for a range, double click for all), a finger and the keyboard.
 *
 * @typedef {import("../data/series.js").Values} Values
 * @typedef {{ label: string, colour: string, kind: "line" | "bars" | "area", scale?: string,
 *   values: Values, drawn?: Values, explained?: (day: number) => string, exactly: (value: number | null, index: number) => string }} Line
 *   drawn: what is painted, where that is not the values themselves; bars are painted first
 * @typedef {{ title: string, days: number[], lines: Line[], axis: (value: number) => string,
 *   log?: boolean, fixed?: [number, number], height?: number, step?: number }} Plot
 * @typedef {{ span: import("./span.js").Span, openDay: number | null, synthetic: boolean,
 *   signal: AbortSignal, hint?: string }} Setting
 */
import UPlot from "uplot";
import * as days from "../days.js";
import { h } from "../dom.js";
import { onTheme } from "../theme.js";
import { amountAxis, dayAxis, SECONDS } from "./axes.js";
import { drawn, positive } from "./lines.js";
import { marks } from "./marks.js";
import { speak, steer } from "./steering.js";

const SYNC = "days";

export class Chart {
  /** @param {Setting} setting */
  constructor(setting) {
    this.setting = setting;
    this.heading = h("h2");
    this.readout = h("div", { class: "readout" });
    this.tools = h("div", { class: "tools" });
    this.canvas = h("div", { class: "canvas" });
    this.element = h(
      "section",
      { class: "panel chart" },
      h("div", { class: "panel-head" }, this.heading, this.readout, this.tools),
      this.canvas,
    );
    /** @type {UPlot | undefined} */
    this.plot = undefined;
    /** @type {number | null} */
    this.at = null;
    steer(this);
    this.#live();
  }

  /** Follow range, size and colours for as long as the view is there. */
  #live() {
    const { span, signal } = this.setting;
    const follow = () => this.#bound();
    span.listeners.add(follow);
    const forget = onTheme(() => this.show(this.what));
    const sized = new ResizeObserver(() => this.#fit());
    sized.observe(this.canvas);
    signal.addEventListener("abort", () => {
      span.listeners.delete(follow);
      forget();
      sized.disconnect();
      this.plot?.destroy();
      this.plot = undefined;
    });
  }

  /** Draw this instead of what was there. @param {Plot | undefined} what */
  show(what) {
    this.plot?.destroy();
    this.plot = undefined;
    this.what = what;
    if (!what || this.setting.signal.aborted) return;
    this.heading.textContent = what.title;
    this.canvas.replaceChildren();
    const x = what.days.map((day) => day * SECONDS);
    const lines = what.lines.toSorted((one, other) => behind(other) - behind(one));
    const values = lines.map((line) => line.drawn ?? line.values);
    const shown = what.log ? values.map(positive) : values;
    this.plot = new UPlot(this.#options(what, lines), [x, ...shown], this.canvas);
    this.#bound();
  }

  /** Show the days of the range that is chosen. */
  #bound() {
    const [from, to] = this.setting.span.bounds;
    this.plot?.setScale("x", { min: from * SECONDS, max: to * SECONDS });
    this.read(null);
  }

  /** @param {Plot} what @param {Line[]} lines @returns {import("uplot").Options} */
  #options(what, lines) {
    const { openDay, synthetic } = this.setting;
    const known = () => what.lines.filter(({ scale }) => !scale).map(({ values }) => values);
    return {
      width: Math.max(200, this.canvas.clientWidth),
      height: what.height ?? 220,
      ms: 1,
      tzDate: (time) => UPlot.tzDate(new Date(time * 1000), "Etc/UTC"),
      legend: { show: false },
      cursor: {
        sync: { key: SYNC, setSeries: false, filters: { pub: (type) => type === "mousemove" } },
        y: false,
        drag: { x: true, y: false, setScale: false },
        lock: true, // a click keeps the crosshair, so that its values can be gone to
        bind: { dblclick: () => null }, // the range is for all charts: see steering
        points: { size: 7, width: 2, show: lines.some(({ kind }) => kind === "line") },
      },
      scales: {
        x: { time: true },
        y: { distr: what.log ? 3 : 1, range: what.fixed ?? (what.log ? undefined : padded(what)) },
        low: { range: (_, __, max) => [0, (max || 1) * 4] },
      },
      axes: [dayAxis(), amountAxis(what.axis)],
      series: [{}, ...lines.map(drawn)],
      hooks: {
        drawClear: [marks({ lines: known, openDay, synthetic })],
        setCursor: [(u) => this.read(u.cursor.idx ?? null)],
        setSelect: [(u) => this.#chosen(u)],
      },
    };
  }

  /** @param {UPlot} u */
  #chosen(u) {
    const { left, width } = u.select;
    if (width < 4) return;
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    const day = (/** @type {number} */ at) => Math.round(u.posToVal(at, "x") / SECONDS);
    this.setting.span.set(day(left), day(left + width));
  }

  /** Tell the values of a day, or of the last one that is shown. @param {number | null} index */
  read(index) {
    const { what } = this;
    if (!what || !what.days.length) return;
    this.at = index;
    const [, last] = this.setting.span.bounds;
    const step = what.step ?? 1;
    const end = Math.floor((last - what.days[0]) / step);
    const at = index ?? Math.max(0, Math.min(what.days.length - 1, end));
    const day = what.days[at];
    const open = day === this.setting.openDay ? h("span", { class: "badge open" }, "open") : null;
    this.readout.replaceChildren(
      h("span", { class: "day" }, step === 7 ? `week of ${days.iso(day)}` : days.iso(day)),
      ...(open ? [open] : []),
      ...what.lines.map((line) => this.#value(line, at)),
    );
    const values = what.lines.map(({ label, values: all, exactly }) => {
      return `${label} ${all[at] === null ? "unknown" : exactly(all[at], at)}`;
    });
    const said = `${days.long(day)}: ${values.join(", ")}`;
    speak(this.canvas, { title: what.title, at, last: what.days.length - 1, said });
  }

  /** @param {Line} line @param {number} at */
  #value(line, at) {
    const value = line.values[at] ?? null;
    const day = /** @type {Plot} */ (this.what).days[at];
    const dot = h("i", { class: `dot ${line.colour}` });
    const text = value === null ? "– unknown" : line.exactly(value, at);
    const label = h("bdi", null, line.label);
    const shown = line.explained ? h("a", { href: line.explained(day) }, text) : text;
    const kind = value === null ? "none" : null;
    return h("span", { class: kind }, dot, label, " ", h("b", null, shown));
  }

  #fit() {
    const width = this.canvas.clientWidth;
    if (this.plot && width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height: this.plot.height });
    }
  }

  /** A line instead of a chart: why there is none. @param {string} title @param {string} text */
  tell(title, text) {
    this.show(undefined);
    this.heading.textContent = title;
    this.readout.replaceChildren();
    this.canvas.replaceChildren(h("p", { class: "nothing" }, text));
    speak(this.canvas, null);
  }
}

/** Bars stand behind lines. @param {Line} line */
const behind = ({ kind }) => Number(kind === "bars");

/** @param {Plot} what @returns {import("uplot").Range.Function} */
function padded(what) {
  const bars = what.lines.every(({ kind }) => kind !== "line");
  return (_, min, max) => {
    if (min === null || max === null) return [0, 1];
    if (bars) return [0, max * 1.05 || 1];
    return UPlot.rangeNum(min, max, 0.08, true);
  };
}
