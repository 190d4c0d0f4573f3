/**
 * Keys that work wherever the focus is, but in fields that take text.
 */

/**
 * @param {AbortSignal} signal ends it
 * @param {Record<string, () => void>} actions by key
 */
export function onKeys(signal, actions) {
  const listen = (/** @type {KeyboardEvent} */ event) => {
    const typing =
      event.target instanceof Element && event.target.closest("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  };
  document.addEventListener("keydown", listen, { signal });
}
