/**
 * A chart under keys and fingers: a slider over its days, for those who use no mouse.
 *
 * @typedef {import("./chart.js").Chart} Chart
 */
import { SECONDS } from "./axes.js";

/** @param {Chart} chart */
export function steer(chart) {
  const { canvas, setting } = chart;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-valuemin", "0");
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
    chart.plot?.setCursor({ left: event.clientX - over.left, top: event.clientY - over.top });
  });
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
  plot.setCursor({ left: Math.max(0.5, Math.min(plot.over.clientWidth - 0.5, left)), top: 1 });
}

/** @param {Chart} chart */
const here = ({ what, at }) => (what && at !== null ? what.days[at] : undefined);
