import assert from 'node:assert/strict';
import { unsupportedKind, unsupportedWord } from '../../../src/kinds/unsupportedKinds.ts';

const LEFT_OUT = /^its kind is switched off, or may not be read$/;
const ANY_OTHER = /^only its own controller knows how to replace them$/;
const rows: [apiVersion: string, kind: string, note: RegExp][] = [
  ['apps/v1', 'Deployment', LEFT_OUT],
  ['apps/v1', 'StatefulSet', LEFT_OUT],
  ['argoproj.io/v1alpha1', 'Rollout', LEFT_OUT],
  ['example.com/v1', 'Deployment', ANY_OTHER],
  ['kafka.strimzi.io/v1beta2', 'Kafka', ANY_OTHER],
  ['v1', 'Deployment', ANY_OTHER],
  ['apps/v1', 'ReplicaSet', /^no controller replaces its pods$/],
  ['batch/v1', 'Job', /^it ends by itself$/],
];
for (const [apiVersion, kind, note] of rows)
  test(`what is said of pods of a ${apiVersion} ${kind} that is only listed`, () =>
    assert.match(unsupportedKind(unsupportedWord({ apiVersion, kind })).note, note));

test('of a kind that Meltemi would restart, people read how to let it', () =>
  assert.match(unsupportedKind('Deployment.apps').advice, /--kinds/));
