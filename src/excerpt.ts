/**
 * Longest text that is kept of what others wrote, in UTF-16 code units: enough for a webhook's refusal with its names, too little for a
 * dumped object.
 */
const LIMIT = 500;

/** The beginning of foreign text. A text that is cut ends with `…`, and no character is cut in two. */
export function excerpt(text: string, limit = LIMIT): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
