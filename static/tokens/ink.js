// What is written on a colour must be read: black or white, whichever is further away.

// Relative luminance (WCAG 2.2) of 0…255 each.
export function luminance(colour) {
  const [r, g, b] = [...colour].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

// At least 4.58 to 1 on any colour: √(21) where both are equally far.
export function ink(colour) {
  const [black, white] = [[0, 0, 0], [255, 255, 255]];
  return contrast(colour, black) > contrast(colour, white) ? black : white;
}
