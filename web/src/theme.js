/**
 * Light or dark: as the system has it, until the reader chooses.
 */

const KEY = "datalake.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {"light" | "dark"} */
export function theme() {
  return document.documentElement.dataset.theme === "dark" ? "dark" : "light";
}

/** Take up the reader's choice, or the system's. */
export function apply() {
  const wanted = chosen() ?? (system.matches ? "dark" : "light");
  if (document.documentElement.dataset.theme === wanted) return;
  document.documentElement.dataset.theme = wanted;
  for (const listener of listeners) listener();
}

/** Choose the other one. */
export function toggle() {
  const other = theme() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, other);
  } catch {
    // a browser that keeps nothing: the choice lasts as long as the page
  }
  document.documentElement.dataset.theme = other;
  for (const listener of listeners) listener();
}

/** Call when the colours change, until the returned function is called. @param {() => void} listener */
export function onTheme(listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** A colour of the style sheet, for what is drawn. @param {string} name */
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function chosen() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}

system.addEventListener("change", apply);
