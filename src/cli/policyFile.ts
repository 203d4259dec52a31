import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { messageOf } from '../messageOf.ts';
import { closest } from './closest.ts';
import { FILTER_FIELDS } from './filterSchema.ts';
import { FREEZE_FIELDS } from './freezesSchema.ts';
import { REWRITE_FIELDS } from './imageRewritesSchema.ts';
import { METRIC_GATE_FIELDS } from './metricGatesSchema.ts';
import { HOOK_FIELDS, NOTIFY_FIELDS } from './notifySchema.ts';
import { type FilePolicy, POLICY_KEYS, policySchema } from './policySchema.ts';
import { POLICY_SIZE } from './policySize.ts';
import { SIDECAR_FIELDS } from './sidecarsSchema.ts';
import { URGENT_FIELDS } from './urgentSchema.ts';
import { WAVE_FIELDS } from './wavesSchema.ts';
import { WINDOW_FIELDS } from './windowsSchema.ts';
import { withoutAddress } from './withoutCredentials.ts';

/** A problem in a policy file, with its position. */
export interface PolicyProblem {
  /** Counts from 1; 0 if the problem concerns the whole file. */
  readonly line: number;
  readonly column: number;
  /** For example `exclude[0].namespaces`; empty if the problem concerns no key. */
  readonly path: string;
  readonly message: string;
}

export type PolicyReading =
  | { readonly policy: FilePolicy; readonly texts: Readonly<Record<string, unknown>> }
  | { readonly problems: readonly PolicyProblem[] };

/** With aliases, several filters can share a list. The limit stops files that expand to billions of entries. */
const MOST_ALIASES = 100;

type Path = readonly PropertyKey[];
type Report = (at: Place, path: Path, message: string) => void;
/** A node, or an offset in the text. */
type Place = Node | number | undefined;

/**
 * Reads a policy file. YAML's scalars stay texts, and the parsers of the flags read them. So `5`, `10m` and `true` mean the same as on the
 * command line, and no text becomes a number or a date. It reports all problems at once, each with its position. A file without content
 * is a mistake too: a truncated file must not drop every rule.
 */
export function readPolicy(text: string): PolicyReading {
  const lines = new LineCounter();
  const problems: PolicyProblem[] = [];
  const report: Report = (at, path, message) =>
    problems.push({ ...position(at, lines), path: pathWords(path), message });
  const document = documentOf(text, lines, report);
  const texts = document && contentOf(document, report);
  if (!document || texts === undefined) return { problems };
  refuseProto(document, report);
  const result = policySchema.safeParse(texts);
  if (!result.success) for (const issue of result.error.issues) reportIssue(issue, document, report);
  if (result.success && problems.length === 0) return { policy: result.data, texts };
  return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

function position(at: Place, lines: LineCounter): { line: number; column: number } {
  const offset = isNode(at) ? at.range?.[0] : at;
  if (offset === undefined) return { line: 1, column: 1 };
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** `exclude[0].labels`. */
const pathWords = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');

const EMPTY = 'is empty; write {} to keep every default';

/** The only document of the text; undefined if its YAML is invalid, so that its content is unknown. */
function documentOf(text: string, lineCounter: LineCounter, report: Report): Document.Parsed | undefined {
  if (Buffer.byteLength(text) > POLICY_SIZE) {
    report(0, [], `is larger than ${POLICY_SIZE / 1024} KiB`);
    return undefined;
  }
  const options = {
    schema: 'failsafe',
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'silent',
  } as const;
  const [document, second] = [...parseAllDocuments(text, options)];
  if (!document) report(0, [], EMPTY);
  if (second) report(second.range[0], [], 'has several YAML documents; a policy file has one');
  if (!document || second) return undefined;
  const deep = document.errors.find(({ message }) => message.includes('call stack'));
  if (deep) report(deep.pos[0], [], 'is nested too deeply');
  for (const { pos, code, message } of deep ? [] : [...document.errors, ...document.warnings]) {
    const key = code === 'DUPLICATE_KEY' ? /^[^:\s]*/.exec(text.slice(pos[0]))?.[0] : undefined;
    report(pos[0], [], key === undefined ? `is not YAML: ${message}` : `${key} is given twice`);
  }
  return document.errors.every(({ code }) => code === 'DUPLICATE_KEY') ? document : undefined;
}

/** The document as plain values, with its aliases resolved; undefined if it is not a map of settings. */
function contentOf(document: Document.Parsed, report: Report): Record<string, unknown> | undefined {
  const { contents } = document;
  if (isScalar(contents) && contents.value === '') report(0, [], EMPTY);
  else if (!isMap(contents)) report(contents ?? 0, [], 'must be a map of settings, such as maxInFlight: 5');
  else {
    try {
      return document.toJS({ maxAliasCount: MOST_ALIASES }) as Record<string, unknown>;
    } catch (error) {
      report(firstAlias(document), [], messageOf(error));
    }
  }
  return undefined;
}

/** The key that a plain object cannot hold. A filter with it would lose what it selects. */
function refuseProto(document: Document.Parsed, report: Report): void {
  visit(document, {
    Pair: (_key, { key }) => {
      if (isScalar(key) && key.value === '__proto__') report(key, [], '__proto__ is not a valid key');
    },
  });
}

function firstAlias(document: Document.Parsed): Node | undefined {
  let found: Node | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      found ??= alias;
    },
  });
  return found;
}

function reportIssue(issue: z.core.$ZodIssue, document: Document.Parsed, report: Report): void {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) report(keyAt(document, path, key), [...path, key], unknownKey(key, path));
  } else report(nodeAt(document, path), path, issueWords(issue, nodeAt(document, path), !isThere(document, path)));
}

function unknownKey(key: string, path: Path): string {
  const known = keysAt(path);
  const meant = closest(key, known);
  return meant ? `is unknown; did you mean ${meant}?` : `is unknown; the known keys are ${known.join(', ')}`;
}

/** The fields of an entry of each list. Those that are not here are lists of filters. */
const ENTRY_FIELDS: Readonly<Record<string, readonly string[]>> = {
  imageRewrites: REWRITE_FIELDS,
  sidecars: Object.keys(SIDECAR_FIELDS),
  windows: Object.keys(WINDOW_FIELDS),
  freezes: Object.keys(FREEZE_FIELDS),
  urgent: URGENT_FIELDS,
  waves: Object.keys(WAVE_FIELDS),
  metricGates: Object.keys(METRIC_GATE_FIELDS),
  notify: Object.keys(NOTIFY_FIELDS),
};

/** The keys that a map at a path may have: of the policy, of an entry of one of its lists, or of a filter. */
function keysAt(path: Path): readonly string[] {
  const [key] = path;
  if (key === undefined) return POLICY_KEYS;
  const fields = ENTRY_FIELDS[String(key)];
  if (!fields) return filterKeysAt(path.length);
  if (key === 'notify' && path.length > 2) return HOOK_FIELDS;
  return path.length === 2 ? fields : filterKeysAt(path.length - 2);
}

/** The keys of a filter, of one of its selectors or of an expression in it. */
function filterKeysAt(depth: number): readonly string[] {
  if (depth === 2) return Object.keys(FILTER_FIELDS);
  return depth === 3 ? ['matchLabels', 'matchExpressions'] : ['key', 'operator', 'values'];
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map',
  record: 'a map',
  string: 'a text',
};

/** Our own messages stay; zod's are translated into the same style. */
function issueWords(issue: z.core.$ZodIssue, node: Node | undefined, isMissing: boolean): string {
  const value = isScalar(node) ? `'${withoutAddress(String(node.value)).slice(0, 60)}'` : 'this';
  if (issue.code === 'invalid_type' && isMissing) return 'is missing';
  if (issue.code === 'invalid_type')
    return `${value} is invalid. It must be ${KINDS[issue.expected] ?? issue.expected}.`;
  if (issue.code === 'invalid_value') return `${value} is invalid. It must be one of ${issue.values.join(', ')}.`;
  if (issue.code === 'invalid_format') return `${value} is invalid. ${issue.message}`;
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

/** The node at a path, with aliases resolved. If the path is longer than the document is deep, the last node on it. */
function nodeAt(document: Document.Parsed, path: Path): Node | undefined {
  let node: Node | undefined = document.contents ?? undefined;
  for (const step of path) {
    const next = childOf(isAlias(node) ? node.resolve(document) : node, step);
    if (!next) return node;
    node = next;
  }
  return node;
}

/** Whether the document has a value at a path. */
function isThere(document: Document.Parsed, path: Path): boolean {
  const parent = nodeAt(document, path.slice(0, -1));
  const last = path.at(-1);
  return last === undefined || childOf(isAlias(parent) ? parent.resolve(document) : parent, last) !== undefined;
}

function childOf(parent: Node | undefined, step: PropertyKey): Node | undefined {
  const child = isCollection(parent) ? parent.get(step, true) : undefined;
  return isNode(child) ? child : undefined;
}

/** The position of a key in the map at a path. */
function keyAt(document: Document.Parsed, path: Path, key: string): Place {
  const parent = nodeAt(document, path);
  const map = isAlias(parent) ? parent.resolve(document) : parent;
  const pair = isMap(map) ? map.items.find((one) => isScalar(one.key) && one.key.value === key) : undefined;
  return isNode(pair?.key) ? pair.key : parent;
}
