import { readOnly } from '../cluster/readOnly.ts';
import { Injectors } from '../expect/injectors.ts';
import { sourcesIn } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import { Journal } from '../journal/journal.ts';
import { type PauseState, pauseStateOf } from '../leader/pauseState.ts';
import { inSlices } from '../loopSlices.ts';
import { messageOf } from '../messageOf.ts';
import { keyOf, refOf, type WorkloadKey } from '../model.ts';
import { LEASE_ANNOTATION, PRODUCT } from '../names.ts';
import type { Observed } from '../observe/observed.ts';
import { Observer } from '../observe/observer.ts';
import type { Forecast } from '../plan/eta/eta.ts';
import { type ForecastInputs, forecastStepwise } from '../plan/eta/forecast.ts';
import { withEta } from '../plan/eta/withEta.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { JournalEntries } from '../plan/journalEntry.ts';
import type { Policy } from '../plan/policy.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { escaped } from '../report/escaped.ts';
import { explanation } from '../report/explanation.ts';
import { type Row, rowsOf } from '../report/row.ts';
import { waveWords } from '../report/waveWords.ts';
import type { MeshScope } from '../watch/meshWatch.ts';
import { evaluateWithMetricGates } from './askMetricGates.ts';
import { connect } from './connect.ts';
import { findLease, type LeaseLookup } from './leases.ts';
import { type PlanMesh, planMesh } from './planMesh.ts';
import { planSettings, sourceLine } from './planSettings.ts';
import { planText } from './planText.ts';
import { PolicySource } from './policySource.ts';
import { Progress } from './progress.ts';
import { serviceTunnel } from './serviceTunnel.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';
import { warnUnread } from './warnUnread.ts';
import { assumedText } from './whatIf/assumedText.ts';

/** What a plan of one cluster is made of. */
export interface PlannedCluster {
  readonly evaluation: Evaluation;
  readonly rows: readonly Row[];
  /** What could not be read. */
  readonly warnings: readonly string[];
  /** When it was made, by the wall clock in milliseconds. */
  readonly wall: number;
  readonly entries: JournalEntries;
  readonly notes: AllRunNotes;
  /** Why the policy lets no restart begin. */
  readonly paused: string | undefined;
  readonly lookup: LeaseLookup;
}

const NOTHING_OUTDATED = 0;
const NOT_JUDGED = 1;
const OUTDATED = 3;
const WRONG_USAGE = 2;
/** The maximum length of a warning. */
const WARNING_LIMIT = 1000;

/**
 * Runs the operator's own pipeline once, without the ability to write: watch, scan, ask, assess, plan, print.
 * @param onPlanned receives what is printed, and what it is made of
 * @returns the exit code: 0 all assessed and none outdated, 3 some outdated, 1 none outdated but some not assessed
 * @throws {Error} when the policy file cannot be used, or the cluster cannot be read or has no injector; the message is for users
 */
export async function planCommand(
  asked: Settings,
  given: ReadonlySet<string>,
  streams: Streams,
  signal: AbortSignal,
  onPlanned?: (planned: PlannedCluster) => void,
): Promise<number> {
  const wrong = asked.explain && wrongExplanation(asked);
  if (wrong) {
    streams.error.write(`error: ${wrong}\n`);
    return WRONG_USAGE;
  }
  // its mistakes are told before anything is connected
  const ownPolicy = (await PolicySource.open(asked, given)).current();
  const { client, cluster: writable, namespace: ofContext, isInCluster } = connect(asked, streams.environment);
  const warnings: string[] = [];
  const say = (kind: 'note' | 'warning', words: string): void => {
    progress.done();
    streams.error.write(`${kind}: ${escaped(words, WARNING_LIMIT)}\n`);
  };
  const warn = (words: string): void => {
    const shown = escaped(words, WARNING_LIMIT);
    if (warnings.includes(shown)) return;
    warnings.push(shown);
    say('warning', shown);
  };
  const cluster = warnUnread(readOnly(writable), warn);
  const stop = new AbortController();
  const stopping = AbortSignal.any([stop.signal, signal]);
  const progress = new Progress(streams.error);
  const { injectorAddress } = asked;
  const tunnel = serviceTunnel(client, {
    opened: ({ namespace, name }, { pod, port }) =>
      say('note', `asking Service ${namespace}/${name} through a port-forward to port ${port} of pod ${pod}`),
    failed: warn,
  });
  const injectors = new Injectors({
    cluster,
    now: Date.now,
    ...(injectorAddress && { address: injectorAddress }),
    ...(!isInCluster && { tunnel }),
  });
  try {
    progress.say('reading the settings');
    const {
      settings,
      policy,
      source,
      own,
      namespace: home,
      ...read
    } = await planSettings(client, { settings: asked, given, policy: ownPolicy }, stopping);
    if (source) say('note', sourceLine(source));
    for (const words of read.warnings) warn(words);
    progress.say('reading the mesh');
    const meshing = planMesh(
      client,
      { scope: scopeOf(settings), sources: sourcesIn(policy), assumptions: asked.if },
      warn,
      stopping,
    );
    const looking = findLease(client, [home ?? '', ofContext, PRODUCT, settings.namespace], stopping);
    let lookup: LeaseLookup = { kind: 'none' };
    const journal = journalIn(() => lookup);
    const observer = new Observer({
      cluster,
      injectors,
      journal,
      policy: () => policy,
      onUnreadOwner: (kind, error) =>
        warn(`cannot read ${kind}, so its pods are listed under it and not under its own owner: ${messageOf(error)}`),
      // there is no next scan
      looks: Number.POSITIVE_INFINITY,
      onForbidden: (what, error) => warn(`cannot read ${what}: ${messageOf(error)}`),
    });
    const scanning = scanned(observer, meshing, settings, stopping);
    // if the mesh cannot be read, that is said first
    scanning.catch(() => undefined);
    const { mesh, assumptions } = await meshing;
    for (const words of missingIn(mesh, settings)) warn(words);
    lookup = await looking;
    if (lookup.kind === 'unknown') warn(`cannot tell whether Meltemi is paused: ${lookup.why}`);
    const pauseState = pauseStateIn(lookup);
    const loaded = journal.load();
    if (typeof loaded === 'object') warn(`the journal on the Lease cannot be read: ${loaded.unreadable}`);
    progress.say('reading workloads and pods, asking the injectors');
    const observations = await scanning;
    const answered = await observer.answerAll(mesh, observations);
    const now = Date.now();
    const context = {
      now,
      wall: now,
      journal: journal.entries,
      starting: new Set<never>(),
      policy: { ...policy, istiodConfigReadDelay: 0 },
      epochSeenAt: new Map(),
      retryAt: new Map(),
      unconfirmed: () => undefined,
      stale: undefined,
      busy: new Set<never>(),
      paused: pauseState.paused,
      resumedAt: pauseState.resumedAt,
      notes: journal.notes,
      metricGates: new Map(),
      unseen: unseenIn(settings),
      own,
    };
    const explained = explainedIn(settings);
    const { evaluation: made, metricGates } = await evaluateWithMetricGates(
      { mesh, observations: answered, learnt: journal.learntSoFar(), context },
      ({ workload }) => keyOf(workload) === explained,
      { signal: stopping },
    );
    const evaluation = withEta(
      made,
      await estimateOf({ items: made.items, context: { ...context, metricGates } }, explained),
    );
    const rows = rowsOf(evaluation);
    const waves = wavesIn(policy, evaluation);
    progress.done();
    const { entries, notes } = journal;
    onPlanned?.({ evaluation, rows, warnings, wall: now, entries, notes, paused: policy.paused, lookup });
    if (!explained) {
      const printed = { rows, warnings, assumptions, waves, evaluation, ...(source && { source }) };
      write(streams.out, planText(printed, settings, streams));
      return exitCode(rows);
    }
    const one = evaluation.items.find(({ workload }) => keyOf(workload) === explained);
    const row = rows.find((candidate) => keyOf(candidate) === explained);
    if (!one || !row) throw new Error(unknownWorkload(explained, rows, policy.skipNamespaces));
    const gates = { ...context, metricGates };
    const text = explanation({ assessed: one, mesh, row, rules: policy, waves, gates });
    streams.out.write(assumedText(assumptions) + text);
    return exitCode([row]);
  } finally {
    progress.done();
    stop.abort();
    await Promise.all([injectors.close(), client.close()]);
  }
}

/** Why these settings are of no use with `--explain`; undefined if they are. */
function wrongExplanation({ namespace, output }: Settings): string | undefined {
  if (!namespace) return '--explain names one workload, so it needs --namespace, for example -n shop';
  return output === 'table' ? undefined : `--explain prints a text, so it cannot be given with --output ${output}`;
}

function write(out: Streams['out'], pieces: Iterable<string>): void {
  for (const piece of pieces) out.write(piece);
}

/** The workload whose verdict is explained, if one is asked for. */
const explainedIn = ({ explain, namespace }: Settings): WorkloadKey | undefined =>
  explain && keyOf({ ...explain, namespace });

/** The estimate of the end, unless it is not shown: of it, an explanation shows when each wave is done. */
async function estimateOf(inputs: ForecastInputs, explained: WorkloadKey | undefined): Promise<Forecast | undefined> {
  if (explained && !inputs.context.policy.waves) return undefined;
  return inSlices(forecastStepwise(inputs), inputs.items.length);
}

/** The journal on the Lease that was found. A plan reads it and writes nothing. */
function journalIn(found: () => LeaseLookup): Journal {
  const text = (): string | undefined => {
    const lookup = found();
    return lookup.kind === 'found' ? lookup.lease.annotations[LEASE_ANNOTATION.journal] : undefined;
  };
  const keep = (): Promise<void> => Promise.reject(new Error('a plan does not write'));
  return new Journal({ store: { text, keep }, now: Date.now, wall: Date.now, onError: () => undefined });
}

/** What is seen of the cluster. It is listed while the mesh is read, unless the mesh tells what to list, or whether to. */
async function scanned(
  observer: Pick<Observer, 'scan'>,
  coming: Promise<PlanMesh>,
  settings: Settings,
  signal: AbortSignal,
): Promise<Observed[]> {
  const mesh = coming.then((read) => read.mesh);
  if (settings.if.length > 0) await mesh;
  if (settings.namespaces.size === 0)
    return [...(await observer.scan(mesh, settings.namespace || undefined, signal)).values()];
  const observations: Observed[] = [];
  for (const place of placesOf(settings, await mesh))
    observations.push(...(await observer.scan(mesh, place, signal)).values());
  return observations;
}

function scopeOf({ namespace, namespaces, istioNamespaces }: Settings): MeshScope {
  const one = istioNamespaces.size > 0 && namespace ? [namespace] : [];
  return { namespaces: namespaces.size > 0 ? [...namespaces] : one, istioNamespaces: [...istioNamespaces] };
}

/** Of the managed namespaces those to scan. @throws {Error} for a namespace that is not managed */
function placesOf({ namespace, namespaces }: Settings, mesh: Mesh): string[] {
  // one that is gone has no workloads, and no Role that would let them be listed
  if (namespace === '') return [...namespaces].filter((name) => mesh.namespaces.has(name));
  if (namespaces.has(namespace)) return [namespace];
  throw new Error(`namespace ${namespace} is not managed (--namespaces ${[...namespaces].join(',')})`);
}

/**
 * What to say of managed namespaces that do not exist: they have no workloads, and not only current ones.
 * @throws {Error} if it is the only one that is asked for
 */
function missingIn({ namespaces: known }: Mesh, { namespace, namespaces }: Settings): string[] {
  if (namespace !== '' && !known.has(namespace)) throw new Error(`namespace ${namespace} does not exist`);
  const missing = namespace === '' ? [...namespaces].filter((name) => !known.has(name)) : [];
  return missing.map((name) => `namespace ${name} does not exist; check --namespaces`);
}

function unknownWorkload(key: WorkloadKey, rows: readonly Row[], skipped: ReadonlySet<string>): string {
  const { namespace } = refOf(key);
  if (skipped.has(namespace)) return `namespace ${namespace} is skipped (--skip-namespaces)`;
  const known = rows.map(({ kind, name }) => `${kind}/${name}`);
  return `${key} does not exist; this namespace has ${known.length > 0 ? known.join(', ') : 'no workloads'}`;
}

/** What users have requested on the Lease; nothing if there is no Lease, or if it could not be read, which has a warning of its own. */
const pauseStateIn = (lookup: LeaseLookup): PauseState =>
  lookup.kind === 'found' ? pauseStateOf(lookup.lease.annotations) : {};

/** Without waves in the policy there is nothing to say of them. */
const wavesIn = (policy: Pick<Policy, 'waves'>, evaluation: Evaluation): ReturnType<typeof waveWords> | undefined =>
  policy.waves && waveWords(evaluation);

/** A plan of one namespace does not know how far the waves are elsewhere, unless the journal says that they are done. */
const unseenIn = ({ namespace }: Settings): string | undefined =>
  namespace === '' ? undefined : `namespaces other than ${namespace} were not read; run the plan without --namespace`;

function exitCode(rows: readonly Row[]): number {
  if (rows.some(({ verdict }) => verdict === 'outdated')) return OUTDATED;
  return rows.some(({ verdict }) => verdict === 'unknown' || verdict === 'conflict') ? NOT_JUDGED : NOTHING_OUTDATED;
}
