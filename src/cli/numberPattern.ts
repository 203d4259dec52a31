/**
 * A regular expression for the whole numbers from 0 to a limit, without leading zeros. It is one of those that JavaScript and RE2 share, so
 * that the schema of the chart says the same as a parser here.
 */
export const numberUpTo = (limit: number): string => `(0|${fromOneTo(limit)})`;

/** The same from 1. */
export function fromOneTo(limit: number): string {
  const digits = [...String(limit)].map(Number);
  const shorter = digits.length > 1 ? [`[1-9]${anyDigits(digits.length - 2, 0)}`] : [];
  // as long as the limit: some of its first digits, and then a smaller digit
  const smaller = digits.flatMap((digit, at) => {
    const first = at === 0 ? 1 : 0;
    if (digit <= first) return [];
    const same = digits.slice(0, at).join('');
    const rest = digits.length - at - 1;
    return [`${same}[${first}-${digit - 1}]${anyDigits(rest, rest)}`];
  });
  return `(${[...shorter, ...smaller, String(limit)].join('|')})`;
}

const anyDigits = (most: number, least: number): string => (most === 0 ? '' : `\\d{${least},${most}}`);
