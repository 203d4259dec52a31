import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import { NEWS_EVENTS } from '../../../src/plan/receiver.ts';

function receivers(text: string) {
  const reading = readPolicy(text);
  assert.ok('policy' in reading, 'problems' in reading ? problemLines('p', reading.problems).join('\n') : '');
  const { notify = [] } = policyOf(defaults(), new Set(), reading.policy);
  return notify.map(({ kind, urlFile, events }) => ({ kind, urlFile, events: [...events] }));
}

function complaints(text: string): string[] {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('p', reading.problems) : [];
}

test('a policy names receivers and what they are told of', () =>
  assert.deepEqual(
    receivers(`
notify:
  - slack: { urlFile: /etc/meltemi/slack-url }
    events: [halted, finished]
  - webhook: { urlFile: /etc/meltemi/hook-url }
`),
    [
      { kind: 'slack', urlFile: '/etc/meltemi/slack-url', events: ['halted', 'finished'] },
      { kind: 'webhook', urlFile: '/etc/meltemi/hook-url', events: Object.keys(NEWS_EVENTS) },
    ],
  ));

test('without the key nobody is told', () => assert.deepEqual(receivers('{}'), []));

const ALL = Object.keys(NEWS_EVENTS).join(', ');
const A_PATH = 'It must be the absolute path of a file that has the URL, such as /etc/meltemi/slack/url.';
const wrong: readonly [name: string, text: string, complaint: string][] = [
  ['no list', 'notify: /etc/url', "p:1:9: notify: '/etc/url' is invalid. It must be a list."],
  ['an empty list', 'notify: []', 'p:1:9: notify: is an empty list; leave the key out instead'],
  ['no receiver', 'notify:\n  - events: [halted]', 'p:2:5: notify[0]: needs one of slack, webhook'],
  [
    'two receivers in one entry',
    'notify: [{slack: {urlFile: /a}, webhook: {urlFile: /b}}]',
    'p:1:10: notify[0]: has both slack and webhook; make two entries of it',
  ],
  [
    'a URL in the policy, which is no Secret',
    'notify: [{slack: {url: https://hooks.slack.com/x}}]',
    'p:1:18: notify[0].slack.urlFile: is missing\np:1:19: notify[0].slack.url: is unknown; the known keys are urlFile',
  ],
  [
    'a URL instead of a file',
    'notify: [{slack: {urlFile: "https://hooks.slack.com/x"}}]',
    `p:1:28: notify[0].slack.urlFile: 'https://…' is invalid. ${A_PATH}`,
  ],
  [
    'a URL instead of a receiver, which is not said again either',
    'notify: [{slack: "https://hooks.slack.com/x"}]',
    "p:1:18: notify[0].slack: 'https://…' is invalid. It must be a map.",
  ],
  [
    'a URL instead of a list of receivers',
    'notify: "https://h/x"',
    "p:1:9: notify: 'https://…' is invalid. It must be a list.",
  ],
  [
    'a relative path',
    'notify: [{webhook: {urlFile: url}}]',
    `p:1:30: notify[0].webhook.urlFile: 'url' is invalid. ${A_PATH}`,
  ],
  [
    'an event that there is not',
    'notify: [{slack: {urlFile: /a}, events: [finish]}]',
    `p:1:42: notify[0].events[0]: 'finish' is invalid. It must be one of ${ALL}.`,
  ],
  [
    'no events',
    'notify: [{slack: {urlFile: /a}, events: []}]',
    'p:1:41: notify[0].events: is an empty list; leave the key out to be told of everything',
  ],
  [
    'an event twice',
    'notify: [{slack: {urlFile: /a}, events: [halted, halted]}]',
    "p:1:50: notify[0].events[1]: 'halted' is given twice",
  ],
  [
    'a receiver twice, which would be told everything twice',
    'notify: [{slack: {urlFile: /a}}, {slack: {urlFile: /a}, events: [halted]}]',
    'p:1:42: notify[1].slack: is given twice. Leave it out here or in notify[0].',
  ],
  [
    'a misspelt key',
    'notify: [{slak: {urlFile: /a}}]',
    'p:1:10: notify[0]: needs one of slack, webhook\np:1:11: notify[0].slak: is unknown; did you mean slack?',
  ],
];
for (const [name, text, complaint] of wrong)
  test(`a policy is refused with ${name}`, () =>
    assert.deepEqual(complaints(text).sort(), complaint.split('\n').sort()));

test('17 receivers are too many', () => {
  const entries = Array.from({ length: 17 }, (_, index) => `{slack: {urlFile: /${index}}}`);
  assert.deepEqual(complaints(`notify: [${entries}]`), ['p:1:9: notify: must have at most 16 entries']);
});
