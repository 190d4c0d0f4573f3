/**
 * Files of the page's own origin, whole as JSON or by ranges of bytes.
 *
 * @typedef {import("hyparquet").AsyncBuffer} AsyncBuffer
 */
import { Trouble } from "./trouble.js";

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function json(path, options = {}) {
  const answer = await asked(path, options);
  try {
    return JSON.parse(await answer.text());
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Trouble(`${path} is damaged.`, "Export the dashboard again.");
  }
}

/**
 * A file that is read by ranges, and as a whole from a server that knows none.
 *
 * @param {{ path: string, bytes: number }} file
 * @returns {AsyncBuffer}
 */
export function ranges({ path, bytes }) {
  /** @type {Promise<ArrayBuffer> | undefined} */
  let whole;
  return {
    byteLength: bytes,
    async slice(start, end = bytes) {
      if (whole) return (await whole).slice(start, end);
      const answer = await asked(path, { headers: { Range: `bytes=${start}-${end - 1}` } });
      if (answer.status !== 206) {
        whole = answer.arrayBuffer().then((data) => checked(path, data, bytes));
        return (await whole).slice(start, end);
      }
      const total = answer.headers.get("Content-Range")?.split("/")[1];
      if (total && total !== "*" && Number(total) !== bytes) throw changed(path);
      return checked(path, await answer.arrayBuffer(), end - start);
    },
  };
}

/** @param {string} path @param {ArrayBuffer} data @param {number} expected */
function checked(path, data, expected) {
  if (data.byteLength !== expected) throw changed(path);
  return data;
}

/** @param {string} path */
const changed = (path) =>
  new Trouble(`${path} is not the file that data/overview.json tells of.`, "Load the page again.");

/** @param {string} path @param {RequestInit} options */
async function asked(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Trouble(`${path} cannot be reached.`, "Is the server running? Then try again.");
  }
  if (!answer.ok) await reason(answer);
  if (answer.status === 404)
    throw new Trouble(`${path} is missing.`, "Export the dashboard again.");
  if (!answer.ok) {
    throw new Trouble(`${path}: the server answers ${answer.status}.`, "Try again later.");
  }
  return answer;
}

/** The local server says in a sentence why it has no answer. @param {Response} answer */
async function reason(answer) {
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) return;
  const said = await answer.json().catch(() => null);
  if (typeof said?.error === "string") throw new Trouble(said.error);
}
