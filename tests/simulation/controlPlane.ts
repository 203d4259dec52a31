import type { Answer } from '../../src/expect/answer.ts';
import { injectionOf } from '../../src/expect/epoch.ts';
import type { Injection, Mesh } from '../../src/expect/mesh.ts';
import { ISTIO } from '../../src/expect/sources/istio.ts';
import type { NamespaceFacts, Sidecar, SidecarConfig } from '../../src/model.ts';
import { fingerprint } from '../../src/plan/record.ts';
import { sidecarConfig } from '../../src/pods/sidecarConfig.ts';
import { reason } from '../../src/reasons.ts';
import { complete, entry, istiod, sidecar } from '../builders/workload.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import { VAULT, VAULT_INJECTION } from './vault.ts';

export const REVISIONS = ['default', 'canary'] as const;
export type RevisionName = (typeof REVISIONS)[number];

/** One control plane: what its objects say, and what its replicas do. */
export interface ControlPlaneState {
  /** In the injector's ConfigMap. */
  configured: string;
  /** The istiod Deployment's template, and whether its rollout is complete. */
  deployed: string;
  rolling: boolean;
  /** What replicas answer and inject; several while they differ. */
  serving: readonly string[];
  /** What a replica answers that has not read its configuration of before; it answers all while it is there. */
  behind: string | undefined;
  /** What was configured before. */
  before: string | undefined;
  /** Nobody answers: pods are refused. */
  down: boolean;
  /** It answers `allowed: false`. */
  refusing: boolean;
  /** The API server goes on without it: pods are born without sidecar, whatever it answers. */
  failingOpen: boolean;
  /** Where not, nobody is called for new pods, whatever their labels ask for. */
  hasWebhook: boolean;
}

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** Before anything happens. */
const FIRST_VERSION = '1.30.2';

/** The ConfigMap of an injector whose template reads nothing of the app. */
const CONFIG = JSON.stringify({ templates: { sidecar: '{{ .ProxyImage }}' } });

/** @param version after a slash: of another registry than usual */
export const imageOf = (version: string): string =>
  version.startsWith('/')
    ? `mirror.example.org/istio/proxyv2:${version.slice(1)}`
    : `docker.io/istio/proxyv2:${version}`;

/** The mesh as it truly is. What operators know of it comes later, through their watches. */
export class ControlPlane {
  readonly revisions = new Map<RevisionName, ControlPlaneState>();
  readonly namespaces = new Map<string, NamespaceFacts>();
  /** The revisions that tags stand for. */
  readonly #tags = new Map<string, RevisionName>();
  /** When what pods should have last changed. */
  changedAt = 0;
  /** When the labels of a namespace last changed. */
  readonly labelledAt = new Map<string, number>();
  readonly #dice: Dice;
  /** Whether istiod Deployments can be seen; where not, gate G3 asks twice. */
  readonly #visible: boolean;
  #mesh: Mesh | undefined;
  /** The policy wants an image for a second sidecar. */
  hasVault = false;
  /** Answers say how the proxy is configured, and restarts are made for it. */
  hasConfig = false;
  /** Injectors say what their templates read, which is nothing of the app: answers are shared. */
  hasClasses = false;
  /** Their answers to this workload do not keep to it. */
  unlike: string | undefined;

  constructor(dice: Dice, visible: boolean) {
    this.#dice = dice;
    this.#visible = visible;
    for (const name of REVISIONS)
      this.revisions.set(name, {
        configured: FIRST_VERSION,
        deployed: FIRST_VERSION,
        rolling: false,
        serving: [FIRST_VERSION],
        behind: undefined,
        before: undefined,
        down: false,
        refusing: false,
        failingOpen: false,
        hasWebhook: true,
      });
  }

  state(name: RevisionName): ControlPlaneState {
    const state = this.revisions.get(name);
    if (!state) throw new Error(`there is no control plane ${name}`);
    return state;
  }

  /** @param revision or a tag */
  label(namespace: string, revision: string): void {
    this.describe(namespace, { labels: { 'istio.io/rev': revision }, annotations: {} });
  }

  tag(tag: string, revision: RevisionName): void {
    this.#tags.set(tag, revision);
    this.#mesh = undefined;
  }

  describe(namespace: string, facts: NamespaceFacts): void {
    this.namespaces.set(namespace, facts);
    this.#mesh = undefined;
  }

  /** A namespace is gone. */
  forget(namespace: string): void {
    this.namespaces.delete(namespace);
    this.#mesh = undefined;
  }

  revisionOf(namespace: string): RevisionName {
    return this.labelOf(namespace) ?? 'default';
  }

  /** Whose injection a namespace asks for; undefined where it asks for none. */
  labelOf(namespace: string): RevisionName | undefined {
    const label = this.namespaces.get(namespace)?.labels['istio.io/rev'];
    return REVISIONS.find((name) => name === label) ?? this.#tags.get(label ?? '');
  }

  /** Whether anybody is called for the pods of a namespace. */
  injects(namespace: string): boolean {
    const revision = this.labelOf(namespace);
    return revision !== undefined && this.state(revision).hasWebhook;
  }

  change(name: RevisionName, change: Partial<ControlPlaneState>): void {
    const state = this.state(name);
    const { configured } = state;
    Object.assign(state, change);
    if (state.configured !== configured) state.before = configured;
    this.#mesh = undefined;
  }

  mesh(): Mesh {
    this.#mesh ??= {
      injections: [...this.revisions.keys()]
        .filter((name) => this.state(name).hasWebhook)
        .map((name) => this.#injection(name))
        .concat([...this.#tags].map(([tag, name]) => this.#injection(name, tag)))
        .concat(this.hasVault ? VAULT_INJECTION : []),
      ...(this.hasVault && { sources: [ISTIO, VAULT] }),
      namespaces: new Map(this.namespaces),
    };
    return this.#mesh;
  }

  /** @param tag of which it is the webhook, as `istioctl tag set` makes one */
  #injection(name: RevisionName, tag?: string): Injection {
    const { configured, deployed, rolling } = this.state(name);
    const path = this.#visible ? '/inject' : `/inject/${configured}`;
    const webhook = entry({
      configuration: tag === undefined ? `istio-sidecar-injector-${name}` : `istio-revision-tag-${tag}`,
      revision: name,
      namespaceSelector: { matchLabels: { 'istio.io/rev': tag ?? name } },
      address: { service: { namespace: 'istio-system', name: `istiod-${name}`, path, port: 443 } },
    });
    if (!this.#visible) return injectionOf(webhook, {});
    const rollout = rolling ? { ...complete(2), updated: 1, ready: 1, available: 1, existing: 3 } : complete(2);
    const seen = istiod({
      name: `istiod-${name}`,
      revision: name,
      rollout,
      image: `docker.io/istio/pilot:${NEWEST}`,
      templateHash: deployed,
    });
    const injectorConfig = { configured, ...(this.hasClasses && { config: CONFIG }) };
    return injectionOf(webhook, { injectorConfig, meshConfig: {}, istiod: seen });
  }

  /** One replica's answer about a workload; an error when nobody answers. */
  answer(name: RevisionName, workload: string): Answer {
    const { down, refusing, serving, behind } = this.state(name);
    if (down) throw new Error('connection refused');
    if (refusing)
      return { kind: 'unknown', reason: reason('injector-refused', 'the injector rejects the pod: not now') };
    const image = this.#imageFor(workload, behind ?? this.#dice.pick(serving));
    return { kind: 'sidecar', sidecar: { image, revision: name, placement: 'container', ...this.#config(image) } };
  }

  #imageFor(workload: string, version: string): string {
    return imageOf(workload === this.unlike ? FIRST_VERSION : version);
  }

  /** What a new pod of a workload gets. */
  admit({ namespace, name: workload }: Named): Sidecar | string {
    const name = this.revisionOf(namespace);
    const { down, refusing, failingOpen, serving, behind } = this.state(name);
    if (failingOpen || !this.injects(namespace)) return NO_PROXY;
    const webhook = 'admission webhook "namespace.sidecar-injector.istio.io"';
    if (down) return `Internal error occurred: failed calling webhook "namespace.sidecar-injector.istio.io": refused`;
    if (refusing) return `${webhook} denied the request: not now`;
    const image = this.#imageFor(workload, behind ?? this.#dice.pick(serving));
    return sidecar({ image, revision: name, ...this.#config(image) });
  }

  /** Each version is configured in its own way. */
  #config(image: string): { config?: SidecarConfig } {
    const config = this.hasConfig ? sidecarConfig({ args: [image] }) : undefined;
    return config ? { config } : {};
  }

  /** What a restart for this proxy is for. */
  target({ image, revision }: { readonly image: string; readonly revision: string }): string {
    const config = this.#config(image);
    return fingerprint({
      image,
      revision,
      placement: 'container',
      ...config,
      ...(config.config && { configCounts: true }),
    });
  }

  /** What every pod of a workload should have once things have settled. */
  expected({ namespace, name: workload }: Named): Sidecar {
    const name = this.revisionOf(namespace);
    return sidecar({ image: this.#imageFor(workload, this.state(name).configured), revision: name });
  }
}

/** The control plane's own image is never older than a proxy here: gate G4 stays open. */
const NEWEST = '1.99.0';

export const NO_PROXY: Sidecar = sidecar({ placement: 'none', image: '', revision: '', injected: false });

export const sameSidecar = (a: Sidecar, b: Sidecar): boolean =>
  a.image === b.image && a.revision === b.revision && a.placement === b.placement;
