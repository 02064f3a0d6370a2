// Values to colours. The stops come from the server, so that page, export and command line draw the same map.

// What the ends of the scale stand for: symmetric about zero when signed, from zero (or below) when not.
export function limits(values, signed) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (signed) {
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1; // a map of zeros keeps its zero in the middle
    return [-reach, reach];
  }
  low = Math.min(0, low);
  return high > low ? [low, high] : [low, low + 1];
}

// 256 entries between the stops, linear in RGB.
export function table(stops) {
  const colours = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (stops.length - 1);
    const below = Math.min(Math.floor(place), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      const a = stops[below][c];
      colours[3 * i + c] = a + (stops[below + 1][c] - a) * (place - below);
    }
  }
  return colours;
}

// RGBA of a map. Over a picture the alpha follows the strength, so that weak evidence lets the picture through;
// what is within two standard errors of zero is left out when only clear evidence is asked for.
export function paint({ values, stderr }, [low, high], colours, { opacity, solid, clear }) {
  const pixels = new Uint8ClampedArray(values.length * 4);
  const top = Math.max(Math.abs(low), Math.abs(high));
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    const shade = 3 * Math.round((255 * (Math.min(Math.max(value, low), high) - low)) / (high - low));
    pixels[4 * i] = colours[shade];
    pixels[4 * i + 1] = colours[shade + 1];
    pixels[4 * i + 2] = colours[shade + 2];
    const hidden = clear && stderr && Math.abs(value) < 2 * stderr[i];
    const share = Math.min(Math.abs(value) / top, 1);
    const strength = solid ? 1 : share * (2 - share);
    pixels[4 * i + 3] = hidden ? 0 : 255 * opacity * strength;
  }
  return pixels;
}

// A number a person can read: three digits, its sign always shown.
export function text(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const digits = size >= 1e-3 && size < 1e4 ? size.toPrecision(3) : size.toExponential(1);
  return (value < 0 ? "\u2212" : "+") + digits;
}

export function percent(probability) {
  return probability >= 0.001 ? `${(100 * probability).toFixed(1)} %` : "< 0.1 %";
}
