import type { Api, ApiObject } from './api.ts';
import { applyRendered } from './applyRendered.ts';
import type { Toolbox } from './build.ts';
import type { Cluster } from './cluster.ts';
import { type GatewayOptions, gatewayRelease } from './gateway.ts';
import type { Release, Values } from './helm.ts';
import { ISTIO_BUILDS, type IstioBuild, USUAL_BUILD } from './istioBuild.ts';
import { IstioCharts } from './istioCharts.ts';
import { type Address, Istiod } from './istiod.ts';
import { letPodsReady } from './letPodsReady.ts';
import { merge } from './merge.ts';
import { pathOf } from './paths.ts';
import { BEHAVIOUR } from './stages.ts';
import { until } from './until.ts';
import { isRolledOut, type Rollout } from './workloads.ts';

const HUB = 'docker.io/istio';
const ROOT = 'istio-system';
const DISCOVERY = 'istio-control/istio-discovery';
const DEADLINE_MS = 120_000;
const SETTLE_MS = 5_000;

export interface RevisionOptions {
  readonly revision?: string;
  readonly version: string;
  readonly namespace?: string;
  readonly tags?: readonly string[];
  /** More values for Istio's chart `istiod`. */
  readonly values?: Values;
  /** What istiod and the charts are built from. */
  readonly build?: IstioBuild;
}

interface WebhookConfiguration extends ApiObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

/** A control plane that is installed: its release as its objects were last written, by which charts, and its process. */
interface Installed {
  readonly istiod: Istiod;
  readonly release: Release;
  readonly build: IstioBuild;
  /** A second process of the revision, for as long as a rollout has two. */
  readonly replica?: Istiod;
}

/** Istio as its own charts install it, with one real istiod process for each revision. */
export class Istio {
  readonly #cluster: Cluster;
  readonly #toolbox: Toolbox;
  readonly #charts: IstioCharts;
  readonly #kubeconfig: string;
  readonly #byService: boolean;
  readonly #installed = new Map<string, Installed>();

  constructor(cluster: Cluster, toolbox: Toolbox, byService: boolean) {
    this.#cluster = cluster;
    this.#toolbox = toolbox;
    this.#byService = byService;
    this.#kubeconfig = cluster.kubeconfig('testbed:istiod', ['system:masters']);
    const helmConfig = cluster.kubeconfig('testbed:helm', ['system:masters']);
    this.#charts = new IstioCharts(cluster.state, toolbox, helmConfig, byService);
  }

  /** Installs Istio's CustomResourceDefinitions; `install` does it where it has not been done. */
  base(version = '1.30.2', build = USUAL_BUILD): Promise<void> {
    return this.#charts.base(version, build);
  }

  /** Installs a revision (`default` is the one without a name) with its tags, and waits until it injects. */
  async install(options: RevisionOptions): Promise<void> {
    const { revision = 'default', namespace = ROOT, version, build = USUAL_BUILD } = options;
    await this.base(version, build);
    const istiod = await Istiod.place(this.#environment(build), { revision, namespace }, this.#byService);
    const name = revision === 'default' ? 'istiod' : `istiod-${revision}`;
    const values = merge(this.#values(istiod, version), options.values ?? {});
    const release = { name, namespace, chart: DISCOVERY, version, values };
    await this.#charts.of(build).install({ ...release, values: { ...values, revisionTags: options.tags ?? [] } });
    this.#installed.set(revision, { istiod, release, build });
    if (this.#byService) await this.#leadServiceTo(istiod, release);
    await istiod.start();
    await Promise.all([this.#webhooksReady(revision), this.istiodRolledOut(revision)]);
  }

  /** Upgrades in place as `helm upgrade` does: the injector's configuration first, then istiod. */
  async upgrade(revision: string, version: string, values: Values = {}): Promise<void> {
    await this.setInjectorVersion(revision, version, values);
    await this.setIstiodVersion(revision, version);
  }

  /** Takes the charts of another build from now on, and upgrades the CustomResourceDefinitions to them. The process stays. */
  async takeCharts(revision: string, build: IstioBuild): Promise<void> {
    const installed = this.#of(revision);
    await this.base(installed.release.version, build);
    this.#installed.set(revision, { ...installed, build });
  }

  /** The istiod of another build takes the place of the one that runs. */
  become(revision: string, build: IstioBuild): Promise<void> {
    return this.#of(revision).istiod.become(this.#environment(build).program);
  }

  /** Starts a second istiod of the revision, as a rollout does before it ends the first one; it serves at an address of its own. */
  async startReplica(revision: string, build: IstioBuild): Promise<Address> {
    const installed = this.#of(revision);
    const environment = { ...this.#environment(build), replica: 'second' };
    const replica = await Istiod.place(environment, installed.istiod.identity, this.#byService);
    await replica.start();
    this.#installed.set(revision, { ...installed, replica });
    return replica.address;
  }

  /** Ends the first istiod of two; the second one is the revision's from now on. */
  async endFirstReplica(revision: string): Promise<void> {
    const { istiod, replica, ...rest } = this.#of(revision);
    if (!replica) throw new Error(`revision ${revision} has one istiod only`);
    await istiod.stop();
    this.#installed.set(revision, { ...rest, istiod: replica });
  }

  /** What istiod does now to a pod that asks for injection, as one text; empty where it fails. It counts as a question. */
  answer(revision: string): Promise<string> {
    return this.#of(revision).istiod.answer();
  }

  /** Writes the injector's and the mesh's ConfigMap alone, and waits until istiod injects by them. */
  async setInjectorVersion(revision: string, version: string, values: Values = {}): Promise<void> {
    const { istiod } = this.#of(revision);
    const before = await istiod.answer();
    await this.#apply(revision, this.#as(revision, version, values), [
      'configmap',
      'istiod-injector-configmap',
      'mutatingwebhook',
    ]);
    const changed = async () => {
      const answer = await istiod.answer();
      return answer !== before || answer.includes(`:${version}"`);
    };
    // A change that shows in no answer (other templates, the same image) is not waited for any longer.
    await until('istiod to inject by its new configuration', SETTLE_MS, changed).catch(() => undefined);
  }

  /** Writes istiod's Deployment alone, and waits for its rollout. */
  async setIstiodVersion(revision: string, version: string): Promise<void> {
    await this.#apply(revision, this.#as(revision, version, {}), ['deployment']);
    await this.istiodRolledOut(revision);
  }

  /** Creates a tag or moves it, as `istioctl tag set --overwrite` does, and waits until it can be used. */
  async setTag(tag: string, revision: string): Promise<void> {
    const { release } = this.#of(revision);
    const tagged = { ...release, values: { ...release.values, revisionTags: [tag] } };
    await this.#apply(revision, tagged, ['revision-tags-mwc']);
    await this.#webhooksReady(revision);
  }

  async removeTag(tag: string): Promise<void> {
    await this.#api.delete(pathOf('MutatingWebhookConfiguration', '', `istio-revision-tag-${tag}`));
  }

  /** Ends the process. Its Deployment stays as it is: to the cluster this is a network partition. */
  stopIstiod(revision: string): Promise<void> {
    return this.#of(revision).istiod.stop();
  }

  /** Starts the process again, at the same place. */
  startIstiod(revision: string): Promise<void> {
    return this.#of(revision).istiod.start();
  }

  /** Gives istiod a new authority, as a person does who deletes the old one: its certificate and the webhooks' caBundle both change. */
  async rotateAuthority(revision: string): Promise<void> {
    const before = new Set(await this.#authorities(revision));
    await this.stopIstiod(revision);
    await this.#api.delete(pathOf('Secret', this.#of(revision).release.namespace, 'istio-ca-secret'));
    await this.startIstiod(revision);
    const isNew = async () => (await this.#authorities(revision)).every((one) => one && !before.has(one));
    await until(`istiod ${revision} to write its new authority`, DEADLINE_MS, isNew);
  }

  /** Begins a rollout of istiod's Deployment, also to another version, that stays incomplete until it is released. */
  async holdIstiodRollout(revision: string, version = this.#of(revision).release.version): Promise<void> {
    const release = this.#as(revision, version, {});
    // By a value of Helm's own, so that the next upgrade takes it away again.
    const values = merge(release.values, { podAnnotations: { [BEHAVIOUR.ready]: 'never' } });
    await this.#apply(revision, { ...release, values }, ['deployment']);
    const isHeld = async () => {
      const { metadata, status } = await this.#api.get<Rollout>(this.#deploymentPath(revision));
      return status.observedGeneration === metadata.generation && (status.unavailableReplicas ?? 0) > 0;
    };
    await until(`the rollout of istiod ${revision} to begin`, DEADLINE_MS, isHeld);
  }

  /** Lets the held rollout come to its end, without another change of the Deployment. */
  async releaseIstiodRollout(revision: string): Promise<void> {
    const { namespace } = this.#of(revision).release;
    await letPodsReady(this.#api, namespace, `app=istiod,istio.io/rev=${revision}`);
    await this.istiodRolledOut(revision);
  }

  async istiodRolledOut(revision: string): Promise<void> {
    const probe = async () => isRolledOut(await this.#api.get<Rollout>(this.#deploymentPath(revision)));
    await until(`the rollout of istiod ${revision}`, DEADLINE_MS, probe);
  }

  /** How many questions the revision's istiod was asked since its start; those for new pods count too. */
  questions(revision: string): Promise<number> {
    return this.#of(revision).istiod.questions();
  }

  /** Where the revision's istiod serves its webhook. */
  address(revision: string): Address {
    return this.#of(revision).istiod.address;
  }

  /** Installs a gateway whose proxy is injected (`image: auto`), by Istio's chart for it. */
  async gateway(options: GatewayOptions): Promise<void> {
    const { release, build = USUAL_BUILD } = this.#installed.values().next().value ?? {};
    await this.#charts.of(build).install(gatewayRelease(options, release?.version ?? '1.30.2'));
  }

  /** Removes a revision: its process and all its objects. */
  async uninstall(revision: string): Promise<void> {
    const { istiod, replica, release, build } = this.#of(revision);
    await Promise.all([istiod.stop(), replica?.stop()]);
    await this.#charts.of(build).uninstall(release.name, release.namespace);
    this.#installed.delete(revision);
  }

  get #api(): Api {
    return this.#cluster.api;
  }

  #environment(build: IstioBuild) {
    const program = this.#toolbox.program(ISTIO_BUILDS[build].program);
    return { state: this.#cluster.state, program, kubeconfig: this.#kubeconfig };
  }

  #of(revision: string): Installed {
    const installed = this.#installed.get(revision);
    if (!installed) throw new Error(`revision ${revision} is not installed in this testbed`);
    return installed;
  }

  /** The release at another version; what was changed by values stays changed. */
  #as(revision: string, version: string, values: Values): Release {
    const installed = this.#of(revision);
    const { release } = installed;
    const next = { ...release, version, values: merge(merge(release.values, { global: { tag: version } }), values) };
    this.#installed.set(revision, { ...installed, release: next });
    return next;
  }

  #values(istiod: Istiod, version: string): Values {
    const { revision, namespace } = istiod.identity;
    const byUrl = {
      istiodRemote: { injectionURL: istiod.url },
      base: { validationURL: istiod.url.replace(/inject$/, 'validate') },
    };
    return {
      revision: revision === 'default' ? '' : revision,
      autoscaleEnabled: false,
      global: { hub: HUB, tag: version, istioNamespace: namespace },
      ...(!this.#byService && byUrl),
    };
  }

  /** ClusterIPs lead nowhere here, but the API server follows an ExternalName to any address. */
  async #leadServiceTo(istiod: Istiod, { name, namespace }: Release): Promise<void> {
    const spec = { type: 'ExternalName', externalName: istiod.host, clusterIP: null, clusterIPs: null };
    await this.#api.patch(pathOf('Service', namespace, name), { spec });
  }

  #deploymentPath(revision: string): string {
    const { name, namespace } = this.#of(revision).release;
    return pathOf('Deployment', namespace, name);
  }

  #apply(revision: string, release: Release, templates: readonly string[]): Promise<void> {
    return applyRendered(this.#api, this.#charts.of(this.#of(revision).build), release, templates);
  }

  /** istiod itself writes the authority into each webhook of its revision; before that, every new pod is refused. */
  async #webhooksReady(revision: string): Promise<void> {
    const complete = async () => {
      const authorities = await this.#authorities(revision);
      return authorities.length > 0 && authorities.every(Boolean);
    };
    await until(`istiod ${revision} to complete its webhooks`, DEADLINE_MS, complete);
  }

  /** The authority in each webhook of a revision. */
  async #authorities(revision: string): Promise<(string | undefined)[]> {
    const path = pathOf('MutatingWebhookConfiguration');
    const query = { labelSelector: `istio.io/rev=${revision}` };
    const configurations = await this.#api.list<WebhookConfiguration>(path, query);
    return configurations.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
  }
}
