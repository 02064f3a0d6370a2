// Where words lie in a text. The server counts code points, JavaScript UTF-16 units; nothing of the text is lost.

const CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // they can turn the direction of what follows
const UNSEEN = /^[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}]*$/u;
const MOST = 60; // characters of a word that are told

// UTF-8 as a string, with the byte order mark that other readers drop: offsets count it.
export function decode(buffer) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(buffer);
}

// Rising offsets in code points, as offsets in UTF-16 units.
export function places(text, points) {
  if (!/[\ud800-\udbff]/.test(text)) return [...points];
  let unit = 0;
  let point = 0;
  return points.map((wanted) => {
    for (; point < wanted && unit < text.length; point++) unit += text.codePointAt(unit) > 0xffff ? 2 : 1;
    return unit;
  });
}

// spans: [start, end] of each word, in code points → {words: {start, end, text} each, in UTF-16 units; end: where the
// last `cut` code points begin, which are not read}
export function laid(text, spans, cut) {
  const found = places(text, spans.flat());
  const words = spans.map((_, i) => {
    const [start, end] = [found[2 * i], found[2 * i + 1]];
    return { start, end, text: text.slice(start, end) };
  });
  let end = text.length;
  for (let left = cut; left > 0 && end > 0; left--) end -= text.codePointAt(end - 2) > 0xffff ? 2 : 1;
  return { words, end: Math.max(end, words.at(-1)?.end ?? 0) };
}

// Numbers of the words of each sentence; a line break ends one. A word belongs to the sentence in which it begins.
export function sentences(text, words) {
  const groups = [];
  let next = 0;
  for (const { index, segment } of new Intl.Segmenter("en", { granularity: "sentence" }).segment(text)) {
    const group = [];
    for (; next < words.length && words[next].start < index + segment.length; next++) group.push(next);
    if (group.length) groups.push(group);
  }
  return groups;
}

// What the words of each group add up to.
export function summed(values, groups) {
  return Float32Array.from(groups, (group) => group.reduce((sum, i) => sum + values[i], 0));
}

// A preview may hold every nth value only: each word takes the nearest one.
export function spread(values, d) {
  if (values.length === d) return values;
  return Float32Array.from({ length: d }, (_, i) => values[Math.floor(((i + 0.5) * values.length) / d)]);
}

export function turns(text) {
  return text.search(CONTROLS) >= 0;
}

export function unseen(text) {
  return UNSEEN.test(text);
}

// A word to be read in a sentence, which it must not turn around: what nobody sees, by its code points.
export function called(text) {
  if (unseen(text)) return [...text].map((c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(" ");
  const points = [...text.replaceAll(CONTROLS, "")];
  const shown = points.length > MOST ? `${points.slice(0, MOST).join("")}\u2026` : points.join("");
  return /[\u0590-\uffff]/.test(shown) ? `\u2068\u201c${shown}\u201d\u2069` : `\u201c${shown}\u201d`;
}
