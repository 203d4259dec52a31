import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readPolicy } from '../../src/cli/policyFile.ts';
import { problemLines } from '../../src/cli/policySource.ts';
import { render, type Values } from './chart.ts';

const examplesIn = (file: string): readonly string[] =>
  [...readFileSync(file, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

/** The values that an example is about; undefined if it is about none. */
type ValuesOf = (text: string) => Values | undefined;

const asPolicy: ValuesOf = (text) => ({ policy: parse(text) });
/** Argo CD's Application and Flux's HelmRelease have them inside. */
const inside: ValuesOf = (text) => {
  const { spec } = parse(text);
  return spec?.values ?? spec?.source?.helm?.valuesObject;
};

function problemsIn(text: string): readonly string[] {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('policy.yaml', reading.problems) : [];
}

const PAGES: readonly (readonly [file: string, valuesOf: ValuesOf])[] = [
  ['docs/policy.md', asPolicy],
  ['docs/steering.md', asPolicy],
  ['docs/sidecars.md', asPolicy],
  ['docs/alerts.md', parse],
  ['docs/status.md', parse],
  ['docs/gitops.md', inside],
];

for (const [file, valuesOf] of PAGES) {
  const all = examplesIn(file).map(valuesOf);

  test(`there is an example of values in ${file}`, () => assert.ok(all.some((values) => values !== undefined)));

  for (const [index, values] of all.entries())
    test(`Helm takes example ${index + 1} in ${file}, and gives Meltemi a policy that it can read`, async () => {
      const policies = (await render(values)).flatMap(({ data }) => data?.['policy.yaml'] ?? []);
      assert.deepEqual(policies.map(problemsIn), [[]]);
    });
}
