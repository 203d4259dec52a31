import assert from 'node:assert/strict';
import { type RunNotification, slackBody, slackEscaped, webhookBody } from '../../../src/notify/messages.ts';
import { NOW } from '../../builders/workload.ts';

const COUNTS = { outdated: 4, inFlight: 1, verified: 2, failed: 1, waiting: 2 };

const notification = (given: Partial<RunNotification> = {}): RunNotification => ({
  id: 'id',
  event: 'halted',
  run: 'c0ffee',
  revision: 'canary',
  at: NOW,
  text: 'Restarts are halted',
  counts: COUNTS,
  workloads: [{ kind: 'Deployment', namespace: 'shop', name: 'web', reason: 'failed:timeout' }],
  ...given,
});

test('a webhook gets all of it as JSON', () =>
  assert.deepEqual(webhookBody(notification(), { cluster: 'blue', statusUrl: 'https://status.example' }), {
    id: 'id',
    event: 'halted',
    cluster: 'blue',
    run: 'c0ffee',
    revision: 'canary',
    at: '2026-01-01T00:00:00Z',
    text: 'Restarts are halted',
    counts: COUNTS,
    workloads: [{ kind: 'Deployment', namespace: 'shop', name: 'web', reason: 'failed:timeout' }],
    url: 'https://status.example',
  }));

test('without a status page there is no url', () =>
  assert.ok(!('url' in webhookBody(notification(), { cluster: '', statusUrl: '' }))));

const textOf = (body: object): string => (body as { readonly text: string }).text;

test('Slack gets one message with a line for each of several news', () =>
  assert.equal(
    textOf(
      slackBody([notification({ event: 'started', text: 'Begun' }), notification()], {
        cluster: 'blue',
        statusUrl: 'https://status.example/?a=1&b=2',
      }),
    ),
    '*meltemi* in *blue*\n*started*: Begun\n*halted*: Restarts are halted\n<https://status.example/?a=1&amp;b=2|Status>',
  ));

test('a message of Slack does not grow without end', () => {
  const text = textOf(
    slackBody(
      Array.from({ length: 20 }, () => notification({ text: 'x'.repeat(2000) })),
      { cluster: '', statusUrl: '' },
    ),
  );
  assert.ok(text.length < 8000);
  assert.match(text, /and 18 more$/);
});

const hostile: readonly [name: string, text: string, is: string][] = [
  ['an address in plain text without a scheme, as an alert may be called', 'www.evil.example', 'www .evil.example'],
  ['a link of Markdown without a scheme', '[calm](//evil.example)', '[calm] (//evil.example)'],
  ['a mention of the channel', '<!channel> look', '&lt;!channel&gt; look'],
  ['a mention of a person', '<@U123>', '&lt;＠U123&gt;'],
  ['a mention in plain text', '@here @all', '＠here ＠all'],
  ['a link with another name', '<http://evil|Status>', '&lt;http: //evil|Status&gt;'],
  ['a bare link', 'see https://evil/x', 'see https: //evil/x'],
  ['an entity', '&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
];
for (const [name, text, is] of hostile) {
  test(`Slack shows ${name} as it is`, () => assert.equal(slackEscaped(text), is));
  test(`also as the name of the cluster: ${name}`, () =>
    assert.ok(textOf(slackBody([], { cluster: text, statusUrl: '' })).includes(is)));
}
