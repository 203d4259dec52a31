import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { JournalFull, journalText, readJournal, type StoredEntry } from '../../../src/journal/journalText.ts';
import type { WorkloadKey } from '../../../src/model.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { Untold } from '../../../src/plan/notification.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { WRITES_KEPT } from '../../../src/plan/record.ts';
import type { RunNotes } from '../../../src/plan/runNotes.ts';
import { restarted, writesAgo } from '../../builders/journal.ts';
import { HOUR, NOW } from '../../builders/workload.ts';
import { Dice } from '../fuzz/dice.ts';

const KEY: WorkloadKey = 'Deployment/shop/web';

/** What is stored of an entry. */
function storedPart({ since: _since, before, ...rest }: JournalEntry): StoredEntry {
  return { ...rest, ...(before && { before: storedPart(before) }) };
}

async function throughText(entries: ReadonlyMap<WorkloadKey, JournalEntry>): Promise<ReturnType<typeof readJournal>> {
  return readJournal(await journalText(entries));
}

/** Entries with every combination of fields, each with identities of its own that no compression makes small. */
function entryFrom(dice: Dice, depth = 0): JournalEntry {
  const hex = (digits: number): string => Array.from({ length: digits }, () => dice.below(16).toString(16)).join('');
  const at = NOW - dice.below(100_000) * 1000;
  const outcomes: (Outcome | undefined)[] = [undefined, 'verified', 'reverted', 'superseded', 'failed:timeout'];
  const outcome = dice.pick(outcomes);
  const earlier = Array.from({ length: dice.below(WRITES_KEPT) }, (_, i) => ({
    at: at - (i + 1) * 1000 * (1 + dice.below(1000)),
    well: dice.once(2),
  }));
  return {
    restartedFor: hex(16),
    restartedAt: at,
    attempts: 1 + dice.below(3),
    writes: [{ at, well: false }, ...earlier],
    run: hex(16),
    uid: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    generation: dice.below(1000),
    confirmed: dice.once(2),
    since: dice.below(1e9),
    ...(outcome && { outcome }),
    ...(outcome && dice.once(2) && { endedAt: at + dice.below(1000) * 1000 }),
    ...(dice.once(2) && { owner: `Kafka.${hex(4)}` }),
    ...(dice.once(2) && { retried: dice.pick(['', 'ναι', '"\\\n', hex(64)]) }),
    ...(depth < 2 && dice.once(3) && { before: entryFrom(dice, depth + 1) }),
  };
}

const entriesFrom = (dice: Dice, count: number): Map<WorkloadKey, JournalEntry> =>
  new Map(Array.from({ length: count }, (_, i) => [`Deployment/shop-${i}/web`, entryFrom(dice)]));

test('what is written is read again, whatever it is', async () => {
  for (let seed = 0; seed < 300; seed++) {
    const dice = new Dice(seed);
    const entries = entriesFrom(dice, dice.below(20));
    const expected = new Map([...entries].map(([key, one]) => [key, storedPart(one)]));
    assert.deepEqual(
      await throughText(entries),
      { entries: expected, learnt: new Map(), notes: new Map() },
      `seed ${seed}`,
    );
  }
});

test('a person can read the text with kubectl, as long as it is small', () => {
  const text = journalText(
    new Map([[KEY, restarted(HOUR, 'verified', { writes: [...writesAgo([1]), ...writesAgo([2], true)] })]]),
  );
  assert.deepEqual(JSON.parse(text as string), {
    version: 1,
    restarts: {
      [KEY]: {
        uid: 'uid',
        for: restarted(0).restartedFor,
        at: '2025-12-31T23:00:00Z',
        run: 'run',
        generation: 1,
        writes: ['2025-12-31T22:00:00Z ok'],
        outcome: 'verified',
      },
    },
  });
});

test('two workloads with one entry are two restarts', async () => {
  const entry = restarted(HOUR);
  const two = new Map<WorkloadKey, JournalEntry>([
    [KEY, entry],
    ['Deployment/shop/api', entry],
  ]);
  const read = await throughText(two);
  assert.deepEqual('entries' in read && [...read.entries.keys()], [...two.keys()]);
});

test('the old word for pods without their sidecar is read as the new one', () => {
  const text = journalText(new Map([[KEY, restarted(HOUR, 'failed:no-sidecar')]])) as string;
  const read = readJournal(text.replace('failed:no-sidecar', 'failed:not-injected'));
  assert.equal('entries' in read && read.entries.get(KEY)?.outcome, 'failed:no-sidecar');
});

test('above 32 KiB it is compressed, and reads the same', async () => {
  const entries = entriesFrom(new Dice(1), 300);
  const text = await journalText(entries);
  assert.match(text, /^gzip:/);
  assert.ok(JSON.parse(gunzipSync(Buffer.from(text.slice(5), 'base64')).toString()));
  const kept = new Map([...entries].map(([key, one]) => [key, storedPart(one)]));
  assert.deepEqual(readJournal(text), { entries: kept, learnt: new Map(), notes: new Map() });
});

/** Milliseconds for which making the text keeps the event loop from everything else, at the longest. */
async function longestBlock(entries: ReadonlyMap<WorkloadKey, JournalEntry>): Promise<number> {
  let [longest, last] = [0, performance.now()];
  const look = (): void => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
  };
  const ticking = setInterval(look, 1);
  await journalText(entries);
  look();
  clearInterval(ticking);
  return longest;
}

test('the text of thousands of restarts, of which one has changed, takes a fraction of the first one’s time', async () => {
  const ended = new Map(
    [...entriesFrom(new Dice(3), 5000)].map(([key, one]) => [key, { ...one, outcome: 'verified' as const }]),
  );
  const first = await longestBlock(ended);
  const later: number[] = [];
  for (let i = 0; i < 3; i++) {
    ended.set(`Deployment/shop-${i}/web`, { ...entryFrom(new Dice(i)), outcome: 'verified' });
    later.push(await longestBlock(ended));
  }
  assert.ok(Math.min(...later) < first / 2, `${later.map(Math.round).join(', ')} ms after ${Math.round(first)} ms`);
});

/** Milliseconds of CPU of all threads for the text. */
async function cpuFor(entries: ReadonlyMap<WorkloadKey, JournalEntry>): Promise<number> {
  const before = process.cpuUsage();
  await journalText(entries);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('only what has changed is compressed again, also where the oldest are left out', async () => {
  for (const entries of [entriesFrom(new Dice(4), 1000), many(() => 'verified')]) {
    const first = await cpuFor(entries);
    const later: number[] = [];
    for (let i = 0; i < 5; i++) {
      entries.set(KEY, { ...entryFrom(new Dice(i)), restartedAt: NOW + i * 1000, outcome: 'verified' });
      later.push(await cpuFor(entries));
      const read = readJournal(await journalText(entries));
      assert.equal('entries' in read && read.entries.get(KEY)?.restartedAt, NOW + i * 1000);
    }
    assert.ok(Math.min(...later) < first / 2, `${later.map(Math.round).join(', ')} ms after ${Math.round(first)} ms`);
  }
});

const LARGEST = 200 * 1024;
/** As many as an annotation cannot hold. */
function many(ends: (index: number) => Outcome | undefined): Map<WorkloadKey, JournalEntry> {
  return new Map(
    [...entriesFrom(new Dice(2), 2600)].map(([key, { outcome: _was, ...one }], i) => {
      const outcome = ends(i);
      return [key, { ...one, ...(outcome && { outcome }) }];
    }),
  );
}

test('where there is no room for all, the oldest restarts that ended well are left out, and nothing else', async () => {
  const entries = many((i) => (i % 4 !== 0 ? 'verified' : i % 3 === 0 ? 'failed:timeout' : undefined));
  const text = await journalText(entries);
  assert.ok(text.length <= LARGEST, `${text.length}`);
  const read = readJournal(text);
  assert.ok('entries' in read);
  const missing = [...entries].filter(([key]) => !read.entries.has(key)).map(([, one]) => one);
  assert.ok(missing.length > 0, 'the test has too few');
  assert.deepEqual(new Set(missing.map(({ outcome }) => outcome)), new Set(['verified']));
  const youngest = Math.max(...missing.map(({ restartedAt }) => restartedAt));
  const kept = [...read.entries.values()].filter(({ outcome }) => outcome === 'verified');
  assert.ok(kept.every(({ restartedAt }) => restartedAt >= youngest));
});

test('news that no receiver takes are left out before any restart', async () => {
  const noise = (): string => randomBytes(100).toString('hex');
  const counts = { outdated: 0, inFlight: 0, verified: 0, failed: 0, waiting: 0 };
  const untold = Array.from({ length: 40 }, (): Untold => {
    const workloads = Array.from({ length: 20 }, () => ({
      kind: 'Deployment',
      namespace: 'n',
      name: noise(),
      reason: '',
    }));
    return { id: noise(), event: 'halted', revision: '', at: NOW, text: '', counts, workloads, to: ['webhook:/a'] };
  });
  const some = new Map([...many(() => 'verified')].slice(0, 600));
  const notes = new Map([['run', { startedAt: NOW, untold }]]);
  const read = readJournal(await journalText(some, new Map(), notes));
  assert.ok('entries' in read);
  assert.equal(read.entries.size, some.size);
  assert.deepEqual(read.notes.get('run'), { startedAt: NOW });
});

test('where the others alone are too many, none is left out silently', async () => {
  const entries = many((i) => (i % 10 === 0 ? 'verified' : i % 3 === 0 ? 'failed:timeout' : undefined));
  await assert.rejects(Promise.resolve(journalText(entries)), JournalFull);
});

const GOOD = { uid: 'u', for: 'f', at: '2026-01-01T00:00:00Z', run: 'r', generation: 1 };
const journalOf = (one: unknown, key: string = KEY): string => JSON.stringify({ version: 1, restarts: { [key]: one } });
const gzipped = (text: string): string => `gzip:${gzipSync(text).toString('base64')}`;
const { run: _run, ...runless } = GOOD;
const deep = `${'{"before":'.repeat(100_000)}null${'}'.repeat(100_000)}`;

const hostile: [string, string, RegExp][] = [
  ['nothing', '', /JSON/],
  ['no JSON', '{"version":1,"restarts":{', /JSON|Expected/],
  ['null', 'null', /./],
  ['a number', '7', /its version is undefined, not 1/],
  ['a later version', '{"version":2,"restarts":{}}', /its version is 2, not 1/],
  ['a version as long as a novel', `{"version":"${'x'.repeat(100_000)}"}`, /its version is "x{19}, not 1/],
  ['no restarts', '{"version":1}', /it has no field "restarts"/],
  ['a key that names no workload', journalOf(GOOD, 'web'), /"web" is not the key of a workload/],
  ['a key as long as a novel', journalOf(GOOD, 'x'.repeat(100_000)), /^"x{80}" is not the key of a workload$/],
  ['an entry that is null', journalOf(null), /the entry for Deployment\/shop\/web is malformed/],
  ['an entry that is a list', journalOf([GOOD]), /malformed/],
  ['an entry that is text', journalOf('x'), /malformed/],
  ['an entry without time', journalOf({ ...GOOD, at: undefined }), /malformed/],
  ['a time of no calendar', journalOf({ ...GOOD, at: '+275760-09-13T00:00:00Z' }), /malformed/],
  ['a field of another type', journalOf({ ...GOOD, generation: '1' }), /malformed/],
  ['writes that are no texts', journalOf({ ...GOOD, writes: [{}] }), /malformed/],
  ['a missing field', journalOf(runless), /the entry for Deployment\/shop\/web is missing a field/],
  ['an entry before it that is malformed', journalOf({ ...GOOD, before: { ...GOOD, uid: 7 } }), /malformed/],
  [
    'one entry of two that cannot be read',
    JSON.stringify({ version: 1, restarts: { [KEY]: GOOD, 'Deployment/a/b': {} } }),
    /Deployment\/a\/b/,
  ],
  ['no gzip', 'gzip:AAAA', /./],
  ['gzip that was cut', gzipped(journalOf(GOOD)).slice(0, 40), /./],
  ['gzip of no JSON', gzipped('x'), /JSON/],
  ['a hundred megabytes in a hundred kilobytes', gzipped(' '.repeat(100 * 1024 * 1024)), /./],
  ['a nesting without end', `{"version":1,"restarts":{"${KEY}":${deep}}}`, /./],
];
for (const [name, text, why] of hostile)
  test(`a journal that cannot be read says why, in a few words: ${name}`, () => {
    const began = performance.now();
    const read = readJournal(text);
    assert.ok('unreadable' in read, 'it was read');
    assert.match(read.unreadable, why);
    assert.ok(read.unreadable.length <= 300, `${read.unreadable.length} characters`);
    assert.ok(performance.now() - began < 2000, 'it takes too long');
  });

test('what a later version adds to an entry is no hindrance', () => {
  const read = readJournal(journalOf({ ...GOOD, wave: { name: 'canary' } }));
  assert.ok('entries' in read);
});

test('a journal that names an entry __proto__ changes no object', () => {
  readJournal(`{"version":1,"restarts":{"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}`);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('notes of runs are read again, and those that cannot be read are skipped', async () => {
  const notes: RunNotes = {
    startedAt: NOW,
    told: ['started'],
    waves: { dev: { endedAt: NOW, doneAt: NOW + HOUR }, rest: {} },
    closedSince: { slo: NOW },
  };
  const text = await journalText(new Map(), new Map(), new Map([['run', notes]]));
  const read = (runs: unknown) => {
    const journal = readJournal(JSON.stringify({ ...(JSON.parse(text) as object), runs }));
    return 'notes' in journal && Object.fromEntries(journal.notes);
  };
  assert.deepEqual(readJournal(text), { entries: new Map(), learnt: new Map(), notes: new Map([['run', notes]]) });
  for (const wrong of [
    null,
    1,
    { told: [1] },
    { waves: { dev: null } },
    { waves: { dev: 1 } },
    { closedSince: { slo: 'x' } },
  ])
    assert.deepEqual(read({ run: notes, other: wrong }), { run: notes }, JSON.stringify(wrong));
  for (const wrong of [null, 1, 'x', []]) assert.deepEqual(read(wrong), {}, JSON.stringify(wrong));
});
