/**
 * What a column is called and how its values are written; one that is not known here goes by its
 * name and unit.
 */
import * as format from "./format.js";

/** @typedef {import("./data/overview.js").Column} Column */
/** @typedef {import("./format.js").Value} Value */

/** @type {Record<string, { title: string, brief: string }>} */
const TITLES = {
  close: { title: "Price", brief: "Price" },
  volume: { title: "Volume, 24 h", brief: "Volume 24 h" },
  market_cap: { title: "Market cap", brief: "Market cap" },
  chain_tvl: { title: "Chain TVL", brief: "Chain TVL" },
  protocol_tvl: { title: "Protocol TVL", brief: "Protocol TVL" },
  dex_volume: { title: "DEX volume", brief: "DEX volume" },
  lc_galaxy_score: { title: "Galaxy Score", brief: "Galaxy" },
  lc_sentiment: { title: "Sentiment", brief: "Sentiment" },
  open: { title: "Open", brief: "Open" },
  high: { title: "High", brief: "High" },
  low: { title: "Low", brief: "Low" },
  lc_social_dominance: { title: "Social dominance", brief: "Dominance" },
  lc_alt_rank: { title: "AltRank", brief: "AltRank" },
  lc_interactions: { title: "Interactions", brief: "Interactions" },
};

const PRICES = new Set(["open", "high", "low", "close"]);

/** @param {string} name */
export const title = (name) => TITLES[name]?.title ?? name;

/** @param {string} name */
export const brief = (name) => TITLES[name]?.brief ?? name;

/** @param {Column} column */
const inDollars = (column) => /dollar|usd/i.test(column.unit ?? "");

/** @param {Column} column */
const isScore = (column) => /score|percent/i.test(column.unit ?? "");

/** A value in short, for a table or an axis. @param {Column} column @param {Value} value */
export function shown(column, value) {
  if (PRICES.has(column.name)) return format.price(value);
  if (inDollars(column)) return format.dollars(value);
  if (value === null || value === undefined) return format.UNKNOWN;
  if (/percent/i.test(column.unit ?? "")) return `${fixed(value)} %`;
  if (isScore(column)) return fixed(value);
  return Math.abs(value) >= 10_000 ? format.short(value) : format.exact(value);
}

/** A score to one decimal, without one that says nothing. @param {number} value */
const fixed = (value) => value.toFixed(1).replace(/\.0$/, "").replace("-", "−");

/** A value beside an axis. @param {Column} column @returns {(value: number) => string} */
export function onAxis(column) {
  return (value) => {
    const text = format.axis(value);
    if (!inDollars(column)) return text;
    return value < 0 ? text.replace("−", "−$") : `$${text}`;
  };
}

/** Every digit, with the unit. @param {Column} column @param {Value} value */
export function exactly(column, value) {
  const text = format.exact(value);
  if (value === null || value === undefined) return text;
  if (inDollars(column)) return value < 0 ? text.replace("−", "−$") : `$${text}`;
  if (/percent/i.test(column.unit ?? "")) return `${text} %`;
  if (/0–100/.test(column.unit ?? "")) return `${text} of 100`;
  return column.unit ? `${text} ${column.unit}` : text;
}
