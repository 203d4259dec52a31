import assert from 'node:assert/strict';
import { resourcePath, rightFor } from '../../../src/cluster/resources.ts';
import { deployment } from '../../../src/kinds/deployment.ts';

describe('resources', () => {
  it('makes paths of the whole cluster, of a namespace and of an object', () => {
    assert.equal(resourcePath('pods'), '/api/v1/pods');
    assert.equal(resourcePath(deployment, 'shop'), '/apis/apps/v1/namespaces/shop/deployments');
    assert.equal(
      resourcePath('leases', 'shop', 'meltemi'),
      '/apis/coordination.k8s.io/v1/namespaces/shop/leases/meltemi',
    );
    assert.equal(resourcePath('namespaces', undefined, 'shop'), '/api/v1/namespaces/shop');
    assert.equal(
      resourcePath('mutatingwebhookconfigurations'),
      '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    );
  });

  it('keeps a name inside its place in the path', () => {
    assert.equal(resourcePath('services', 'a/b', '../x'), '/api/v1/namespaces/a%2Fb/services/..%2Fx');
  });

  it('refuses what the API has no path for', () => {
    assert.throws(() => resourcePath('pods', undefined, 'web'), RangeError);
    assert.throws(() => resourcePath('namespaces', 'shop'), RangeError);
  });

  it('names the right that a path needs', () => {
    assert.equal(rightFor('list', resourcePath('namespaces')), 'list namespaces');
    assert.equal(rightFor('watch', resourcePath('proxyconfigs')), 'watch proxyconfigs.networking.istio.io');
    assert.equal(rightFor('list', resourcePath('configmaps', 'shop')), 'list configmaps in namespace shop');
  });
});
