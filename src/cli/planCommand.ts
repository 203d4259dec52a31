import type { Cluster } from '../cluster/cluster.ts';
import { readOnly } from '../cluster/readOnly.ts';
import { Injectors } from '../expect/injectors.ts';
import { type PauseState, pauseStateOf } from '../leader/pauseState.ts';
import { inSlices } from '../loopSlices.ts';
import { keyOf, refOf, type WorkloadKey } from '../model.ts';
import { PRODUCT } from '../names.ts';
import type { Forecast } from '../plan/eta/forecast.ts';
import { type ForecastInputs, forecastStepwise } from '../plan/eta/forecast.ts';
import { withEta } from '../plan/eta/withEta.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { JournalEntries } from '../plan/journalEntry.ts';
import type { PlanContext } from '../plan/planContext.ts';
import type { Policy } from '../plan/policy.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { explanation } from '../report/explanation.ts';
import { type Row, rowsOf } from '../report/row.ts';
import { waveWords } from '../report/waveWords.ts';
import { evaluateWithMetricGates } from './askMetricGates.ts';
import { type ClusterReading, readCluster } from './clusterReading.ts';
import { type Connection, connect } from './connect.ts';
import type { LeaseLookup } from './leases.ts';
import { type PlanSettings, planSettings, sourceLine } from './planSettings.ts';
import { planText } from './planText.ts';
import { PolicySource } from './policySource.ts';
import { Progress } from './progress.ts';
import { Remarks } from './remarks.ts';
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
  const connection = connect(asked, streams.environment);
  const { client } = connection;
  const progress = new Progress(streams.error);
  const remarks = new Remarks(streams.error, () => progress.done());
  const warn = (words: string): void => remarks.warn(words);
  const cluster = warnUnread(readOnly(connection.cluster), warn);
  const injectors = injectorsFor(asked, { ...connection, cluster }, remarks);
  const stop = new AbortController();
  const stopping = AbortSignal.any([stop.signal, signal]);
  try {
    progress.say('reading the settings');
    const read = await planSettings(client, { settings: asked, given, policy: ownPolicy }, stopping);
    const { settings, policy, source } = read;
    if (source) remarks.note(sourceLine(source));
    read.warnings.forEach(warn);
    const reader = {
      client,
      cluster,
      injectors,
      settings,
      policy,
      homes: [read.namespace ?? '', connection.namespace, PRODUCT, settings.namespace],
      warn,
      say: (words: string): void => progress.say(words),
    };
    const reading = await readCluster(reader, stopping);
    const { lookup, journal } = reading;
    const explained = explainedIn(settings);
    const { evaluation, context } = await evaluated(reading, read, explained, stopping);
    const rows = rowsOf(evaluation);
    progress.done();
    onPlanned?.({
      evaluation,
      rows,
      warnings: remarks.warnings,
      wall: context.wall,
      entries: journal.entries,
      notes: journal.notes,
      paused: policy.paused,
      lookup,
    });
    const waves = wavesIn(policy, evaluation);
    const { mesh, assumptions } = reading;
    if (!explained) {
      const printed = { rows, warnings: remarks.warnings, assumptions, waves, evaluation, ...(source && { source }) };
      write(streams.out, planText(printed, settings, streams));
      return exitCode(rows);
    }
    const one = evaluation.items.find(({ workload }) => keyOf(workload) === explained);
    const row = rows.find((candidate) => keyOf(candidate) === explained);
    if (!one || !row) throw new Error(unknownWorkload(explained, rows, policy.skipNamespaces));
    const text = explanation({ assessed: one, mesh, row, rules: policy, waves, gates: context });
    streams.out.write(assumedText(assumptions) + text);
    return exitCode([row]);
  } finally {
    progress.done();
    stop.abort();
    await Promise.all([injectors.close(), client.close()]);
  }
}

/** Outside of the cluster, injectors are asked through a port-forward. */
function injectorsFor(
  { injectorAddress }: Settings,
  { client, cluster, isInCluster }: Pick<Connection, 'client' | 'isInCluster'> & { cluster: Cluster },
  remarks: Remarks,
): Injectors {
  const tunnel = serviceTunnel(client, {
    opened: ({ namespace, name }, { pod, port }) =>
      remarks.note(`asking Service ${namespace}/${name} through a port-forward to port ${port} of pod ${pod}`),
    failed: (words) => remarks.warn(words),
  });
  return new Injectors({
    cluster,
    now: Date.now,
    ...(injectorAddress && { address: injectorAddress }),
    ...(!isInCluster && { tunnel }),
  });
}

/** Judges what was read, as the operator would. Only for a workload that is explained, its metric gates are asked. */
async function evaluated(
  { mesh, answered, journal, lookup }: ClusterReading,
  { settings, policy, own }: PlanSettings,
  explained: WorkloadKey | undefined,
  signal: AbortSignal,
): Promise<{ evaluation: Evaluation; context: PlanContext }> {
  const now = Date.now();
  const { paused, resumedAt } = pauseStateIn(lookup);
  const asked: PlanContext = {
    now,
    wall: now,
    journal: journal.entries,
    starting: new Set(),
    policy: { ...policy, istiodConfigReadDelay: 0 },
    epochSeenAt: new Map(),
    retryAt: new Map(),
    unconfirmed: () => undefined,
    stale: undefined,
    busy: new Set(),
    paused,
    resumedAt,
    notes: journal.notes,
    metricGates: new Map(),
    unseen: unseenIn(settings),
    managedNamespaces: settings.namespaces.size > 0 ? settings.namespaces : undefined,
    own,
  };
  const { evaluation, metricGates } = await evaluateWithMetricGates(
    { mesh, observations: answered, learnt: journal.learntSoFar(), context: asked },
    ({ workload }) => keyOf(workload) === explained,
    { signal },
  );
  const context = { ...asked, metricGates };
  return {
    evaluation: withEta(evaluation, await estimateOf({ items: evaluation.items, context }, explained)),
    context,
  };
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
