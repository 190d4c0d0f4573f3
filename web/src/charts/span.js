/**
 * The days that linked charts show: all of them, or a range that the reader chose.
 *
 * @typedef {import("../days.js").Day} Day
 */

export class Span {
  /** @param {Day} first @param {Day} last @param {Day | null} from @param {Day | null} to */
  constructor(first, last, from = null, to = null) {
    this.first = first;
    this.last = last;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.#choose(from, to);
  }

  /** The first and last day that are shown. @returns {[Day, Day]} */
  get bounds() {
    return [this.from ?? this.first, this.to ?? this.last];
  }

  /** Choose a range; null is as far as the data go. @param {Day | null} from @param {Day | null} to */
  set(from, to) {
    const before = this.bounds.join();
    this.#choose(from, to);
    if (this.bounds.join() === before) return;
    for (const listener of this.listeners) listener();
  }

  /** Make it longer or shorter around a day. @param {number} factor @param {Day} [around] */
  zoom(factor, around) {
    const [from, to] = this.bounds;
    const centre = around ?? (from + to) / 2;
    this.set(
      Math.floor(centre - (centre - from) * factor),
      Math.ceil(centre + (to - centre) * factor),
    );
  }

  /** @param {Day | null} from @param {Day | null} to */
  #choose(from, to) {
    const [low, high] = from !== null && to !== null && from > to ? [to, from] : [from, to];
    const inside = (/** @type {Day | null} */ day) =>
      day === null ? null : Math.max(this.first, Math.min(this.last, day));
    /** @type {Day | null} */
    this.from = inside(low) === this.first ? null : inside(low);
    /** @type {Day | null} */
    this.to = inside(high) === this.last ? null : inside(high);
    if (this.bounds[0] === this.bounds[1] && this.first < this.last) {
      // one day alone is no range: a line needs two
      if (this.to === null) this.from = this.last - 1;
      else this.to = this.bounds[0] + 1;
    }
  }
}
