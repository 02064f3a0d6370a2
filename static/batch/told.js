// A batch in words and its numbers as they are read.

export function told({ state, done, failed, asked, left, seconds_left, waits, set }) {
  const many = (n) => n.toLocaleString("en");
  const parts = [`${many(done)} of ${many(set.images)} explained`];
  if (failed) parts.push(`${many(failed)} failed`);
  if (state === "cancelled") parts.push(`stopped with ${many(left)} left; what is done is kept`);
  if (state === "running" && seconds_left !== null) parts.push(`about ${spell(seconds_left)} left`);
  if (state === "running" && waits) parts.push("waits for an earlier batch of yours");
  else if (state === "running" && !asked && !done) parts.push("waits for a worker");
  return parts.join(" \u00b7 ");
}

export function spell(seconds) {
  return seconds < 90 ? `${Math.max(Math.round(seconds), 1)} s` : `${Math.round(seconds / 60)} min`;
}

// A probability in percent; one that rounding would make certain, or impossible, is neither.
export function rate(probability) {
  const percent = 100 * probability;
  if (percent > 99.9 && percent < 100) return "> 99.9 %";
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent.toFixed(1)} %`;
}

export function took(seconds) {
  return seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1);
}
