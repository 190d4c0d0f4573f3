/**
 * A small line of the last days' prices; unknown days are gaps in it.
 */
import { svg } from "../dom.js";

const WIDTH = 100;
const HEIGHT = 28;

/** @param {(number | null)[]} values @param {string} kind up, down or level */
export function sparkline(values, kind) {
  const known = values.filter((value) => value !== null);
  const [min, max] = [Math.min(...known), Math.max(...known)];
  // what moves by less than two percent looks as calm as it is
  const spread = Math.max(max - min, Math.abs(max) * 0.02) || 1;
  const low = (min + max - spread) / 2;
  const x = (/** @type {number} */ index) => (index / Math.max(1, values.length - 1)) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 2 - ((value - low) / spread) * (HEIGHT - 4);
  let path = "";
  values.forEach((value, index) => {
    if (value === null) return;
    const begins = index === 0 || values[index - 1] === null;
    const at = `${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    // a day between two unknown ones is a dot: a line of no length with round ends
    path += begins ? `M${at}L${at}` : `L${at}`;
  });
  return svg(
    "svg",
    {
      class: `spark ${kind}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    path ? svg("path", { d: path }) : null,
  );
}
