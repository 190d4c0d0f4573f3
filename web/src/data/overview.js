/**
 * `data/overview.json`: what is published, its columns and assets, and where the rest lies.
 *
 * @typedef {{ name: string, unit: string | null, meaning: string | null, source: string | null,
 *   provider: string | null, time: string | null, rule: string | null,
 *   last_closed: string | null, through: string | null, behind: number | null }} Column
 * @typedef {[known: number, first: string, last: string, behind: number | null]} Cover
 * @typedef {{ day: string, d1: number | null, d7: number | null, d30: number | null }} Change
 * @typedef {{ id: string, symbol: string | null, name: string | null, rank: number | null,
 *   members: string[], file: string, rows: [number, number] | null, first_day: string | null,
 *   last_day: string | null, days: number, last: Record<string, [number, string]>,
 *   change: Change | null, sparkline: (number | null)[] | null, coverage: Record<string, Cover>,
 *   why: Record<string, string> }} Asset
 * @typedef {{ run_id: string, status: string, message: string | null,
 *   finished_at: string | null }} Run
 * @typedef {{ path: string, bytes: number, sha256: string, name: string }} File
 * @typedef {{ months: string[], assets: number[],
 *   columns: Record<string, (number | null)[]> }} ByMonth
 * @typedef {{ sequence: number, version: string, as_of: string, published_at: string | null,
 *   run_id: string | null, rows: number, assets: number, forced: string | null,
 *   rollback_of: string | null, rollback_reason: string | null,
 *   warnings: string[] }} Publication
 * @typedef {{ why: string, meaning: string, cells: number, assets: number,
 *   columns: string[] }} Total
 * @typedef {{ canonical_id: string, column: string, why: string, cells: number, first: string,
 *   last: string, day: string, before: number | null, after: number | null,
 *   change: number | null }} Difference
 * @typedef {{ from: string, to: string, mapping_changed: boolean, came: string[], left: string[],
 *   columns_came: string[], columns_left: string[], totals: Total[],
 *   largest: Difference[] }} Changes
 * @typedef {{ format: number, synthetic: boolean | null, as_of: string | null,
 *   closed_through: string | null, open_day: string | null, rows: number,
 *   first_day: string | null, api: boolean, trouble: string[],
 *   files: { data: File | null, runs: { path: string } | null, details: string | null },
 *   run: Run | null, last_run: Run | null, columns: Column[], assets: Asset[],
 *   coverage_by_month: ByMonth | null,
 *   published: { history: Publication[], changes: Changes | null } | null }} Overview
 */
import { json } from "./fetching.js";
import { Trouble } from "./trouble.js";

const PATH = "data/overview.json";
const FORMAT = 1;

/** @returns {Promise<Overview>} */
export async function overview() {
  // the one name that stays when something new is published: no cache may answer for it
  const found = await json(PATH, { cache: "no-cache" });
  if (found?.format !== FORMAT || !Array.isArray(found.assets) || !Array.isArray(found.columns)) {
    throw new Trouble(
      `${PATH} has the format ${found?.format ?? "of something else"}; this page reads ${FORMAT}.`,
      "Export the dashboard again, so that page and data are of one version.",
    );
  }
  for (const asset of found.assets) {
    // a column may be called as what every object has from its prototype
    for (const facts of [asset.last, asset.coverage, asset.why]) Object.setPrototypeOf(facts, null);
  }
  return found;
}

/** What people call an asset. @param {Asset} asset */
export const called = (asset) => asset.name || asset.id;

/** @param {Asset} asset */
export const ticker = (asset) => (asset.symbol ?? "").toUpperCase();
