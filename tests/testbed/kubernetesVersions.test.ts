import assert from 'node:assert/strict';
import { KUBERNETES_MINORS, kubernetesMinor, USUAL_MINOR, versionOfMinor } from './kubernetesVersions.ts';
import { BED_PROGRAMS, MATRIX_PROGRAMS, programOf, programsOf, sourceOf, USUAL_PROGRAMS } from './programs.ts';

test('without a wish the usual Kubernetes runs; an empty variable is no wish', () => {
  for (const asked of [undefined, '']) assert.equal(kubernetesMinor(asked), USUAL_MINOR);
});

test('each minor can be asked for, and is built from sources of that minor', () => {
  for (const minor of KUBERNETES_MINORS) {
    assert.equal(kubernetesMinor(minor), minor);
    assert.ok(versionOfMinor(minor).startsWith(`${minor}.`));
  }
});

test('an unknown minor is refused with those that there are', () => {
  for (const asked of ['1.33', '1.34.4', 'v1.34'])
    assert.throws(() => kubernetesMinor(asked), {
      message: `no Kubernetes "${asked}" in the testbed; there are ${KUBERNETES_MINORS.join(', ')}`,
    });
});

test('another minor changes the server programs of a bed and nothing else', () => {
  assert.deepEqual(programsOf(USUAL_MINOR), BED_PROGRAMS);
  const changed = programsOf('1.34').filter((name) => !BED_PROGRAMS.includes(name));
  assert.deepEqual(changed, ['kube-apiserver-1.34', 'kube-controller-manager-1.34', 'kube-scheduler-1.34']);
  assert.equal(programOf('kubectl', '1.34'), 'kubectl');
});

test('what only the matrix runs is built only when it is named, and never taken from PATH', () => {
  const others = KUBERNETES_MINORS.filter((minor) => minor !== USUAL_MINOR).flatMap((minor) =>
    programsOf(minor).filter((name) => !BED_PROGRAMS.includes(name)),
  );
  assert.deepEqual([...MATRIX_PROGRAMS].sort(), [...others, 'pilot-discovery-1.30'].sort());
  assert.ok(MATRIX_PROGRAMS.every((name) => !USUAL_PROGRAMS.includes(name) && !sourceOf(name).replaceable));
});
