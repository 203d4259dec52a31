import assert from 'node:assert/strict';
import type { Mesh } from '../../src/expect/mesh.ts';
import type { Labels } from '../../src/model.ts';
import { addToList } from '../recipes/addToList.ts';

addToList({
  list: '/src/expect/sources.ts',
  beginning: 'SOURCE_KINDS: readonly SourceKind[] = [',
  name: 'byTemplateAnnotation',
  file: new URL('../recipes/byTemplateAnnotation.ts', import.meta.url),
});

// what is imported by `await` knows the made-up source
const { readPolicy } = await import('../../src/cli/policyFile.ts');
const { policyOf } = await import('../../src/cli/policyOf.ts');
const { defaults } = await import('../../src/cli/settings.ts');
const { MeshAssembly } = await import('../../src/watch/meshAssembly.ts');
const { evaluate } = await import('../../src/plan/evaluate.ts');
const { matchesOf } = await import('../../src/expect/matchOf.ts');
const { context } = await import('../builders/policy.ts');
const { group, workload } = await import('../builders/workload.ts');
const { generatedDocs } = await import('./generatedDocs.ts');

const KEY = 'example.meltemi.dev/agent-image';

function policyIn(text: string) {
  const reading = readPolicy(text);
  if ('problems' in reading) throw new Error(reading.problems.map(({ path, message }) => `${path}: ${message}`).join());
  return policyOf(defaults(), new Set(), reading.policy);
}

const POLICY = policyIn(`istio: false\nsidecars: [{name: agent, container: agent, templateAnnotation: ${KEY}}]`);

const mesh = (): Mesh =>
  new MeshAssembly(
    {
      configurations: () => [],
      namespaces: () => [{ metadata: { name: 'shop', labels: {} } }],
      proxyConfigs: () => [],
      deployments: () => [],
      services: () => [],
      configMap: () => undefined,
    },
    [],
    undefined,
    () => POLICY.sources ?? [],
  ).mesh();

/** What is done about a workload whose pods have agent:1. */
function stepFor(annotations: Labels): string | undefined {
  const one = workload({ template: { labels: {}, annotations, spec: {} } });
  const seen = mesh();
  const [matched] = matchesOf(seen, one);
  const answer = matched.source?.fixed?.expectation(one);
  const others = { agent: { placement: 'container', image: 'agent:1' } } as const;
  const groups = [{ ...group({ placement: 'none', injected: false }), others }];
  const observed = { workload: one, templateHash: 't', groups, onLostNodes: 0, budgets: [] };
  const { items } = evaluate({
    mesh: seen,
    observations: [{ ...observed, ...matched, ...(answer && { answer }) }],
    learnt: () => [],
    context: context({ policy: POLICY }),
  });
  return items[0]?.step.action;
}

describe('a sidecar source that has a file and a line in the list', () => {
  test('restarts what is outdated by it', () => assert.equal(stepFor({ [KEY]: 'agent:2' }), 'restart'));

  test('leaves what is current by it alone', () => assert.equal(stepFor({ [KEY]: 'agent:1' }), 'none'));

  test('leaves what it is not about alone', () => assert.equal(stepFor({}), 'none'));

  test('says what is wrong with its value', () =>
    assert.throws(
      () => policyIn('sidecars: [{name: agent, container: agent, templateAnnotation: image}]'),
      /sidecars\[0\]\.templateAnnotation: 'image' is invalid\. It must be the key of an annotation with a prefix\./,
    ));

  test('is documented, and known to the schema of the chart', () => {
    const docs = generatedDocs();
    assert.match(docs.get('docs/sidecars.md') ?? '', /\| `templateAnnotation` \| .*\(a made-up source\)\. \| `example/);
    assert.match(docs.get('helm/values.schema.json') ?? '', /"templateAnnotation"/);
  });
});
