import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withoutPassages } from '../../../../src/expect/classes/passages.ts';
import { readsOf } from '../../../../src/expect/classes/templateReads.ts';
import { copiedPath } from '../../../testbed/programs.ts';
import { SIDECAR } from './istioTemplates.ts';

const readsWithout = (template: string) => readsOf(withoutPassages(template));

describe('passages of Istio’s templates that cannot change what an answer is read for', () => {
  it('without them the template reads nothing of the app', () => {
    assert.deepEqual(readsWithout(SIDECAR), { labels: new Set(), annotations: new Set(), spec: new Set() });
  });

  const changes: readonly [name: string, from: string, to: string, reads: string][] = [
    [
      'a label that somebody writes elsewhere',
      '  annotations: {',
      '  annotations: { x: {{ .ObjectMeta.Labels.app }},',
      'app',
    ],
    ['a canonical name with another function', '| trunc 63', '| upper', 'app'],
    ['a canonical name without quotes', '| trimAll "-_." | quote', '| trimAll "-_."', 'app'],
    ['an image that follows a label', '{{ .ProxyImage }}', '{{ .ProxyImage }}{{ index .ObjectMeta.Labels `a` }}', 'a'],
    [
      'an image that follows the containers',
      '{{ .ProxyImage }}',
      '{{ .ProxyImage }}{{ $containers | join "" }}',
      'Names',
    ],
    ['ports that are written elsewhere, too', '        ]\n', '        ]\n{{ $first }}', 'Ports'],
    ['the same words with another condition', '{{- if $otelResAttrs }}', '{{- if not $otelResAttrs }}', 'Containers'],
    ['a secret of another name', 'printf "istio.%s"', 'printf "%s"', 'ServiceAccountName'],
  ];
  for (const [name, from, to, read] of changes)
    it(`counts as read: ${name}`, () => {
      const changed = SIDECAR.replace(from, () => to);
      assert.notEqual(changed, SIDECAR);
      const { labels, spec } = readsWithout(changed) ?? assert.fail('not understood');
      assert.ok(spec.has(read) || labels === 'all' || labels.has(read), `${read} is not read`);
    });
});

const FILES = join(copiedPath('charts'), 'istio-control/istio-discovery/files');

(existsSync(FILES) ? describe : describe.skip)('the templates of Istio’s chart', () => {
  const reads = (file: string) => readsWithout(readFileSync(join(FILES, `${file}.yaml`), 'utf8'));

  for (const file of ['injection-template', 'gateway-injection-template', 'grpc-agent', 'grpc-simple'])
    it(`${file} reads no settings of the app`, () => {
      const { labels, annotations, spec } = reads(file) ?? assert.fail('not understood');
      assert.ok(labels !== 'all' && annotations !== 'all');
      assert.deepEqual(
        [...spec].filter((field) => field !== 'Names'),
        [],
      );
      assert.deepEqual(
        [...labels].filter((label) => !label.includes('istio.io')),
        [],
      );
    });

  it('injection-template does not even read the names of containers', () => {
    assert.deepEqual(reads('injection-template')?.spec, new Set());
  });
});
