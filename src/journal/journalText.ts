import { gunzipSync } from 'node:zlib';
import { parseRule, type RewriteRule } from '../compare/learntImage.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import type { WorkloadKey } from '../model.ts';
import { durationNumbers, durationsFrom } from '../plan/durations.ts';
import type { JournalEntries, JournalEntry } from '../plan/journalEntry.ts';
import { outcomeOf } from '../plan/outcomes.ts';
import { targetOf, targetsOf, targetWord, writeOf, writeWord } from '../plan/record.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { parseTime, timestamp } from '../rfc3339.ts';
import { inPieces, type Line, PIECE } from './pieces.ts';
import { readRunNotes } from './runNotesText.ts';

/** An entry as it is stored: without the fields that only have a meaning within one process. */
export interface StoredEntry extends Omit<JournalEntry, 'since' | 'before'> {
  readonly before?: StoredEntry;
}

/** A rewrite of an injection's images that restarts have shown, and the namespaces that have shown it. */
export interface LearntImage {
  readonly rule: RewriteRule;
  readonly namespaces: readonly string[];
}

/** What was learnt, by the run of the injector. */
export type LearntImages = ReadonlyMap<string, readonly LearntImage[]>;

/** The text, or its promise where it is so large that it is compressed. */
export type JournalText = string | Promise<string>;

/**
 * All annotations of an object together may have 256 KiB (apimachinery api/validation TotalAnnotationSizeLimitB). Other
 * annotations need room too.
 */
const LARGEST = 200 * 1024;
/** A longer journal is compressed. A shorter one stays plain text, so that users can read it with kubectl. */
const READABLE = 32 * 1024;
/** The prefix of a compressed journal. */
const COMPRESSED = 'gzip:';
/** The maximum size of a decompressed journal. Ten thousand restarts take 3 MB. */
const LARGEST_UNFOLDED = 16 * 1024 * 1024;

/** The journal has no room for all the restarts that must not be forgotten. */
export class JournalFull extends Error {
  override readonly name = 'JournalFull';
}

interface Stored {
  readonly uid: string;
  readonly for: string;
  readonly at: string;
  readonly run: string;
  readonly generation: number;
  readonly attempts?: number;
  /** The earlier writes. */
  readonly writes?: readonly string[];
  readonly unconfirmed?: boolean;
  readonly before?: Stored;
  readonly evicts?: boolean;
  readonly owner?: string;
  readonly retried?: string;
  readonly outcome?: string;
  readonly ended?: string;
  /** The other targets, in words. */
  readonly others?: readonly string[];
  /** How many seconds the last restart took that was verified. Those before it are in the record on the workload: there is room. */
  readonly took?: number;
}

const ENTRY: Shape = {
  uid: 'string',
  for: 'string',
  at: 'string',
  run: 'string',
  generation: 'number',
  attempts: 'number',
  writes: ['string'],
  unconfirmed: 'boolean',
  evicts: 'boolean',
  owner: 'string',
  retried: 'string',
  outcome: 'string',
  ended: 'string',
  others: ['string'],
  took: 'number',
};

/**
 * The journal as the text of an annotation. If there is no room for all restarts, the oldest ones that ended well are left out: only the
 * wider daily limit depends on them.
 * @throws {JournalFull} when the others alone are too many
 */
export function journalText(
  entries: JournalEntries,
  learnt: LearntImages = new Map(),
  notes: AllRunNotes = new Map(),
): JournalText {
  const images = learnt.size > 0 ? `,"images":${JSON.stringify(Object.fromEntries(learnt))}` : '';
  const runs = notes.size > 0 ? `,"runs":${JSON.stringify(Object.fromEntries(notes))}` : '';
  const tail = `}${images}${runs}}`;
  return readable(entries, tail) ?? compressed(entries, learnt, notes, tail);
}

const HEAD = '{"version":1,"restarts":{';

/** The text as it is, if it is short enough. */
function readable(entries: JournalEntries, tail: string): string | undefined {
  const restarts: string[] = [];
  let left = READABLE - HEAD.length - tail.length;
  for (const [key, entry] of entries) {
    const { text } = lineOf(key, entry);
    left -= text.length + 1;
    if (left < 0) return undefined;
    restarts.push(text);
  }
  return left < 0 ? undefined : HEAD + restarts.join() + tail;
}

async function compressed(
  entries: JournalEntries,
  learnt: LearntImages,
  notes: AllRunNotes,
  tail: string,
): Promise<string> {
  const restarts = [...entries].map(([key, entry]) => lineOf(key, entry));
  const packed = COMPRESSED + (await inPieces(HEAD, restarts, tail)).toString('base64');
  if (packed.length <= LARGEST) return packed;
  // receivers that nobody reaches must keep up no restart: this process still has the news, and only a next leader will not
  if ([...notes.values()].some(({ untold }) => untold)) return journalText(entries, learnt, withoutUntold(notes));
  const well = [...entries].filter(([, entry]) => targetsOf(entry).every(({ outcome }) => outcome === 'verified'));
  if (well.length === 0)
    throw new JournalFull(`the journal is full: it has no room for ${entries.size} restarts that did not end well`);
  const older = well.sort(([, a], [, b]) => a.restartedAt - b.restartedAt).slice(0, leftOut(well.length));
  const fewer = new Map(entries);
  for (const [key] of older) fewer.delete(key);
  return journalText(fewer, learnt, notes);
}

const withoutUntold = (notes: AllRunNotes): AllRunNotes =>
  new Map([...notes].map(([run, { untold: _, ...others }]) => [run, others]));

/** A quarter of those that ended well. Where they are many, whole pieces of the text, because the others then stay as they are. */
function leftOut(well: number): number {
  const quarter = Math.ceil(well / 4);
  return quarter < PIECE ? quarter : Math.ceil(quarter / PIECE) * PIECE;
}

interface KeyedLine extends Line {
  /** Two workloads may have been given the same entry. */
  readonly key: WorkloadKey;
}

const lines = new WeakMap<JournalEntry, KeyedLine>();

/** An entry never changes, so its line is made once. */
function lineOf(key: WorkloadKey, entry: JournalEntry): Line {
  const known = lines.get(entry);
  if (known?.key === key) return known;
  const line = { key, text: `${JSON.stringify(key)}:${JSON.stringify(storedEntry(entry))}` };
  lines.set(entry, line);
  return line;
}

const storedEntry = (one: JournalEntry): Stored => ({
  uid: one.uid,
  for: one.restartedFor,
  at: timestamp(one.restartedAt),
  run: one.run,
  generation: one.generation,
  ...(one.attempts > 1 && { attempts: one.attempts }),
  ...(one.writes.length > 1 && { writes: one.writes.slice(1).map(writeWord) }),
  ...(!one.confirmed && { unconfirmed: true }),
  ...(one.before && { before: storedEntry(one.before) }),
  ...(one.evicts && { evicts: true }),
  ...(one.owner !== undefined && { owner: one.owner }),
  ...(one.retried !== undefined && { retried: one.retried }),
  ...(one.outcome !== undefined && { outcome: one.outcome }),
  ...(one.endedAt !== undefined && { ended: timestamp(one.endedAt) }),
  ...(one.others && { others: one.others.map(targetWord) }),
  ...(one.durations && { took: durationNumbers(one.durations)[0] }),
});

export interface StoredJournal {
  readonly entries: ReadonlyMap<WorkloadKey, StoredEntry>;
  readonly learnt: LearntImages;
  readonly notes: AllRunNotes;
}

/** Reads a journal, or says why it cannot. It is never read in part, because half a journal would lead to repeated restarts. */
export function readJournal(text: string): StoredJournal | { readonly unreadable: string } {
  try {
    const raw: unknown = JSON.parse(text.startsWith(COMPRESSED) ? unfolded(text) : text);
    const { version, restarts, images, runs } = raw as Readonly<Record<string, unknown>>;
    if (version !== 1) return { unreadable: `its version is ${JSON.stringify(version)?.slice(0, 20)}, not 1` };
    if (typeof restarts !== 'object' || restarts === null) return { unreadable: 'it has no field "restarts"' };
    const entries = Object.entries(restarts).map(([key, one]) => [keyed(key), entryOf(key, one)] as const);
    return { entries: new Map(entries), learnt: learntOf(images), notes: readRunNotes(runs) };
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message.slice(0, 200) : String(error) };
  }
}

/** Rules that cannot be read are skipped, because they will be learned again. */
function learntOf(images: unknown): LearntImages {
  if (!fits(images, 'object')) return new Map();
  return new Map(Object.entries((images ?? {}) as object).map(([run, list]) => [run, learntList(list)]));
}

function learntList(list: unknown): LearntImage[] {
  if (!fits(list, [{ namespaces: ['string'] }])) return [];
  return ((list ?? []) as { rule?: unknown; namespaces?: string[] }[]).flatMap(({ rule, namespaces = [] }) => {
    const parsed = parseRule(rule);
    return parsed ? { rule: parsed, namespaces } : [];
  });
}

const unfolded = (text: string): string =>
  gunzipSync(Buffer.from(text.slice(COMPRESSED.length), 'base64'), { maxOutputLength: LARGEST_UNFOLDED }).toString();

function keyed(key: string): WorkloadKey {
  if (key.split('/').length !== 3) throw new Error(`"${key.slice(0, 80)}" is not the key of a workload`);
  return key as WorkloadKey;
}

function entryOf(key: string, raw: unknown): StoredEntry {
  const restartedAt = parseTime((raw as Stored | null)?.at);
  if (!fits(raw, ENTRY) || restartedAt === undefined) throw new Error(`the entry for ${key} is malformed`);
  const {
    uid,
    for: restartedFor,
    run,
    generation,
    attempts,
    writes,
    unconfirmed,
    before,
    evicts,
    owner,
    retried,
    outcome,
    ended,
    others,
    took,
  } = raw as Stored;
  const durations = durationsFrom(took === undefined ? [] : [took]);
  const endedAt = parseTime(ended);
  if ([uid, restartedFor, run].some((text) => !text) || generation === undefined)
    throw new Error(`the entry for ${key} is missing a field`);
  return {
    uid,
    restartedFor,
    restartedAt,
    run,
    generation,
    attempts: attempts ?? 1,
    writes: [{ at: restartedAt, well: false }, ...(writes ?? []).flatMap((write) => writeOf(write) ?? [])],
    confirmed: unconfirmed !== true,
    ...(before && { before: entryOf(key, before) }),
    ...(evicts === true && { evicts }),
    ...(owner !== undefined && { owner }),
    ...(retried !== undefined && { retried }),
    ...(outcome !== undefined && { outcome: outcomeOf(outcome) }),
    ...(endedAt !== undefined && { endedAt }),
    ...(others && { others: others.flatMap((text) => targetOf(text) ?? []) }),
    ...(durations && { durations }),
  };
}
