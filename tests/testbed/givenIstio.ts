import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Api, ApiObject } from './api.ts';
import { applyRendered } from './applyRendered.ts';
import { Helm, type Release } from './helm.ts';
import type { RevisionOptions } from './istio.ts';
import { merge } from './merge.ts';
import { pathOf } from './paths.ts';
import { run } from './run.ts';
import { until } from './until.ts';
import { isRolledOut, type Rollout } from './workloads.ts';

const DISCOVERY = 'istio-control/istio-discovery';
const REPOSITORY = 'https://istio-release.storage.googleapis.com/charts';
const ROLLOUT_MS = 180_000;
const HELM_RELEASE = 'meta.helm.sh/release-name';
const HELM_NAMESPACE = 'meta.helm.sh/release-namespace';

interface Selector {
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: string[];
  }[];
}

interface InjectorConfiguration extends ApiObject {
  readonly webhooks: readonly {
    readonly name: string;
    readonly namespaceSelector?: Selector;
    readonly objectSelector?: Selector;
  }[];
}

interface Istiod extends Rollout {
  readonly spec: Rollout['spec'] & {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

export interface GivenIstioOptions {
  readonly api: Api;
  /** A folder for charts and values. */
  readonly state: string;
  readonly kubeconfig: string;
  readonly helm: string;
  /** A folder like `manifests/charts` in Istio's sources, instead of Istio's chart repository. */
  readonly charts?: string | undefined;
  /** Whether istiod may be upgraded in place. */
  readonly upgrades: boolean;
  /** The label of all that the scenarios make. */
  readonly mark: Readonly<Record<string, string>>;
}

/** The Istio of a given cluster: revisions are used as they stand, tags are moved, and istiod is upgraded where that is allowed. */
export class GivenIstio {
  readonly #options: GivenIstioOptions;
  readonly #helm: Helm;

  constructor(options: GivenIstioOptions) {
    const { state, helm, charts = '', kubeconfig } = options;
    this.#options = options;
    this.#helm = new Helm(state, helm, charts, kubeconfig);
    mkdirSync(join(state, 'charts'), { recursive: true });
  }

  /** Istio's CustomResourceDefinitions are there. */
  async base(): Promise<void> {}

  /** Makes sure that the revision is there, at this version. */
  async install({ revision = 'default', version }: RevisionOptions): Promise<void> {
    await this.#configuration(revision);
    const found = await this.#version(revision);
    if (found === version) return;
    if (!this.#options.upgrades) throw new Error(`revision ${revision} is ${found}, the scenarios need ${version}`);
    await this.upgrade(revision, version);
  }

  /** As `helm upgrade` does: the injector's configuration first, then istiod. */
  async upgrade(revision: string, version: string): Promise<void> {
    if (!this.#options.upgrades) throw new Error('istiod may not be upgraded here: E2E_ISTIO_UPGRADE=1 allows it');
    const { api } = this.#options;
    const release = await this.#release(revision, version);
    await applyRendered(api, this.#helm, release, [
      'configmap',
      'istiod-injector-configmap',
      'mutatingwebhook',
      'deployment',
    ]);
    await until(`the rollout of istiod ${revision}`, ROLLOUT_MS, async () => isRolledOut(await this.#istiod(revision)));
  }

  /** Creates a tag or moves it, as `istioctl tag set --overwrite` does. */
  async setTag(tag: string, revision: string): Promise<void> {
    const { api, mark } = this.#options;
    const { metadata, webhooks } = await this.#configuration(revision);
    const name = `istio-revision-tag-${tag}`;
    const path = pathOf('MutatingWebhookConfiguration', '', name);
    const there = await api.find(path);
    if (there && Object.entries(mark).some(([key, value]) => there.metadata.labels?.[key] !== value))
      throw new Error(`the cluster has a tag ${tag} of its own`);
    const { [HELM_RELEASE]: release = '', [HELM_NAMESPACE]: namespace = '' } = metadata.annotations ?? {};
    const tagged = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: {
        name,
        labels: { ...mark, app: 'sidecar-injector', 'istio.io/rev': revision, 'istio.io/tag': tag },
        annotations: { [HELM_RELEASE]: release, [HELM_NAMESPACE]: namespace },
      },
      webhooks: webhooks.filter((webhook) => webhook.name.startsWith('rev.')).map((webhook) => retagged(webhook, tag)),
    };
    await api.patch(`${path}?fieldManager=istioctl&force=true`, tagged, 'apply');
  }

  async removeTag(tag: string): Promise<void> {
    await this.#options.api.delete(pathOf('MutatingWebhookConfiguration', '', `istio-revision-tag-${tag}`));
  }

  /** The revision's own webhooks, not those of its tags. */
  async #configuration(revision: string): Promise<InjectorConfiguration> {
    const query = { labelSelector: `istio.io/rev=${revision},!istio.io/tag` };
    const path = pathOf('MutatingWebhookConfiguration');
    const [found] = await this.#options.api.list<InjectorConfiguration>(path, query);
    if (found) return found;
    throw new Error(`the cluster has no revision ${revision}: tests/kind/istio.sh installs what the scenarios need`);
  }

  async #istiod(revision: string): Promise<Istiod> {
    const query = { labelSelector: `app=istiod,istio.io/rev=${revision}` };
    const [found] = await this.#options.api.list<Istiod>(pathOf('Deployment'), query);
    if (!found) throw new Error(`the cluster has no istiod of revision ${revision}`);
    return found;
  }

  async #version(revision: string): Promise<string> {
    const { image = '' } = (await this.#istiod(revision)).spec.template.spec.containers[0] ?? {};
    return image.split(':').at(-1) ?? '';
  }

  /** The release as it was installed, at another version. */
  async #release(revision: string, version: string): Promise<Release> {
    const { annotations = {} } = (await this.#configuration(revision)).metadata;
    const { [HELM_RELEASE]: name = '', [HELM_NAMESPACE]: namespace = '' } = annotations;
    if (!name) throw new Error(`revision ${revision} was not installed by Helm, so it cannot be upgraded by its chart`);
    await this.#fetchChart(version);
    const values = merge(await this.#helm.values(name, namespace), { global: { tag: version } });
    return { name, namespace, chart: DISCOVERY, version, values };
  }

  /** Puts the chart of a version where Helm's class looks for it. */
  async #fetchChart(version: string): Promise<void> {
    const { charts, helm, state } = this.#options;
    const target = join(state, 'charts', version, DISCOVERY);
    if (charts || existsSync(target)) return;
    const folder = join(state, 'pulled', version);
    await run(helm, ['pull', 'istiod', '--repo', REPOSITORY, '--version', version, '--untar', '--untardir', folder], {
      env: { HOME: state },
    });
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(folder, 'istiod'), target);
  }
}

type Entry = InjectorConfiguration['webhooks'][number];

/** A webhook of a revision, called for a tag instead. */
function retagged(webhook: Entry, tag: string): Entry {
  const { namespaceSelector, objectSelector, ...rest } = webhook;
  return {
    ...rest,
    ...(namespaceSelector && { namespaceSelector: forTag(namespaceSelector, tag) }),
    ...(objectSelector && { objectSelector: forTag(objectSelector, tag) }),
  };
}

function forTag(selector: Selector, tag: string): Selector {
  const matchExpressions = (selector.matchExpressions ?? []).map((expression) =>
    expression.key === 'istio.io/rev' && expression.operator === 'In' ? { ...expression, values: [tag] } : expression,
  );
  return { ...selector, matchExpressions };
}
