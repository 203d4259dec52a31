import assert from 'node:assert/strict';
import { accountOf } from '../../../src/cluster/ownAccount.ts';
import { LeaseObject } from '../../../src/leader/lease.ts';

const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const bearer = (claims: unknown): string => `Bearer ${base64({ alg: 'RS256' })}.${base64(claims)}.c2lnbmF0dXJl`;
const bound = { namespace: 'ops', serviceaccount: { name: 'meltemi', uid: 'u-1' }, pod: { name: 'p', uid: 'u-2' } };
const MELTEMI = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'meltemi', uid: 'u-1' } as const;

const ROWS: Readonly<Record<string, readonly [authorization: string | undefined, expected: unknown]>> = {
  'a pod’s token': [bearer({ 'kubernetes.io': bound }), MELTEMI],
  'an account of another namespace': [bearer({ 'kubernetes.io': { ...bound, namespace: 'other' } }), undefined],
  'an account without uid': [bearer({ 'kubernetes.io': { ...bound, serviceaccount: { name: 'x' } } }), undefined],
  'a person’s token': [bearer({ sub: 'somebody@example.com' }), undefined],
  'a token with claims of another shape': [bearer({ 'kubernetes.io': 'ops' }), undefined],
  'a token that says null': [bearer(null), undefined],
  'a token that is no JWT': ['Bearer 0123456789abcdef', undefined],
  'three parts that are no JSON': ['Bearer a.b.c', undefined],
  'a password': ['Basic bWU6c2VjcmV0', undefined],
  'a client certificate': [undefined, undefined],
};

for (const [what, [authorization, expected]] of Object.entries(ROWS))
  test(`${what}: ${expected ? 'owns the Lease' : 'owns nothing'}`, () =>
    assert.deepEqual(accountOf(authorization, 'ops'), expected));

for (const [what, owner, expected] of [
  ['belongs to the account that made it', MELTEMI, [MELTEMI]],
  ['belongs to nobody where no account is known', undefined, undefined],
] as const)
  test(`a new Lease ${what}`, async () => {
    const bodies: { metadata: { ownerReferences?: unknown } }[] = [];
    const client = { request: async (call: { body?: unknown }) => bodies.push(call.body as never) as never };
    await new LeaseObject(client, 'ops', owner).create({}, { timeoutMs: 1 });
    assert.deepEqual(
      bodies.map(({ metadata }) => metadata.ownerReferences),
      [expected],
    );
  });
