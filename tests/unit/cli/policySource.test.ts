import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicySource } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import type { EventDraft } from '../../../src/model.ts';
import type { Logger } from '../../../src/report/logger.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { Report } from '../../../src/report/report.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'policy.yaml');

const NONE: ReadonlySet<string> = new Set();
const opened = (text: string, given = NONE): Promise<PolicySource> => {
  writeFileSync(file, text);
  return PolicySource.open({ ...defaults(), policy: file, maxInFlight: 9 }, given);
};

/** A report, with what it has sent and counted. */
function reporting() {
  const events: EventDraft[] = [];
  const metrics = new Metrics('0.0.0');
  const cluster = { emit: async (event: EventDraft) => void events.push(event) };
  const lines: string[] = [];
  const say = (level: string) => (msg: string, fields?: object) =>
    void lines.push(`${level} ${msg} ${JSON.stringify(fields)}`);
  const logger: Logger = { error: say('error'), warn: say('warn'), info: say('info'), debug: say('debug') };
  const report = new Report({ logger, metrics, cluster, namespace: 'mesh' });
  const invalid = async () => /^meltemi_policy_invalid (.*)$/m.exec(await metrics.registry.metrics())?.[1];
  return { report, events, lines, invalid };
}

test('without a policy file the settings are the policy', async () => {
  const source = await PolicySource.open({ ...defaults(), maxInFlight: 9 }, NONE);
  assert.equal(source.current().maxInFlight, 9);
  assert.equal(source.first, undefined);
});

test('a bad file at the start is an error with a line for each mistake', async () => {
  await assert.rejects(opened('maxInFlight: 0\nfoo: 1'), (error: Error) => {
    const [title, first, second] = error.message.split('\n');
    assert.equal(title, 'the policy file cannot be used');
    assert.ok(first?.startsWith(`${file}:1:14: maxInFlight: '0' is invalid.`), first);
    assert.ok(second?.startsWith(`${file}:2:1: foo: is unknown`), second);
    return true;
  });
});

test('so is a file that is not there', async () => {
  const absent = PolicySource.open({ ...defaults(), policy: join(folder, 'absent.yaml') }, NONE);
  await assert.rejects(absent, /absent\.yaml: does not exist/);
});

for (const [name, content] of [
  ['a bad edit', { text: 'maxInFlight: none' }],
  ['an emptied file', { text: '' }],
  ['a vanished file', { problem: 'does not exist' }],
] as const) {
  test(`${name} keeps the last good policy and is told; a good one then takes effect`, async () => {
    const source = await opened('maxInFlight: 3');
    const { report, events, lines, invalid } = reporting();
    source.take(content, report);
    assert.equal(source.current().maxInFlight, 3);
    assert.equal(await invalid(), '1');
    source.take({ text: 'maxInFlight: 4' }, report);
    assert.equal(source.current().maxInFlight, 4);
    assert.equal(await invalid(), '0');
    const about = events.map(
      ({ type, reason, about }) => `${type} ${reason} ${about.kind} ${about.namespace}/${about.name}`,
    );
    assert.deepEqual(about, ['Warning PolicyRejected Lease mesh/meltemi', 'Normal PolicyLoaded Lease mesh/meltemi']);
    assert.ok(events[0]?.message.includes(file), events[0]?.message);
    assert.match(lines[0] ?? '', /^error Policy rejected.*policy\.yaml.*: /);
    assert.match(lines[1] ?? '', /^info Policy loaded/);
  });
}

test('a key taken out of the file goes back to its setting', async () => {
  const source = await opened('maxInFlight: 3\nexclude: [{names: [web]}]');
  source.take({ text: '{}' }, reporting().report);
  assert.equal(source.current().maxInFlight, 9);
  assert.deepEqual(source.current().exclude, []);
});

test('no edit wins over a flag', async () => {
  const source = await opened('maxInFlight: 3', new Set(['maxInFlight']));
  source.take({ text: 'maxInFlight: 4' }, reporting().report);
  assert.equal(source.current().maxInFlight, 9);
});

test('an Event says the first mistakes and how many there are more', async () => {
  const source = await opened('{}');
  const { report, events, lines } = reporting();
  source.take({ text: Array.from({ length: 500 }, (_, index) => `k${index}: 1`).join('\n') }, report);
  assert.ok((events[0]?.message.length ?? 0) <= 1000);
  assert.match(lines[0] ?? '', /k9: is unknown.*and 490 more/);
  assert.ok(!lines[0]?.includes('k10: '));
});
