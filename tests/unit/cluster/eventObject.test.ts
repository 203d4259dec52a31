import assert from 'node:assert/strict';
import { eventObject } from '../../../src/cluster/eventObject.ts';
import type { EventDraft, EventTarget } from '../../../src/model.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const about: EventTarget = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u-1' };
const draft: EventDraft = { type: 'Normal', reason: 'SidecarOutdated', about, message: 'old' };

interface Made {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly message: string;
}
const made = (target: Partial<EventTarget> = {}, more: Partial<EventDraft> = {}, now = NOW): Made =>
  eventObject({ ...draft, ...more, about: { ...about, ...target } }, now) as Made;

/** DNS1123Subdomain of apimachinery pkg/util/validation. */
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const names = [
  'web',
  'a'.repeat(253),
  `${'a'.repeat(180)}${'.b'.repeat(36)}`,
  `${'a-'.repeat(120)}b`,
  `${'a.'.repeat(120)}b`,
  `${'a'.repeat(200)}${'-'.repeat(40)}b`,
  'system:controller:Web_1',
  'Ünïcode',
  '☃',
  '-.-',
  '',
];
for (const name of names)
  test(`the Event of ${name.slice(0, 30) || 'no name'} (${name.length} characters) has a valid name`, () => {
    const event = made({ name }).metadata.name;
    assert.match(event, SUBDOMAIN);
    assert.ok(event.length <= 253, `${event.length} characters`);
  });

test('an ordinary name can be read', () => assert.match(made().metadata.name, /^web\.deployment\.sidecaroutdated\./));

const others: [string, Made][] = [
  ['another kind', made({ kind: 'StatefulSet' })],
  ['another object of the same name', made({ uid: 'u-2' })],
  ['another message', made({}, { message: 'older' })],
  ['another reason', made({}, { reason: 'RestartWaiting' })],
  ['another time', made({}, {}, NOW + 1)],
];
for (const [what, { metadata }] of others)
  test(`${what} makes another name`, () => assert.notEqual(metadata.name, made().metadata.name));

test('long names that differ only at their end have Events of different names', () => {
  const [one, other] = ['x', 'y'].map((end) => made({ name: `${'a'.repeat(252)}${end}`, uid: '' }).metadata.name);
  assert.notEqual(one, other);
});

for (const character of ['x', 'é', '☃', '😀'])
  test(`a message of ${character} is cut to 1024 bytes, between two characters`, () => {
    const { message } = made({}, { message: `a${character.repeat(2000)}` });
    assert.ok(Buffer.byteLength(message) <= 1024);
    assert.ok(Buffer.byteLength(message) > 1020 - 4);
    assert.match(message, new RegExp(`^a(${character})+$`, 'u'));
  });
