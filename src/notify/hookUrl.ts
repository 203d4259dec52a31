import { readTextFile } from '../watch/textFile.ts';

/** Bytes; an URL that a server takes has less. */
const SIZE = 8 * 1024;

/**
 * Reads the URL in a file. It is a secret, so no problem quotes it. The file is read before each request, because the Secret behind it may
 * have been replaced.
 */
export async function readHookUrl(file: string): Promise<URL | { readonly problem: string }> {
  const content = await readTextFile(file, SIZE);
  if ('problem' in content) return { problem: `its file ${content.problem}` };
  const text = content.text.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  return { problem: 'its file has no http or https URL' };
}
