/**
 * Addresses lead back to what they were made of, whatever it is called.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { link, parse } from "../src/router.js";

test("a link is read as it was meant", () => {
  for (const id of ["bitcoin", "a/b?c#d%2e&e=f", "../..", "\u202egnp", "<b>", "100 %", "a,b"]) {
    const { path, query } = parse(link(["asset", id], { vs: id, from: null }));
    assert.deepEqual(path, ["asset", id]);
    assert.equal(query.get("vs"), id);
    assert.equal(query.has("from"), false);
  }
});

test("what is not from a link of ours names nothing, and breaks nothing", () => {
  assert.deepEqual(parse("").path, []);
  assert.deepEqual(parse("#/asset/%E0%A4%A").path, ["asset", "%E0%A4%A"]);
  assert.deepEqual(parse("#//runs//").path, ["runs"]);
});
