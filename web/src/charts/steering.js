/**
 * A chart under keys and fingers: a slider over its days, for those who use no mouse.
 *
 * @typedef {import("./chart.js").Chart} Chart
 */
import { SECONDS } from "./axes.js";

/** @param {Chart} chart */
export function steer(chart) {
  const { canvas, setting } = chart;
  canvas.addEventListener("keydown", (event) => {
    const action = ACTIONS[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action(chart, event.shiftKey ? 30 : 1);
  });
  canvas.addEventListener("dblclick", () => setting.span.set(null, null));
  canvas.addEventListener("pointermove", (event) => {
    const over = chart.plot?.over.getBoundingClientRect();
    if (event.pointerType === "mouse" || !over) return;
    point(chart.plot, event.clientX - over.left, event.clientY - over.top);
  });
}

/**
 * Tell a screen reader of the day, while there is a chart.
 *
 * @param {HTMLElement} canvas
 * @param {{ title: string, at: number, last: number, said: string } | null} what
 */
export function speak(canvas, what) {
  const attributes = {
    role: what && "slider",
    tabindex: what && 0,
    "aria-label": what && `${what.title}, day`,
    "aria-valuemin": what && 0,
    "aria-valuemax": what && what.last,
    "aria-valuenow": what && what.at,
    "aria-valuetext": what && what.said,
  };
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) canvas.removeAttribute(name);
    else canvas.setAttribute(name, String(value));
  }
}

/** @type {Record<string, (chart: Chart, by: number) => void>} */
const ACTIONS = {
  ArrowLeft: (chart, by) => step(chart, -by),
  ArrowRight: (chart, by) => step(chart, by),
  Home: (chart) => step(chart, -Infinity),
  End: (chart) => step(chart, Infinity),
  "+": (chart) => chart.setting.span.zoom(0.5, here(chart)),
  "-": (chart) => chart.setting.span.zoom(2, here(chart)),
  Escape: (chart) => chart.setting.span.set(null, null),
};

/** Move the crosshair by days, within what is shown. @param {Chart} chart @param {number} by */
function step({ plot, what, at, setting }, by) {
  if (!plot || !what) return;
  const [from, to] = setting.span.bounds;
  const size = what.step ?? 1;
  const low = Math.max(0, Math.ceil((from - what.days[0]) / size));
  const high = Math.min(what.days.length - 1, Math.floor((to - what.days[0]) / size));
  const next = Math.max(low, Math.min(high, (at ?? high) + by));
  // half a pixel in, so that the crosshair is inside at the edges, too
  const left = plot.valToPos(what.days[next] * SECONDS, "x");
  point(plot, Math.max(0.5, Math.min(plot.over.clientWidth - 0.5, left)), 1);
}

/** Move the crosshair, in the linked charts, too. @param {import("uplot") | undefined} plot */
function point(plot, /** @type {number} */ left, /** @type {number} */ top) {
  // the types leave out that the last one has it passed on
  /** @type {any} */ (plot)?.setCursor({ left, top }, true, true);
}

/** @param {Chart} chart */
const here = ({ what, at }) => (what && at !== null ? what.days[at] : undefined);
