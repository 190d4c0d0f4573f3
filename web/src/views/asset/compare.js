/**
 * Up to five assets on one scale: each is 100 on the first day that all of them are known.
 *
 * @typedef {import("../../main.js").App} App
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../data/series.js").Values} Values
 * @typedef {import("../../charts/span.js").Span} Span
 * @typedef {import("../../charts/chart.js").Plot} Plot
 */
import { exactly, title } from "../../columns.js";
import { called } from "../../data/overview.js";
import { iso } from "../../days.js";
import { axis, UNKNOWN } from "../../format.js";

/** @param {App} app @param {Asset} asset @param {import("../asset.js").Choice} choice */
export async function compared(app, asset, { vs, by, log }, /** @type {Span} */ span) {
  const assets = [asset, ...vs.flatMap((id) => app.assets.get(id) ?? [])];
  const column = app.overview.columns.find(({ name }) => name === by);
  if (!app.lake || !column) return null;
  const days = range(span.first, span.last);
  const { lake } = app;
  const values = await Promise.all(assets.map((one) => onDays(lake, one, by, days)));
  const [from, to] = span.bounds;
  const base = commonDay(values, from - span.first, to - span.first);
  return /** @type {Plot} */ ({
    title:
      base === null ? `${title(by)}: no day has all` : `${title(by)}, ${iso(days[base])} = 100`,
    ...{ days, axis, log },
    lines: assets.map((one, index) => ({
      ...{ label: called(one), colour: `series-${index + 1}`, kind: "line" },
      values: values[index].map((value) => share(value, base, values[index])),
      exactly: (value, at) =>
        value === null ? UNKNOWN : `${value.toFixed(2)} (${exactly(column, values[index][at])})`,
    })),
  });
}

/** @param {number | null} value @param {number | null} base @param {Values} values */
function share(value, base, values) {
  const first = base === null ? null : values[base];
  return value === null || !first ? null : (value / first) * 100;
}

/** The first day of these on which every asset has a value above zero. @param {Values[]} all */
function commonDay(all, /** @type {number} */ from, /** @type {number} */ to) {
  for (let index = Math.max(0, from); index <= to; index++) {
    if (all.every((values) => (values[index] ?? 0) > 0)) return index;
  }
  return null;
}

/** @param {import("../../data/series.js").Lake} lake @param {Asset} asset @param {string} name */
async function onDays(lake, asset, name, /** @type {number[]} */ days) {
  if (!(name in asset.last)) return days.map(() => null);
  const { first, values } = await lake.series(asset, [name]);
  const own = values.get(name) ?? [];
  return days.map((day) => own[day - first] ?? null);
}

/** @param {number} first @param {number} last */
const range = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);
