const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/;
/** No quantity of a container is longer. */
const LONGEST = 64;

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Rounding of 0.1 and 100m is far below this, and no container has so many digits. */
const PRECISION = 1e-12;

/** Whether two quantities are the same amount, such as `100m` and `0.1` (apimachinery pkg/api/resource). */
export function sameQuantity(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  const [a, b] = [amountOf(one), amountOf(other)];
  if (a === undefined || b === undefined) return false;
  return Math.abs(a - b) <= PRECISION * Math.max(Math.abs(a), Math.abs(b));
}

/** YAML may have made a number of it. */
function amountOf(quantity: unknown): number | undefined {
  const text = typeof quantity === 'number' ? String(quantity) : quantity;
  if (typeof text !== 'string' || text.length > LONGEST) return undefined;
  const [, number, exponent = '', suffix] = QUANTITY.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Number(`${number}${exponent}`) * (suffix === undefined ? 1 : (SUFFIXES[suffix] ?? Number.NaN));
}
