/**
 * Numbers as the field writes them: $1.23B, $0.00001234, −4.5 %; unknown is "–", never 0.
 */

export const UNKNOWN = "–";
const MINUS = "−";
const STEPS = /** @type {const} */ ([
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
]);

/** @typedef {number | null | undefined} Value */

/** @param {number} value @param {Intl.NumberFormatOptions} options */
const plain = (value, options) => Math.abs(value).toLocaleString("en-US", options);

/** @param {number} value @param {string} text */
const signed = (value, text) => (value < 0 ? MINUS + text : text);

/** A price of one coin: two decimals from a dollar on, else four digits. @param {Value} value */
export function price(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const size = Math.abs(value);
  if (size >= 1 || size === 0) {
    const text = plain(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    return signed(value, `$${text}`);
  }
  const digits = { minimumSignificantDigits: 4, maximumSignificantDigits: 4 };
  return signed(value, `$${plain(value, digits)}`);
}

/** An amount in short: 1.23B, 712.30K, 12.00. @param {Value} value */
export function short(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const size = Math.abs(value);
  // what would be rounded to 1,000.00 belongs to the next step
  const [unit, letter] = STEPS.find(([step]) => size >= step * 0.999995) ?? [1, ""];
  const text = plain(value / unit, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return signed(value, text + letter);
}

/** @param {Value} value */
export function dollars(value) {
  if (value === null || value === undefined) return UNKNOWN;
  return signed(value, `$${short(Math.abs(value))}`);
}

/** An amount beside an axis: no digit that says nothing. @param {number} value */
export function axis(value) {
  const [unit, letter] = STEPS.find(([step]) => Math.abs(value) >= step * 0.999995) ?? [1, ""];
  return signed(value, plain(value / unit, { maximumSignificantDigits: 5 }) + letter);
}

/** A fraction as a change: +2.1 %, −4.5 %, 0.0 %. @param {Value} fraction @param {number} [digits] */
export function change(fraction, digits = 1) {
  if (fraction === null || fraction === undefined) return UNKNOWN;
  const text = plain(fraction * 100, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const sign = Number(text.replaceAll(",", "")) === 0 ? "" : fraction < 0 ? MINUS : "+";
  return `${sign}${text} %`;
}

/** A fraction as a share: 98 %, never 100 % or 0 % for what is not. @param {Value} fraction */
export function share(fraction) {
  if (fraction === null || fraction === undefined) return UNKNOWN;
  const percent = fraction * 100;
  if (percent > 0 && percent < 1) return "<1 %";
  if (percent < 100 && percent > 99) return ">99 %";
  return `${Math.round(percent)} %`;
}

/** @param {Value} value */
export const count = (value) =>
  value === null || value === undefined ? UNKNOWN : signed(value, plain(value, {}));

/** Every digit that the file has. @param {Value} value */
export function exact(value) {
  if (value === null || value === undefined) return UNKNOWN;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-12 || size >= 1e21)) return signed(value, String(size));
  return signed(value, plain(value, { maximumFractionDigits: 20 }));
}

/** Bytes: 812 B, 34 kB, 6.8 MB. @param {Value} value */
export function bytes(value) {
  if (value === null || value === undefined) return UNKNOWN;
  if (value < 1000) return `${value} B`;
  if (value < 999_500) return `${Math.round(value / 1000)} kB`;
  return `${(value / 1e6).toFixed(1)} MB`;
}

/** "1 asset", "3 assets". @param {number} n @param {string} one @param {string} [many] */
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** Which way a number went, as a class of the style sheet. @param {Value} fraction */
export function direction(fraction) {
  if (!fraction || change(fraction).startsWith("0")) return "level";
  return fraction > 0 ? "up" : "down";
}
