import assert from 'node:assert/strict';
import type { Method, Query } from '../../../src/cluster/api.ts';
import { type Priority, priorityOf } from '../../../src/cluster/priority.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/meltemi/leases';
const DEPLOYMENT = '/apis/apps/v1/namespaces/shop/deployments/web';

const rows: [string, Method, string, Query | undefined, Priority][] = [
  ['a renewal of the Lease', 'PUT', `${LEASES}/meltemi`, { fieldManager: 'meltemi' }, 'lease'],
  ['a look at the Lease', 'GET', `${LEASES}/meltemi`, undefined, 'lease'],
  ['a new Lease', 'POST', LEASES, undefined, 'lease'],
  ['a list of Leases', 'GET', LEASES, { limit: 500 }, 'scan'],
  ['a patch', 'PATCH', DEPLOYMENT, undefined, 'write'],
  ['a patch of something called leases', 'PATCH', '/apis/apps/v1/namespaces/x/deployments/leases', undefined, 'write'],
  ['an eviction', 'POST', '/api/v1/namespaces/shop/pods/web-1/eviction', undefined, 'write'],
  ['a deletion', 'DELETE', '/api/v1/namespaces/shop/pods/web-1', undefined, 'write'],
  ['a look at one object', 'GET', DEPLOYMENT, undefined, 'follow'],
  ['a page of a list', 'GET', '/api/v1/pods', { limit: 500 }, 'scan'],
  ['a page of one object', 'GET', '/api/v1/pods', { limit: 1 }, 'scan'],
  ['an Event', 'POST', '/api/v1/namespaces/shop/events', undefined, 'event'],
  ['an Event of the newer API', 'POST', '/apis/events.k8s.io/v1/namespaces/shop/events', undefined, 'event'],
  ['a question about a token', 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', undefined, 'scan'],
  ['a question about a right', 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', undefined, 'scan'],
];

for (const [name, method, path, query, priority] of rows)
  test(`${name} has the priority ${priority}`, () =>
    assert.equal(priorityOf({ method, path, ...(query && { query }) }), priority));
