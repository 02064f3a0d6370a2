import assert from "node:assert/strict";
import { test } from "node:test";

import { limits, paint, table, text } from "../../static/map/scale.js";

const STOPS = [[0, 0, 255], [255, 255, 255], [255, 0, 0]];
const shown = { opacity: 1, solid: true, clear: false };

test("a signed scale is symmetric about zero, so that an all-positive map shows nothing of the negative colour", () => {
  assert.deepEqual(limits(Float32Array.of(0.5, 2), true), [-2, 2]);
  const pixels = paint({ values: Float32Array.of(0, 1, 2) }, [-2, 2], table(STOPS), shown);
  assert.ok(Math.abs(pixels[0] - 255) <= 1 && Math.abs(pixels[2] - 255) <= 2, "zero is the middle stop, within rounding");
  assert.ok(pixels[4] >= pixels[6] && pixels[8] >= pixels[10], "no positive value is bluer than red");
  assert.deepEqual([...pixels.slice(8, 11)], [255, 0, 0]);
});

test("an unsigned scale begins at zero, a constant map does not divide by zero", () => {
  assert.deepEqual(limits(Float32Array.of(1, 3), false), [0, 3]);
  assert.deepEqual(limits(Float32Array.of(0, 0), true), [-1, 1]);
  assert.deepEqual(limits(Float32Array.of(0, 0), false), [0, 1]);
});

test("values beyond the limits take the end colours", () => {
  const pixels = paint({ values: Float32Array.of(-9, 9) }, [-1, 1], table(STOPS), shown);
  assert.deepEqual([...pixels], [0, 0, 255, 255, 255, 0, 0, 255]);
});

test("over a picture weak evidence is transparent, and all of it never hides more than the opacity", () => {
  const pixels = paint({ values: Float32Array.of(0, 1) }, [-1, 1], table(STOPS), { ...shown, solid: false, opacity: 0.5 });
  assert.equal(pixels[3], 0);
  assert.ok(Math.abs(pixels[7] - 127.5) <= 0.5);
});

test("clear evidence is what lies beyond two standard errors", () => {
  const map = { values: Float32Array.of(1, 1), stderr: Float32Array.of(0.4, 0.6) };
  const pixels = paint(map, [-1, 1], table(STOPS), { ...shown, clear: true });
  assert.deepEqual([pixels[3], pixels[7]], [255, 0]);
});

test("numbers keep three digits and show their sign", () => {
  assert.equal(text(0), "0");
  assert.equal(text(1.23456), "+1.23");
  assert.equal(text(-0.00012), "\u22121.2e-4");
});
