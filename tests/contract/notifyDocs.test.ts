import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Journal } from '../../src/journal/journal.ts';
import { Notifier } from '../../src/notify/notifier.ts';
import type { Planned } from '../../src/plan/plan.ts';
import type { NewsEvent } from '../../src/plan/receiver.ts';
import type { RunNotes } from '../../src/plan/runNotes.ts';
import { evaluation } from '../builders/evaluation.ts';
import { FakeStore } from '../builders/journalStore.ts';
import { NOBODY_TOLD } from '../builders/notify.ts';
import { context } from '../builders/policy.ts';
import { ended, gaveUp, inFlight, notes, waiting } from '../builders/runs.ts';
import { injection, MINUTE, NOW } from '../builders/workload.ts';

/** A run as Meltemi names one. */
const RUN = '5d0c7e1f92ab3846';
const ofRun = (one: Planned): Planned => ({
  ...one,
  injection: injection({ run: RUN }),
  ...(one.entry && { entry: { ...one.entry, run: RUN } }),
});

const document = readFileSync('docs/steering.md', 'utf8');

/** What a webhook gets of these workloads, as soon as it gets something. */
async function bodyFor(
  event: NewsEvent,
  items: readonly Planned[],
  given: RunNotes,
): Promise<{ readonly text: string }> {
  const got = Promise.withResolvers<{ readonly text: string }>();
  const journal = new Journal({ store: new FakeStore(), now: () => NOW, wall: () => NOW, onError: got.reject });
  journal.note(RUN, given);
  const notifier = new Notifier({
    ...NOBODY_TOLD,
    journal,
    policy: () => ({ notify: [{ kind: 'webhook', urlFile: '/url', events: new Set([event]) }] }),
    origin: { cluster: 'prod-eu', statusUrl: 'https://meltemi.example.com' },
    post: async (_receiver, body) => {
      got.resolve(body as { readonly text: string });
      return { status: 200 };
    },
    sleep: async () => undefined,
    wall: () => NOW,
  });
  notifier.begin(new AbortController().signal);
  await notifier.evaluated(evaluation(items.map(ofRun)), context());
  return got.promise;
}

test('the documented body is what a webhook gets', async () => {
  const items = [gaveUp('cart'), inFlight('bank/api'), waiting('web', 'max-in-flight'), ended('db', 'verified')];
  const body = await bodyFor('gave-up', items, notes());
  const shown = /```json\n([\s\S]*?)```/.exec(document)?.[1] ?? '';
  assert.equal(shown, `${JSON.stringify(body, null, 2)}\n`);
});

test('the documented summary is one', async () => {
  const items = [ended('web', 'verified'), gaveUp('cart'), waiting('bank/db', 'opted-out')];
  const slowest = { 'Deployment/shop/cart': 10 * MINUTE, 'Deployment/shop/web': 80_000 };
  const { text } = await bodyFor('finished', items, notes({ forgotten: 39, startedAt: NOW - 72 * MINUTE, slowest }));
  const lines = text.replaceAll('. ', '.\n');
  assert.ok(document.includes(`\`\`\`\n${lines}\n\`\`\``), lines);
});

test('each field of the body has its row', async () => {
  const body = await bodyFor('gave-up', [gaveUp('cart')], notes());
  const part = document.slice(document.indexOf('### Webhook'), document.indexOf('## The summary'));
  const rows = [...part.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(rows, Object.keys(body));
});
