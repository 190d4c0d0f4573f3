/**
 * The members that are folded into an asset, and each one's share of its volume over time.
 *
 * @typedef {import("../../main.js").App} App
 * @typedef {import("../../data/overview.js").Asset} Asset
 * @typedef {import("../../data/details.js").Details} Details
 * @typedef {[string, (number | null)[]]} Shares  of a member, by week
 */
import { Chart } from "../../charts/chart.js";
import { details } from "../../data/details.js";
import { told } from "../../data/trouble.js";
import { day } from "../../days.js";
import { h } from "../../dom.js";
import { counted, share, UNKNOWN } from "../../format.js";
import { table } from "../table.js";

const SHOWN = 4; // by their own colour; the others together

/** @param {App} app @param {Asset} asset @param {import("../../charts/span.js").Span} span */
export function members(app, asset, span) {
  const place = h("section", { class: "panel members" });
  if (asset.members.length < 2 || !app.overview.files.details) {
    place.append(alone(asset));
    return place;
  }
  const heading = h("h2", null, `${counted(asset.members.length, "member")} folded into one asset`);
  place.append(h("div", { class: "panel-head" }, heading), h("p", { class: "hint" }, "Loading …"));
  const seen = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    void fill();
  });
  seen.observe(place);
  app.signal.addEventListener("abort", () => seen.disconnect());
  return place;

  async function fill() {
    try {
      const found = await details(app.overview, asset, app.signal);
      if (!found || app.signal.aborted) return;
      place.replaceChildren(h("div", { class: "panel-head" }, heading), listed(found));
      if (found.volume?.weeks.length) {
        const setting = { span, openDay: null, synthetic: app.overview.synthetic === true };
        const chart = new Chart({ ...setting, signal: app.signal });
        place.before(chart.element);
        chart.show(stacked(found.volume));
      }
    } catch (error) {
      if (app.signal.aborted) return;
      const { message, next } = told(error);
      place.lastChild?.replaceWith(h("p", { class: "nothing" }, `${message} ${next}`));
    }
  }
}

/** @param {Asset} asset */
function alone(asset) {
  const others = asset.members.filter((id) => id !== asset.id);
  const text = others.length
    ? `Folded in: ${others.join(", ")}`
    : "No other token is folded into this asset.";
  return h("p", { class: "hint" }, text);
}

/** @param {Details} found */
function listed({ members: all, volume }) {
  const heads = [
    "Member",
    "Kind",
    ["Share of volume, last week known"],
    "Where the mapping says so",
  ];
  const newest = (/** @type {string} */ id) =>
    volume?.shares[id]?.findLast((one) => one !== null) ?? null;
  const sorted = [...all].sort(
    (one, other) => (newest(other.asset) ?? -1) - (newest(one.asset) ?? -1),
  );
  const rows = sorted.map(({ asset, kind, where }) => [
    h("bdi", null, asset),
    kind,
    share(newest(asset)),
    h("span", { class: "hint" }, where ?? UNKNOWN),
  ]);
  return table("Members", heads, rows, "low");
}

/**
 * The shares on top of each other. A member's area reaches down to 0 and those after it are
 * painted over it, so that what is seen of it is its own share.
 *
 * @param {NonNullable<Details["volume"]>} volume
 * @returns {import("../../charts/chart.js").Plot}
 */
function stacked({ weeks, shares }) {
  const parts = largest(Object.entries(shares));
  const sums = parts.map((_, index) =>
    weeks.map((__, week) => total(parts.slice(index).map(([, values]) => values[week] ?? null))),
  );
  const starts = weeks.map((week) => day(week) ?? 0);
  return {
    ...{ title: "Share of volume by member", days: starts, step: 7, fixed: [0, 1] },
    axis: (value) => share(value),
    lines: parts.map(([label, values], index) => ({
      ...{ label, colour: `area-${index + 1}`, kind: "area", values, drawn: sums[index] },
      exactly: (value) => (value === null ? UNKNOWN : `${(value * 100).toFixed(2)} %`),
    })),
  };
}

/** @param {Shares[]} all @returns {Shares[]} */
function largest(all) {
  const size = (/** @type {Shares} */ [, values]) => total(values) ?? 0;
  const sorted = [...all].sort((one, other) => size(other) - size(one));
  const rest = sorted.slice(SHOWN).map(([, values]) => values);
  if (!rest.length) return sorted;
  const sum = rest[0].map((_, week) => total(rest.map((values) => values[week])));
  return [...sorted.slice(0, SHOWN), [counted(rest.length, "other"), sum]];
}

/** The sum of what is known; null if nothing is. @param {(number | null)[]} values */
function total(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) : null;
}
