import assert from 'node:assert/strict';
import { acknowledgement, type PauseState, pauseStateOf } from '../../../src/leader/pauseState.ts';
import type { Labels } from '../../../src/model.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';

const { paused, resume, resumed, resumedAt } = LEASE_ANNOTATION;
const NOW = Date.parse('2026-03-01T12:00:00Z');

describe('pauseState: what the annotations mean', () => {
  const rows: [string, Labels, PauseState][] = [
    ['nothing said', { note: 'x' }, {}],
    ['paused with a reason', { [paused]: 'freeze' }, { paused: 'freeze' }],
    ['paused by "true", which is no reason', { [paused]: 'true' }, { paused: 'no reason given' }],
    ['paused by mere presence', { [paused]: '' }, { paused: 'no reason given' }],
    ['not paused by "false"', { [paused]: 'false' }, {}],
    ['resumed', { [resumedAt]: '2026-03-01T12:00:00.000Z' }, { resumedAt: NOW }],
    ['resumed at no time that can be read', { [resumedAt]: 'yesterday' }, {}],
    ['a resume that nobody has recorded yet', { [resume]: '1' }, {}],
    ['paused after a resume', { [paused]: 'x', [resumedAt]: '2026-03-01T12:00:00Z' }, { paused: 'x', resumedAt: NOW }],
  ];
  for (const [name, annotations, expected] of rows)
    it(name, () => assert.deepEqual(pauseStateOf(annotations), expected));
});

describe('pauseState: what is to be recorded', () => {
  const record = (value: string): Labels => ({ [resumed]: value, [resumedAt]: '2026-03-01T12:00:00.000Z' });
  const rows: [string, Labels, Labels][] = [
    ['nothing where nobody resumed', {}, {}],
    ['the first resume', { [resume]: '1' }, record('1')],
    ['a resume with another value', { [resume]: '2', [resumed]: '1' }, record('2')],
    ['an empty value, which is one too', { [resume]: '', [resumed]: '1' }, record('')],
    ['not the same one again', { [resume]: '1', [resumed]: '1' }, {}],
    ['not one that was taken back', { [resumed]: '1' }, {}],
  ];
  for (const [name, annotations, expected] of rows)
    it(name, () => assert.deepEqual(acknowledgement(annotations, NOW), expected));
});
