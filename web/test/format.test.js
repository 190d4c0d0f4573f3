/**
 * Numbers as the field writes them, at the edges of each step.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { shown, exactly } from "../src/columns.js";
import * as format from "../src/format.js";

/** @param {(value: any) => string} write @param {[unknown, string][]} pairs */
function all(write, pairs) {
  for (const [value, text] of pairs) assert.equal(write(value), text);
}

test("a price has cents from a dollar on, and four digits below", () => {
  all(format.price, [
    [54654.236, "$54,654.24"],
    [1, "$1.00"],
    [0.99864, "$0.9986"],
    [0.183, "$0.1830"],
    [0.00001234, "$0.00001234"],
    [0, "$0.00"],
    [null, "–"],
    [undefined, "–"],
  ]);
});

test("an amount takes the letter that it is rounded to", () => {
  all(format.dollars, [
    [1_234_567_890, "$1.23B"],
    [999_994, "$999.99K"],
    [999_996, "$1.00M"],
    [1.0937e12, "$1.09T"],
    [248, "$248.00"],
    [-4500, "−$4.50K"],
    [null, "–"],
  ]);
});

test("a change has a sign, unless it is none", () => {
  all(format.change, [
    [0.021, "+2.1 %"],
    [-0.045, "−4.5 %"],
    [-0.0004, "0.0 %"],
    [12.5, "+1,250.0 %"],
    [null, "–"],
  ]);
  assert.equal(format.direction(-0.0004), "level");
  assert.equal(format.direction(-0.045), "down");
  assert.equal(format.direction(null), "level");
});

test("a share is never rounded to all or nothing", () => {
  all(format.share, [
    [1, "100 %"],
    [0.9999, ">99 %"],
    [0.42, "42 %"],
    [0.0001, "<1 %"],
    [0, "0 %"],
    [null, "–"],
  ]);
});

test("exact is what the file has: the text reads back as the same number", () => {
  for (const value of [54654.23639350703, 0.1, 1e-9, 512189463.55643004, 5e-324, 1e22, -2.5, 0]) {
    assert.equal(Number(format.exact(value).replaceAll(",", "").replace("−", "-")), value);
  }
  assert.equal(format.exact(null), "–");
});

test("a column's unit decides how its values are written", () => {
  const column = { name: "x", meaning: null, source: null, provider: null, time: null, rule: null };
  const more = { last_closed: null, through: null, behind: null };
  const of = (/** @type {string | null} */ unit) => ({ ...column, ...more, unit });
  assert.equal(shown(of("US dollars"), 1234.5), "$1.23K");
  assert.equal(shown(of("percent"), 78), "78 %");
  assert.equal(shown(of("score 0–100"), 60.46), "60.5");
  assert.equal(shown(of(null), 123_456), "123.46K");
  assert.equal(exactly(of("US dollars"), -1234.5), "−$1,234.5");
  assert.equal(exactly(of("score 0–100"), 60.5), "60.5 of 100");
  assert.equal(exactly(of("posts"), null), "–");
});
