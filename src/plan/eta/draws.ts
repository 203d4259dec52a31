/** Random numbers that are the same for the same workload and draw, so that an estimate changes only when what it rests on does. */

/** A number for a text, spread over 32 bits (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** A number between 0 and 1, without both, for a seed and a draw (finalizer of MurmurHash3). */
export function uniform(seed: number, draw: number): number {
  let mixed = seed ^ Math.imul(draw + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (((mixed ^ (mixed >>> 16)) >>> 0) + 0.5) / 0x100000000;
}

/** The value of the standard normal distribution below which this share lies (Abramowitz and Stegun 26.2.23; error below 0.00045). */
export function normalAt(share: number): number {
  const tail = Math.min(share, 1 - share);
  const t = Math.sqrt(-2 * Math.log(Math.max(tail, 1e-12)));
  const value = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return share < 0.5 ? -value : value;
}

/** The share of the standard normal distribution below a value (Abramowitz and Stegun 26.2.17; error below 1e-7). */
export function shareBelow(value: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(value));
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
  return value < 0 ? tail : 1 - tail;
}
