import { parse } from 'yaml';
import type { Schema } from './settingSchema.ts';

/** A key of values.yaml that has a description. */
export interface ValueKey {
  /** `image.tag` */
  readonly path: string;
  readonly help: string;
  readonly usual: unknown;
  /** What its comment says about its schema, beyond what its default tells. */
  readonly schema: Schema;
}

const KEY = /^( *)([A-Za-z][A-Za-z0-9]*):/;
const COMMENT = /^ *# ?(.*)$/;

/**
 * Reads the keys of values.yaml that are described by a comment `# -- …` above them, in order.
 * @throws {Error} naming a key that stands beside described ones and is not described
 */
export function valueKeys(text: string): ValueKey[] {
  const values = parse(text) as unknown;
  const found: ValueKey[] = [];
  const above: { readonly indent: number; readonly key: string }[] = [];
  let comments: string[] = [];
  for (const line of text.split('\n')) {
    const comment = COMMENT.exec(line)?.[1];
    if (comment !== undefined) {
      comments.push(comment);
      continue;
    }
    const [, indent = '', key] = KEY.exec(line) ?? [];
    if (key !== undefined) {
      while ((above.at(-1)?.indent ?? -1) >= indent.length) above.pop();
      above.push({ indent: indent.length, key });
      found.push(...described(above, comments, values));
    }
    comments = [];
  }
  return checked(found, values);
}

function described(
  above: readonly { readonly key: string }[],
  comments: readonly string[],
  values: unknown,
): ValueKey[] {
  const said = (mark: string): string | undefined =>
    comments.find((comment) => comment.startsWith(`${mark} `))?.slice(mark.length + 1);
  const help = said('--');
  if (help === undefined) return [];
  const path = above.map(({ key }) => key);
  const usual = path.reduce<unknown>((value, step) => (value as Record<string, unknown>)?.[step], values);
  return [{ path: path.join('.'), help, usual, schema: JSON.parse(said('@schema') ?? '{}') as Schema }];
}

/** Every value is described, or lies in one that is, or holds only such. */
function checked(found: ValueKey[], values: unknown): ValueKey[] {
  const paths = found.map(({ path }) => path);
  const undescribed = (value: unknown, path: string): string[] => {
    if (paths.includes(path)) return [];
    if (path !== '' && !paths.some((one) => one.startsWith(`${path}.`))) return [path];
    return Object.entries(value as object).flatMap(([key, child]) => undescribed(child, path ? `${path}.${key}` : key));
  };
  const missing = undescribed(values, '');
  if (missing.length > 0) throw new Error(`values.yaml does not describe ${missing.join(', ')}`);
  return found;
}
