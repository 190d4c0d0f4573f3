/**
 * The series of a chart as uPlot draws them: lines, bars, areas; a day between gaps is a dot.
 *
 * @typedef {import("uplot")} uPlot
 * @typedef {import("./chart.js").Line} Line
 */
import UPlot from "uplot";
import { colour } from "../theme.js";

/** @param {Line} line @returns {import("uplot").Series} */
export function drawn(line) {
  const stroke = colour(line.colour);
  const common = { label: line.label, scale: line.scale ?? "y", stroke, spanGaps: false };
  if (line.kind === "bars") {
    const paths = UPlot.paths.bars?.({ size: [0.7, 40] });
    return { ...common, fill: stroke, width: 0, paths, points: { show: false } };
  }
  if (line.kind === "area") {
    return { ...common, fill: stroke, width: 0, points: { show: false } };
  }
  return { ...common, width: 1.5, points: { show: true, filter: alone, size: 4, fill: stroke } };
}

/** Days with a value whose neighbours have none: no line shows them. @param {uPlot} u */
function alone(u, /** @type {number} */ series) {
  const values = u.data[series];
  const [first, last] = u.series[0].idxs ?? [0, -1];
  const found = [];
  for (let index = first; index <= last; index++) {
    const known = values[index] !== null && values[index] !== undefined;
    if (known && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null) {
      found.push(index);
    }
  }
  return found;
}

/** What a logarithm cannot show is left out of the line; the readout still has it. */
export const positive = (/** @type {(number | null)[]} */ values) =>
  values.map((value) => (value !== null && value > 0 ? value : null));
