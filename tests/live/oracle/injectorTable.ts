import assert from 'node:assert/strict';
import type { Labels } from '../../../src/model.ts';
import { workload } from '../../builders/workload.ts';
import type { Values } from '../../testbed/helm.ts';
import { merge } from '../../testbed/merge.ts';
import { pathOf } from '../../testbed/paths.ts';
import { Testbed } from '../../testbed/testbed.ts';
import { until } from '../../testbed/until.ts';
import { ApiServer } from './apiServer.ts';
import { Meltemi, served, worded } from './meltemi.ts';

export const VERSION = '1.31.0';
const DEADLINE = 30_000;
const GENERATION = 'tables.example/generation';
const INJECT = 'sidecar.istio.io/inject';
export const APP = { name: 'app', image: 'example/app:1' };

/** A pod template, in a namespace that is labelled for injection unless said otherwise. */
export interface Row {
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A row and what must come of it: `none`, or placement, image and revision of the proxy, or why such a pod is refused. */
export type Table = Readonly<Record<string, readonly [Row, string]>>;

/** The image that an injected pod has under the usual configuration, as a `Table` says it. */
export const proxy = (type = '', placement = 'initContainer'): string =>
  `${placement} docker.io/istio/proxyv2:${VERSION}${type} default`;
export const given = (image: string): string => `initContainer ${image} default`;

/** All that tables change, as it was: the testbed keeps changed values from one configuration to the next. */
const USUAL: Values = {
  global: { hub: 'docker.io/istio', tag: VERSION, variant: '', proxy: { image: 'proxyv2', autoInject: 'enabled' } },
  meshConfig: { defaultConfig: { image: { imageType: '' } } },
  sidecarInjectorWebhook: { neverInjectSelector: [], alwaysInjectSelector: [] },
};

/**
 * Rows of pod templates, put to a real istiod in two ways: as Meltemi expects it, and as the API server has it when it admits such a pod.
 * Both must come to what the row says.
 */
export class InjectorTable {
  readonly bed: Testbed;
  readonly #meltemi: Meltemi;
  readonly #apiServer: ApiServer;
  #generation = 0;

  private constructor(bed: Testbed) {
    this.bed = bed;
    this.#meltemi = new Meltemi(bed);
    this.#apiServer = new ApiServer(bed);
  }

  /** Namespace `shop` is labelled for injection, and `plain` is not. */
  static async up(): Promise<InjectorTable> {
    const bed = await Testbed.up();
    await bed.istio.base();
    await bed.istio.install({ revision: 'default', version: VERSION });
    await bed.namespace('plain', {});
    await bed.namespace('shop', { 'istio-injection': 'enabled' });
    return new InjectorTable(bed);
  }

  async down(): Promise<void> {
    await this.#meltemi.close();
    await this.bed.down();
  }

  async holds(table: Table): Promise<void> {
    const rows = Object.entries(table);
    const found = await Promise.all(rows.map(async ([what, [row]]) => [what, await this.#both(row)]));
    const expected = rows.map(([what, [, answer]]) => [what, { meltemi: answer, apiServer: answer }]);
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
  }

  /** Waits until a row comes out like this. */
  async becomes(row: Row, expected: string): Promise<void> {
    await until(`istiod to answer ${expected}`, DEADLINE, async () => {
      const { meltemi, apiServer } = await this.#both(row);
      return (meltemi === expected && apiServer === expected) || new Error(`${meltemi}, ${apiServer}`);
    });
  }

  async #both({ namespace = 'shop', labels = {}, annotations = {}, spec = {} }: Row) {
    const raw = { labels: { app: 'web', ...labels }, annotations, spec: { containers: [APP], ...spec } };
    const subject = workload({ namespace, template: await served(this.bed, 'plain', raw) });
    const { match, answer } = await this.#meltemi.expect(await this.#meltemi.mesh(), subject);
    const outcome = await this.#apiServer.create(subject, 0);
    const meltemi = match.kind === 'conflict' || match.kind === 'unknown' ? match.reason.code : worded(answer);
    // who is refused, the API server says, but not in Meltemi's words
    const refused = answer?.kind === 'unknown' ? meltemi : 'refused';
    return { meltemi, apiServer: outcome.kind === 'refused' ? refused : outcome.sidecar };
  }

  /** Configures the injector and waits until istiod has it: each configuration stamps its number on the pods that it injects. */
  async configure(values: Values): Promise<void> {
    const stamp = String(++this.#generation);
    const stamped = { sidecarInjectorWebhook: { injectedAnnotations: { [GENERATION]: stamp } } };
    await this.#write(merge(values, stamped));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'stamp-', labels: { app: 'stamp', [INJECT]: 'true' } },
      spec: { containers: [APP] },
    };
    await until(`istiod to have configuration ${stamp}`, DEADLINE, async () => {
      const { metadata } = await this.bed.api.create(`${pathOf('Pod', 'shop')}?dryRun=All`, pod);
      return metadata.annotations?.[GENERATION] === stamp;
    });
  }

  /** Configures an injector that injects nobody, so that no stamp can tell when istiod has it. */
  async disable(values: Values): Promise<void> {
    await this.#write(values);
    await this.becomes({ labels: { [INJECT]: 'true' } }, 'none');
  }

  #write(values: Values): Promise<void> {
    return this.bed.istio.setInjectorVersion('default', VERSION, merge(USUAL, values));
  }

  /** Makes a ProxyConfig and returns its path. */
  async proxyConfig(namespace: string, spec: object, name = 'types'): Promise<string> {
    const apiVersion = 'networking.istio.io/v1beta1';
    const path = `/apis/${apiVersion}/namespaces/${namespace}/proxyconfigs`;
    await this.bed.api.create(path, { apiVersion, kind: 'ProxyConfig', metadata: { name }, spec });
    return `${path}/${name}`;
  }
}
