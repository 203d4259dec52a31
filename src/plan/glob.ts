/**
 * Whether a text matches a pattern in which `*` stands for any characters, also none and also `/`; everything else means itself.
 * The parts between the stars are looked for from left to right, each as early as it can be, so no pattern takes long.
 */
export function globMatches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
