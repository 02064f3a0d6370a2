// What the tools do to a byte of their plane. `amount` is how much of the brush lies on a pixel of the picture; `added`
// is what is added to a pixel of the map, (byte − 128) / 127 of the map's reach.

export const MIDDLE = 128;
export const STEPS = 127;
const PUSH = 48; // bytes that evidence is raised or lowered by in one stroke

// plane, name, key, and from a byte and the machine's value there, −1 to 1, to the byte it becomes under a full brush
export const EFFECTS = {
  paint: { plane: "amount", name: "Paint", key: "p", told: "Painted", to: () => 255 },
  unpaint: { plane: "amount", name: "Restore", key: "u", told: "Restored", to: () => 0 },
  erase: { plane: "added", name: "Erase", key: "e", told: "Erased", to: (_, machine) => byte(-machine) },
  attenuate: { plane: "added", name: "Attenuate", key: "a", told: "Attenuated", to: (added, machine) => byte((value(added) - machine) / 2) },
  raise: { plane: "added", name: "Raise", key: "i", told: "Raised", to: (added) => Math.min(255, added + PUSH) },
  lower: { plane: "added", name: "Lower", key: "d", told: "Lowered", to: (added) => Math.max(1, added - PUSH) },
  unedit: { plane: "added", name: "Restore", key: "u", told: "Restored", to: () => MIDDLE },
};

export const value = (added) => (added - MIDDLE) / STEPS;
const byte = (share) => Math.min(255, Math.max(1, Math.round(MIDDLE + STEPS * share)));

export function blank(size) {
  const n = size[0] * size[1];
  return { amount: new Uint8Array(n), added: new Uint8Array(n).fill(MIDDLE) };
}

// The plane inside the rectangle: what it was before the stroke, moved towards the effect as far as it is covered.
export function apply(plane, before, coverage, [left, top, right, bottom], w, effect, machine) {
  for (let row = top; row < bottom; row++) {
    for (let i = row * w + left; i < row * w + right; i++) {
      const goal = effect.to(before[i], machine ? machine[i] : 0);
      plane[i] = Math.round(before[i] + ((goal - before[i]) * coverage[i]) / 255);
    }
  }
}

// What is left of the machine's map, in its own units, for a rectangle.
export function edited({ values }, added, reach, [left, top, right, bottom], w) {
  const found = new Float32Array((right - left) * (bottom - top));
  let k = 0;
  for (let row = top; row < bottom; row++) {
    for (let i = row * w + left; i < row * w + right; i++) found[k++] = values[i] + value(added[i]) * reach;
  }
  return found;
}

// The share of the picture that is painted.
export function area(amount) {
  let sum = 0;
  for (const one of amount) sum += one;
  return sum / (255 * amount.length);
}
