/** A text with what stands between two markers replaced. @throws {Error} when the file has lost them */
export function between(text: string, begin: string, end: string, content: string, file: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end.trimStart(), from + begin.length);
  if (from < 0 || to < 0) throw new Error(`${file} has no place for what is generated: ${begin.trim()}`);
  const lineStart = text.lastIndexOf('\n', to);
  return `${text.slice(0, from + begin.length)}${content}${text.slice(lineStart)}`;
}
