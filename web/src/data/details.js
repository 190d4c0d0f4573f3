/**
 * The file of an asset: its members, their shares of its volume, its newest numbers explained.
 *
 * @typedef {{ dataset: string, native_id: string | null, object: string | null,
 *   sha256: string | null, how: string | null, asked_at: string | null, learnt_at: string | null,
 *   known_through: string | null }} Source
 * @typedef {{ asset: string, kind: string, value: number | null, entered: boolean, why: string,
 *   guard: string | null, where: string | null, series: Source[] }} Part
 * @typedef {{ asset: string, canonical_id: string, column: string, date: string,
 *   open_day: boolean, value: number | null, recomputed: number | null, equal: boolean,
 *   note: string | null, rule: string | null, rule_where: string | null, source: string[],
 *   members: Part[], lost: Record<string, string>, run_id: string | null,
 *   as_of: string | null }} Explained
 * @typedef {{ asset: string, kind: string, where: string | null }} Member
 * @typedef {{ format: number, id: string, day: string, members: Member[],
 *   volume: { weeks: string[], shares: Record<string, (number | null)[]> } | null,
 *   explain: Record<string, Explained> }} Details
 */
import { json } from "./fetching.js";

/**
 * @param {import("./overview.js").Overview} overview
 * @param {import("./overview.js").Asset} asset
 * @param {AbortSignal} signal
 * @returns {Promise<Details | null>} null where the export has none
 */
export async function details({ files }, asset, signal) {
  if (!files.details) return null;
  const found = await json(files.details + encodeURIComponent(asset.file), { signal });
  for (const facts of [found.explain, found.volume?.shares ?? {}])
    Object.setPrototypeOf(facts, null);
  return found;
}
