import { ANNOTATION } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import type { Write } from '../testbed/audit.ts';
import { pathOf } from '../testbed/paths.ts';
import type { SlowApi } from '../testbed/slowApi.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { OperatorProcess } from './operatorProcess.ts';

/** Flags that make scenarios quick without changing what is decided. */
export const QUICK = ['--istiod-config-read-delay', '1s', '--annotation-cooldown', '0'];

interface Patch {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string | null>> };
  readonly spec?: { readonly template?: unknown; readonly restartAt?: unknown };
}

/** An operator in a testbed with a user of its own, so that the API server's audit log tells what it wrote. */
export class Scene {
  readonly user: string;
  readonly #bed: Testbed;
  readonly #begin: () => Promise<OperatorProcess>;
  #operator: OperatorProcess | undefined;

  private constructor(bed: Testbed, user: string, begin: () => Promise<OperatorProcess>) {
    this.#bed = bed;
    this.user = user;
    this.#begin = begin;
  }

  /** Starts the operator as a Deployment says: as its ServiceAccount, with its container's environment, and nothing else. */
  static async deployed(
    bed: Testbed,
    account: { readonly namespace: string; readonly name: string },
    environment: Readonly<Record<string, string>>,
  ): Promise<Scene> {
    const user = `system:serviceaccount:${account.namespace}:${account.name}`;
    const kubeconfig = await bed.accountKubeconfig(account.namespace, account.name);
    return Scene.of(bed, user, async () => new OperatorProcess(kubeconfig, [], environment));
  }

  /** Starts an operator under a name that no other scenario of this testbed has. */
  static async start(bed: Testbed, name: string, ...flags: string[]): Promise<Scene> {
    const user = `meltemi-${name}`;
    return Scene.of(bed, user, await quick(bed, user, flags));
  }

  /** Starts an operator whose way to the API server is a slow one. */
  static async slow(bed: Testbed, slow: SlowApi, name: string, ...flags: string[]): Promise<Scene> {
    const user = `meltemi-${name}`;
    const kubeconfig = slow.kubeconfig(await bed.operatorKubeconfig(user));
    return Scene.of(bed, user, async () => new OperatorProcess(kubeconfig, [...QUICK, ...flags]));
  }

  /** Starts an operator that is made elsewhere, under the user that it is to the API server. */
  static async of(bed: Testbed, user: string, begin: () => Promise<OperatorProcess>): Promise<Scene> {
    const scene = new Scene(bed, user, begin);
    await scene.restart();
    return scene;
  }

  /** Starts an operator beside another that leads, and waits until it stands by. */
  static async standby(bed: Testbed, name: string, ...flags: string[]): Promise<Scene> {
    const user = `meltemi-${name}`;
    const scene = new Scene(bed, user, await quick(bed, user, flags));
    await scene.restart('Standing by');
    return scene;
  }

  /** Starts the process, again after a crash, and waits until it has scanned: after a crash the Lease must run out first. */
  async restart(said: 'Scanned' | 'Standing by' = 'Scanned'): Promise<void> {
    const operator = await this.#begin();
    this.#operator = operator;
    await until(
      `the operator to say "${said}"`,
      90_000,
      () => operator.said(said).length > 0 || new Error(operator.rest),
    );
  }

  get operator(): OperatorProcess {
    if (!this.#operator) throw new Error('the operator was not started');
    return this.#operator;
  }

  async stop(): Promise<void> {
    await this.#operator?.stop();
  }

  /** Restarts that the API server accepted from this operator: patches of a pod template, or of a Rollout's `restartAt`. */
  async restarts(): Promise<Write[]> {
    const writes = await this.#bed.audit.writes(this.user);
    return writes.filter(isRestart);
  }

  /** Evictions that the API server accepted from this operator. */
  async evictions(): Promise<Write[]> {
    const writes = await this.#bed.audit.writes(this.user);
    return writes.filter(({ subresource, code }) => subresource === 'eviction' && code < 300);
  }

  /** All that it asked to have written on workloads since then, with or without success. */
  async attempts(since = 0): Promise<Write[]> {
    const writes = await this.#bed.audit.writes(this.user, since);
    return writes.filter(({ resource }) => WORKLOADS.has(resource));
  }

  /** How often each workload was restarted, as `resource/namespace/name`. */
  async restartCounts(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const write of await this.restarts()) counts[keyOf(write)] = (counts[keyOf(write)] ?? 0) + 1;
    return counts;
  }

  /** Outcomes that were recorded, by workload. */
  async outcomes(): Promise<Record<string, string>> {
    const writes = await this.#bed.audit.writes(this.user);
    return Object.fromEntries(writes.flatMap((write) => outcomeOf(write)));
  }

  /** Workloads that were restarted and whose last restart has no outcome yet. */
  async inFlight(): Promise<string[]> {
    const open = new Set<string>();
    for (const write of await this.#bed.audit.writes(this.user)) follow(open, write);
    return [...open];
  }

  /** Milliseconds from the outcome of each restart to the next restart, where they are made one at a time. */
  async pauses(): Promise<number[]> {
    const writes = await this.#bed.audit.writes(this.user);
    const ends = writes.filter((write) => outcomeOf(write).length > 0);
    const begins = (await this.restarts()).slice(1);
    return begins.map(({ time }, index) => time - (ends[index]?.time ?? time));
  }

  /** Events in a namespace that came from this kind of operator, as `reason kind/name`, without repeats. */
  async events(namespace: string): Promise<Set<string>> {
    const ours = await this.#events(namespace);
    return new Set(ours.map(({ reason, involvedObject: { kind, name } }) => `${reason} ${kind}/${name}`));
  }

  /** What Events of one reason say. */
  async messages(namespace: string, reason: string): Promise<string[]> {
    return (await this.#eventsOf(namespace, reason)).map(({ message }) => message);
  }

  /** How often Events of one reason were sent. The API server's object for equal ones counts them. */
  async eventCount(namespace: string, reason: string): Promise<number> {
    return (await this.#eventsOf(namespace, reason)).reduce((sum, { count }) => sum + (count ?? 1), 0);
  }

  async #eventsOf(namespace: string, reason: string): Promise<EventObject[]> {
    return (await this.#events(namespace)).filter((event) => event.reason === reason);
  }

  async #events(namespace: string): Promise<EventObject[]> {
    const events = await this.#bed.api.list<EventObject>(pathOf('Event', namespace));
    return events.filter(({ source }) => source?.component === 'meltemi');
  }

  /** What the operator says keeps workloads waiting: by namespace, from the newest decision on each workload. */
  waiting(): Map<string, string> {
    const newest = new Map(
      this.operator.said('Decided').map((line) => [`${line.namespace}/${line.kind}/${line.name}`, line]),
    );
    const waits = [...newest.values()].filter(({ action }) => action === 'wait');
    return new Map(waits.map(({ namespace, reason }) => [String(namespace), String(reason)]));
  }

  /**
   * The most restarts that were in flight at a time, overall and in one namespace: from the write of a restart to the write of its outcome,
   * by the API server's clock.
   */
  async mostInFlight(
    among: (write: Write) => boolean = () => true,
  ): Promise<{ overall: number; perNamespace: number }> {
    const open = new Set<string>();
    let [overall, perNamespace] = [0, 0];
    for (const write of (await this.#bed.audit.writes(this.user)).filter(among)) {
      follow(open, write);
      const namespaces = [...open].map((key) => key.split('/')[1]);
      overall = Math.max(overall, open.size);
      perNamespace = Math.max(
        perNamespace,
        ...namespaces.map((one) => namespaces.filter((other) => other === one).length),
      );
    }
    return { overall, perNamespace };
  }

  /** Waits until every live pod of the namespaces is ready with this proxy and revision. */
  async current(namespaces: readonly string[], version: string, revision: string, seconds = 90): Promise<void> {
    await until(`${namespaces} to have ${version} of ${revision}`, seconds * 1000, async () => {
      const all = (await Promise.all(namespaces.map((namespace) => this.#bed.sidecars(namespace)))).flat();
      const pods = all.filter(({ phase }) => phase !== 'Failed');
      const wrong = pods.filter((pod) => !pod.ready || pod.revision !== revision || !pod.image.endsWith(`:${version}`));
      return (
        (pods.length > 0 && wrong.length === 0) ||
        new Error(wrong.map(({ pod, image, revision: has }) => `${pod} ${image} ${has}`).join(', '))
      );
    });
  }

  /** Waits until the operator's newest decision on every workload of a namespace is this one. */
  async decided(namespace: string, verdict: string, reason: string): Promise<void> {
    await until(`${namespace} to be ${verdict} ${reason}`, 40_000, () => {
      const newest = new Map(
        this.operator.said('Decided').map((line) => [`${line.namespace}/${line.kind}/${line.name}`, line]),
      );
      const here = [...newest.values()].filter((line) => line.namespace === namespace);
      return here.length > 0 && here.every((line) => line.verdict === verdict && line.reason === reason);
    });
  }

  /** Waits until every restart has an outcome. */
  async settled(seconds = 60): Promise<void> {
    await until('all restarts to have ended', seconds * 1000, async () => {
      const open = await this.inFlight();
      return open.length === 0 || new Error(open.join(', '));
    });
  }
}

const WORKLOADS: ReadonlySet<string> = new Set(['deployments', 'statefulsets', 'daemonsets', 'rollouts']);

/** How to start an operator that may do all. */
async function quick(bed: Testbed, user: string, flags: readonly string[]): Promise<() => Promise<OperatorProcess>> {
  const kubeconfig = await bed.operatorKubeconfig(user);
  return async () => new OperatorProcess(kubeconfig, [...QUICK, ...flags]);
}

const keyOf = ({ resource, namespace, name }: Write): string => `${resource}/${namespace}/${name}`;

interface EventObject extends ApiObject {
  readonly reason: string;
  readonly message: string;
  readonly count?: number;
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly source?: { readonly component?: string };
}

/** Opens with an accepted restart, closes with its outcome. */
function follow(open: Set<string>, write: Write): void {
  if (isRestart(write)) open.add(keyOf(write));
  else if (outcomeOf(write).length > 0) open.delete(keyOf(write));
}

const isRestart = ({ verb, code, body }: Write): boolean =>
  verb === 'patch' &&
  code === 200 &&
  ((body as Patch).spec?.template !== undefined || (body as Patch).spec?.restartAt !== undefined);

function outcomeOf(write: Write): [string, string][] {
  const outcome = (write.body as Patch | undefined)?.metadata?.annotations?.[ANNOTATION.outcome];
  return write.code === 200 && outcome ? [[keyOf(write), outcome]] : [];
}

/** Clears the testbed of a file between its tests. After the last one it goes down anyway. */
export function clearBetweenTests(bed: () => Testbed): void {
  let isFirst = true;
  beforeEach(async () => {
    if (!isFirst) await clear(bed());
    isFirst = false;
  });
}

/** Deletes what a scenario deployed, so that the next one's upgrade concerns only its own workloads. */
async function clear(bed: Testbed): Promise<void> {
  const names = await bed.scenarioNamespaces();
  await Promise.all(names.map((name) => bed.deleteNamespace(name)));
}
