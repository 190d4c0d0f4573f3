/**
 * What is drawn under the lines: unknown stretches, the open day, the word for synthetic data.
 *
 * @typedef {import("uplot")} uPlot
 * @typedef {import("../data/series.js").Values} Values
 */
import { colour } from "../theme.js";
import { SECONDS } from "./axes.js";

/**
 * Stretches in which none of the lines has a value, as first and last index.
 *
 * @param {Values[]} lines
 * @returns {[number, number][]}
 */
export function gaps(lines) {
  /** @type {[number, number][]} */
  const found = [];
  const length = lines[0]?.length ?? 0;
  let begin = -1;
  for (let index = 0; index <= length; index++) {
    const unknown = index < length && lines.every((values) => values[index] === null);
    if (unknown && begin < 0) begin = index;
    if (!unknown && begin >= 0) {
      found.push([begin, index - 1]);
      begin = -1;
    }
  }
  return found;
}

/**
 * @param {{ lines: () => Values[], openDay: number | null, synthetic: boolean }} what
 * @returns {(u: uPlot) => void} a hook for `drawClear`
 */
export function marks({ lines, openDay, synthetic }) {
  return (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const [begin, end] of gaps(lines())) {
      unknown(u, u.data[0][begin] - SECONDS / 2, u.data[0][end] + SECONDS / 2);
    }
    if (openDay !== null) {
      ctx.fillStyle = colour("warn-back");
      band(u, openDay * SECONDS - SECONDS / 2, openDay * SECONDS + SECONDS / 2);
    }
    if (synthetic) watermark(u);
    ctx.restore();
  };
}

/** @param {uPlot} u @param {number} from @param {number} to */
function unknown(u, from, to) {
  const { ctx, bbox } = u;
  ctx.fillStyle = colour("gap");
  const [left, width] = band(u, from, to);
  const scale = devicePixelRatio;
  if (width < 70 * scale) return;
  ctx.fillStyle = colour("soft");
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  ctx.fillText("unknown", left + width / 2, bbox.top + 6 * scale);
}

/** Fill these times, at least two pixels wide; left end and width of what shows. @param {uPlot} u */
function band(u, /** @type {number} */ from, /** @type {number} */ to) {
  const { bbox } = u;
  const left = Math.max(bbox.left, u.valToPos(from, "x", true));
  const right = Math.min(bbox.left + bbox.width, u.valToPos(to, "x", true));
  if (right > left) u.ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  return [left, right - left];
}

/** @param {uPlot} u */
function watermark({ ctx, bbox }) {
  const size = Math.min(bbox.height / 3, bbox.width / 9);
  ctx.globalAlpha = 0.07;
  ctx.fillStyle = colour("text");
  ctx.font = `700 ${size}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText("SYNTHETIC", bbox.left + bbox.width / 2, bbox.top + bbox.height / 2);
}
