/**
 * The address after the `#` says what is shown, so that every view can be linked to.
 *
 * `#/asset/bitcoin?vs=ethereum,solana&from=2024-01-01` is the path ["asset", "bitcoin"] and its
 * query.
 *
 * @typedef {{ path: string[], query: URLSearchParams }} Route
 */

/** @param {string} hash @returns {Route} */
export function parse(hash) {
  const [path, query] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter(Boolean).map(decoded),
    query: new URLSearchParams(query ?? ""),
  };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // not from one of our links: it names nothing that we have
  }
}

/**
 * The address of a view.
 *
 * @param {(string | null | undefined)[]} path
 * @param {Record<string, string | null | undefined>} [query] empty values are left out
 */
export function link(path, query = {}) {
  const parts = path.filter((part) => part).map((part) => encodeURIComponent(part ?? ""));
  const wanted = Object.entries(query).filter(([, value]) => value);
  const asked = new URLSearchParams(/** @type {[string, string][]} */ (wanted)).toString();
  return `#/${parts.join("/")}${asked ? `?${asked.replaceAll("%2C", ",")}` : ""}`;
}

/** Keep the address in step with what is chosen, without a step in the history. @param {string} hash */
export function remember(hash) {
  if (location.hash !== hash) history.replaceState(history.state, "", hash);
}
