/**
 * What goes wrong, in words for the reader: what happened, where, and what to do next.
 */

export class Trouble extends Error {
  /**
   * @param {string} message one sentence: what happened, and where
   * @param {string} [next] one sentence: what to do
   */
  constructor(message, next = "") {
    super(message);
    this.next = next;
  }
}

/** A word to the reader about any error. @param {unknown} error @returns {Trouble} */
export function told(error) {
  if (error instanceof Trouble) return error;
  console.error(error); // not foreseen: whoever mends it needs where it came from
  const what = error instanceof Error ? error.message : String(error);
  return new Trouble(`The page cannot show this: ${what}`, "Load the page again.");
}
