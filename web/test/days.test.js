/**
 * Days, ranges of days, and the stretches in which nothing is known.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Span } from "../src/charts/span.js";
import { day, duration, iso, minute, ofMicros } from "../src/days.js";

test("a day is a number of days since 1970, in UTC", () => {
  assert.equal(day("1970-01-02"), 1);
  assert.equal(iso(/** @type {number} */ (day("2024-02-29"))), "2024-02-29");
  assert.equal(ofMicros(86_400_000_000n * 20_000n), 20_000);
  for (const none of [null, "", "yesterday", "2024-02-30", "2024-02-03T00:00", "2024-13-01", 5]) {
    assert.equal(day(none), null);
  }
});

test("instants and durations are told as people do", () => {
  assert.equal(minute("2026-03-14T23:59:59.999999+00:00"), "2026-03-14 23:59 UTC");
  assert.equal(minute(null), "–");
  assert.equal(duration(6.83), "6.8 s");
  assert.equal(duration(288), "4 min 48 s");
  assert.equal(duration(3900), "1 h 5 min");
});

test("a span stays within its days, and tells when it changes", () => {
  const span = new Span(100, 200);
  let told = 0;
  span.listeners.add(() => told++);
  span.set(120, 150);
  assert.deepEqual(span.bounds, [120, 150]);
  span.set(150, 120);
  assert.equal(told, 1);
  span.set(0, 999);
  assert.deepEqual([span.from, span.to], [null, null]);
  span.set(130, 130);
  assert.deepEqual(span.bounds, [130, 131]);
  span.set(200, 200);
  assert.deepEqual(span.bounds, [199, 200]);
  span.set(140, 160);
  span.zoom(2);
  assert.deepEqual(span.bounds, [130, 170]);
  assert.deepEqual(new Span(5, 5).bounds, [5, 5]);
});
