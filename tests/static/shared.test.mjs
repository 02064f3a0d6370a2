import assert from "node:assert/strict";
import { test } from "node:test";

import { across, shared } from "../../static/compare/shared.js";

const rise = { signed: true, family: "effect on the logit" };
const sobol = { signed: true, family: "share of the variance" };

test("maps in one unit share the widest limits, with zero in the middle", () => {
  const scale = shared([{ ...rise, limits: [-1, 1] }, { ...rise, limits: [-3, 3] }]);
  assert.deepEqual(scale, { same: true, limits: [[-3, 3], [-3, 3]] });
});

test("the same map twice is drawn alike, on the limits it has alone", () => {
  assert.deepEqual(shared([{ ...rise, limits: [-2, 2] }, { ...rise, limits: [-2, 2] }]).limits, [[-2, 2], [-2, 2]]);
  assert.deepEqual(shared([{ ...rise, limits: [-2, 2] }]).limits, [[-2, 2]]);
});

test("maps in different units keep their own limits, and so do maps with and without signs", () => {
  assert.deepEqual(shared([{ ...rise, limits: [-1, 1] }, { ...sobol, limits: [-0.2, 0.2] }]), {
    same: false,
    limits: [[-1, 1], [-0.2, 0.2]],
  });
  assert.equal(shared([{ ...rise, limits: [-1, 1] }, { ...rise, signed: false, limits: [0, 1] }]).same, false);
});

test("unsigned maps share a scale that begins at the lowest", () => {
  const saliency = { signed: false, family: "slope" };
  assert.deepEqual(shared([{ ...saliency, limits: [0, 1] }, { ...saliency, limits: [-0.5, 4] }]).limits, [[-0.5, 4], [-0.5, 4]]);
});

test("no maps yet is no mistake", () => assert.deepEqual(shared([]), { same: true, limits: [] }));

test("a place is found again in another crop, or is not there", () => {
  const whole = [0, 0, 1, 1];
  const middle = [0.25, 0.25, 0.75, 0.75];
  assert.deepEqual(across([0.5, 0.5], whole, middle), [0.5, 0.5]);
  assert.deepEqual(across([0, 1], middle, whole), [0.25, 0.75]);
  assert.equal(across([0.1, 0.5], whole, middle), null);
  assert.deepEqual(across([0.3, 0.9], middle, middle).map((at) => at.toFixed(9)), ["0.300000000", "0.900000000"]);
});
