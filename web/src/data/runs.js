/**
 * `runs.json`: what the newest runs did.
 *
 * @typedef {{ dataset: string, error: string, assets: string[], count: number,
 *   stale_through: string | null }} Failure
 * @typedef {{ plan: string, calls: number, cache_hits: number, series: number, rows: number,
 *   retries: number, throttled_seconds: number, bytes: number | null, revisions: number,
 *   failed: number, uncovered: number, through: string | null, behind: number | null,
 *   failures: Failure[] }} Provider
 * @typedef {{ name: string, level: string, detail: string }} Check
 * @typedef {{ run_id: string, as_of: string | null, started_at: string | null,
 *   finished_at: string | null, seconds: number | null, status: string, exit_code: number | null,
 *   message: string | null, synthetic: boolean, assets: number | null,
 *   providers: Record<string, Provider>, skipped: { provider: string, reason: string }[],
 *   gate: { passed: number, checks: number, told: Check[] } | null,
 *   output: { published: boolean, new: boolean, version: string | null, sequence: number | null,
 *     rows: number | null, assets: number | null } | null, next: string[] }} Run
 */
import { json } from "./fetching.js";

/**
 * @param {import("./overview.js").Overview} overview
 * @param {AbortSignal} signal
 * @returns {Promise<Run[] | null>} null where the export has none
 */
export async function runs({ files }, signal) {
  return files.runs ? (await json(files.runs.path, { signal })).runs : null;
}
