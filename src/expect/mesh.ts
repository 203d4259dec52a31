import type { Labels, NamespaceFacts, RolloutReport } from '../model.ts';
import type { NamespacedName, SidecarSource } from './sidecarSource.ts';
import { ISTIO } from './sources/istio.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** `helm.sh/chart` and `app.kubernetes.io/version`, if an object has them. Istio's charts set them since 1.24. */
export type ChartLabels = readonly [chart: string | undefined, version: string | undefined];

/** A Deployment that may be a control plane, with the fields that the gates and the epoch need. */
export interface Istiod {
  readonly namespace: string;
  readonly name: string;
  /** Its environment variable `REVISION`, else its label `istio.io/rev`, else `default`. */
  readonly revision: string;
  /** Whether it is labelled `app=istiod`, as Istio's charts do. */
  readonly isLabelled: boolean;
  /** Labels of its pod template: Services select by them. */
  readonly podLabels: Labels;
  readonly generation: number;
  readonly rollout: RolloutReport;
  /** The number of replicas that its strategy lets be unavailable. */
  readonly maxUnavailable: number;
  /** The Deployment's condition Available is True. */
  readonly isAvailable: boolean;
  /** Image of the container `discovery`. */
  readonly image: string;
  /** Labels with the chart version of the Deployment. */
  readonly chart: ChartLabels;
  /** Hash of the pod template. A change of the template is a change of the injector; a change of the replicas is not. */
  readonly templateHash: string;
}

/** An injector entry with everything that decides its answers, or a setting of the policy that answers instead. */
export interface Injection {
  /** Absent if the policy says what is expected, so that no webhook is asked. */
  readonly entry?: WebhookEntry;
  /** Absent for Istio's proxy. */
  readonly source?: SidecarSource;
  /** Content hash of the entry and of its injector, without the CA bundle, because every istiod keeps rewriting that. */
  readonly epoch: string;
  /** Content hash of the injector alone (address, configuration, control plane). Restarts towards it form one run. */
  readonly run: string;
  /** Chart labels of the injector ConfigMap; absent if it is not visible. */
  readonly configChart?: ChartLabels;
  /** Absent if the control plane is elsewhere (a remote cluster) or not visible. */
  readonly istiod?: Istiod;
  /** `data` of the injector ConfigMap, of Istio's injector; absent if not everything that its answers depend on is visible. */
  readonly injectorConfig?: Readonly<Record<string, unknown>>;
  /** The Deployments that the source's `readyFirst` names, with the problem of each that is not completely rolled out. */
  readonly notReady?: readonly NotReady[];
}

/** A Deployment of `readyFirst` whose rollout is not complete. */
export interface NotReady extends NamespacedName {
  /** Why, in words. */
  readonly problem: string;
}

/** An injection whose webhook can be asked. */
export type AskedInjection = Injection & { readonly entry: WebhookEntry };

/** Whether the injection has a webhook that is asked. */
export const isAsked = (injection: Injection): injection is AskedInjection => injection.entry !== undefined;

/** The source of an injection; Istio unless another one is given. */
export const sourceOf = ({ source }: Pick<Injection, 'source'>): SidecarSource => source ?? ISTIO;

/** What says how the sidecar should be, for users: a MutatingWebhookConfiguration, or a setting of the policy. */
export const injectorWord = ({ entry, source }: Injection): string =>
  entry?.configuration ?? (source ? `sidecar ${source.name} (${source.origin})` : 'no injector');

/** What a run restarts towards, for users: `revision canary`, or the setting of the policy. */
export const runWord = ({ entry, source }: Injection): string =>
  source ? `sidecar ${source.name}` : entry ? `revision ${entry.revision}` : 'no sidecar';

/** A snapshot of the watched objects. */
export interface Mesh {
  readonly injections: readonly Injection[];
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  /** The sources that the policy had when this was made; Istio alone if absent. */
  readonly sources?: readonly SidecarSource[];
}
