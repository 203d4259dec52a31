import { configDifferences } from '../compare/configDifference.ts';
import { type DriftRules, driftsOf } from '../compare/drift.ts';
import { noSidecar } from '../compare/orphan.ts';
import { isInTemplate } from '../compare/seenBySource.ts';
import { sidecarWord } from '../compare/verdict.ts';
import { nextPodLabels } from '../expect/admission.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import { addressText } from '../expect/assumption.ts';
import { whyNot } from '../expect/match.ts';
import { type Injection, isAsked, type Mesh } from '../expect/mesh.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import type { WebhookEntry } from '../expect/webhookEntry.ts';
import { unsupportedKind } from '../kinds/unsupportedKinds.ts';
import type { Labels, Sidecar, Workload } from '../model.ts';
import { type Assessed, bySidecar } from '../plan/assessed.ts';
import { type GateContext, metricGatesOf } from '../plan/closedMetricGates.ts';
import type { Gate } from '../plan/gates/gate.ts';
import { findingOf, GATES } from '../plan/gates/gates.ts';
import { whyClosed } from '../plan/metricGate.ts';
import { differenceWords } from './differenceWords.ts';
import { escaped } from './escaped.ts';
import type { Row } from './row.ts';
import type { WaveWords } from './waveWords.ts';

export interface Explained {
  readonly assessed: Assessed;
  readonly mesh: Mesh;
  readonly row: Row;
  readonly rules: DriftRules;
  /** How far each wave is; absent without waves in the policy. */
  readonly waves?: readonly WaveWords[] | undefined;
  /** With what the metric gates have answered. */
  readonly gates?: GateContext;
}

/**
 * How a verdict came about, step by step, as text: enough to argue with it. The question is shown by its labels, annotations and address;
 * the template's spec is not, because it may carry secrets. Foreign text is escaped and cut, a line for each value.
 */
export function explanation({ assessed, mesh, row, rules, waves = [], gates }: Explained): string {
  const { workload } = assessed;
  const namespace = mesh.namespaces.get(workload.namespace)?.labels;
  const sections: [title: string, lines: string[]][] = [
    ['Namespace labels', namespace ? labelLines(namespace) : ['not seen yet']],
    ['Labels of the next pod', labelLines(workload.template.labels)],
    ['Webhook entries', namespace ? entryLines(mesh.injections, namespace, workload) : ['not tried']],
    ...bySidecar(assessed).flatMap((one) => sidecarSections(one, rules)),
    ...metricGateSection(assessed, gates),
    [
      'Verdict',
      [
        [row.verdict, row.action === 'none' ? '' : row.action, row.reason, row.detail].filter(Boolean).join(', '),
        ...(row.doNotDisrupt === undefined ? [] : [row.doNotDisrupt]),
      ],
    ],
    ...waveSection(row, waves),
    ...unsupportedSection(assessed),
  ];
  const title = escaped(`${workload.kind} ${workload.namespace}/${workload.name}`);
  const shown = sections.flatMap(([name, lines]) => ['', name, ...bounded(lines).map((line) => `  ${escaped(line)}`)]);
  return [title, ...shown, ''].join('\n');
}

/** Its wave, and how far that one and those before it are. */
function waveSection({ wave }: Row, waves: readonly WaveWords[]): [title: string, lines: string[]][] {
  const index = waves.findIndex(({ name }) => name === wave);
  const upToIts = waves.slice(0, index + 1);
  if (upToIts.length === 0) return [];
  return [[`Wave ${wave}`, upToIts.flatMap(({ name, lines }) => lines.map((line) => `${name}: ${line}`))]];
}

/** The metric gates of the policy that hold the workload, with their values. */
function metricGateSection(assessed: Assessed, context: GateContext | undefined): [title: string, lines: string[]][] {
  if (!context) return [];
  const lines = metricGatesOf(assessed, context).map(({ name }) => {
    const closed = whyClosed(name, context);
    return `${name}: ${closed === undefined ? `open, ${context.metricGates?.get(name)?.detail}` : `closed, ${closed}`}`;
  });
  return lines.length > 0 ? [['Metric gates', lines]] : [];
}

/** What a user can do about pods that Meltemi does not restart. */
function unsupportedSection({ workload, verdict }: Assessed): [title: string, lines: string[]][] {
  if (!workload.unsupported || !('outdatedPods' in verdict)) return [];
  return [
    ['What you can do', ['Meltemi does not restart owners of this kind.', unsupportedKind(workload.kind).advice]],
  ];
}

/** What is known of one sidecar. The title has its name where a workload has several, or another one than Istio's. */
function sidecarSections(assessed: Assessed, rules: DriftRules): [title: string, lines: string[]][] {
  const { source, others } = assessed;
  const name = source || others ? ` (${source?.name ?? ISTIO.name})` : '';
  return [
    [`Question${name}`, questionLines(assessed)],
    [`Answer${name}`, [answerLine(assessed), ...rewrittenLines(assessed)]],
    [`Live pods${name}`, podLines(assessed, rules)],
    [`Gates${name}`, gateLines(assessed)],
  ];
}

/** An object may carry thousands of labels and annotations, whose 256 KiB are not to fill a terminal. */
const LINES_SHOWN = 100;

const bounded = (lines: readonly string[]): readonly string[] =>
  lines.length > LINES_SHOWN ? [...lines.slice(0, LINES_SHOWN), `… and ${lines.length - LINES_SHOWN} more`] : lines;

const labelLines = (labels: Labels): string[] => {
  const lines = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return lines.length > 0 ? lines : ['none'];
};

function entryLines(injections: readonly Injection[], namespace: Labels, workload: Workload): string[] {
  return injections.filter(isAsked).map(({ entry }) => {
    const why = whyNot(entry, namespace, nextPodLabels(workload), workload);
    return `${why === undefined ? '✔' : '✖'} ${entry.configuration}/${entry.name}${why === undefined ? ', matches' : `: ${why}`}`;
  });
}

function questionLines({ injection, workload, source, isShared }: Assessed): string[] {
  if (source?.fixed) return [`none is asked; the policy says ${source.origin}`];
  if (!injection || !isAsked(injection)) return ['no injector was asked, because not exactly one entry matches'];
  const { revision } = injection.entry;
  const of = revision ? `, revision ${revision}` : '';
  const annotations = Object.entries(workload.template.annotations).map(([key, value]) => `annotation ${key}=${value}`);
  const what = workload.unsupported
    ? 'a pod with the labels and annotations of one of its pods'
    : 'a pod with this template';
  const shared = isShared ? [SHARED] : [];
  return [`would you inject ${what}? Asked of ${placeWord(injection.entry)}${of}`, ...shared, ...annotations];
}

const SHARED =
  'asked about a similar template of this namespace, which differs only in fields that the injector does not read. ' +
  'Before a restart, Meltemi asks about this one';

const placeWord = (entry: WebhookEntry): string =>
  entry.askedAt ? `${addressText(entry.askedAt)} in place of ${addressWord(entry)}` : addressWord(entry);

function addressWord({ address }: WebhookEntry): string {
  if ('url' in address) return address.url;
  const { namespace, name, port, path } = address.service;
  return `Service ${namespace}/${name}, port ${port}, path ${path}`;
}

function answerLine({ verdict, injection }: Assessed): string {
  if ('expected' in verdict) return answerWords(verdict.expected);
  return injection && 'reason' in verdict ? verdict.reason.detail : 'none';
}

/** Only Istio states a revision, and the policy no placement. */
function answerWords({ image, revision, placement, source }: ExpectedSidecar): string {
  if (placement === 'none') return 'no sidecar';
  const of = source === undefined ? ` of revision ${revision || '(not stated)'}` : '';
  return placement === 'any' ? image : `yes, ${image}${of} (${placement})`;
}

const rewrittenLines = ({ verdict }: Assessed): string[] =>
  verdict.state === 'current' && verdict.rewritten ? [verdict.rewritten] : [];

function podLines(assessed: Assessed, rules: DriftRules): string[] {
  const { verdict, groups } = assessed;
  if (groups.length === 0) return ['none'];
  const expected = expectedIn(verdict);
  return groups.flatMap(({ sidecar, count }) => {
    const drifts = expected ? driftsOf(expected, sidecar, rules) : [];
    const words = drifts.length > 0 ? `, drift: ${drifts.join(', ')}` : '';
    const differences = expected && drifts.includes('config') ? differenceLines(assessed, expected, sidecar) : [];
    return [`${count} × ${sidecarWord(sidecar)} (${sidecar.placement})${words}`, ...differences];
  });
}

function expectedIn(verdict: Assessed['verdict']): ExpectedSidecar | undefined {
  if ('expected' in verdict) return verdict.expected;
  return 'drifts' in verdict && verdict.drifts?.includes('orphaned') ? noSidecar() : undefined;
}

/** A template that has the container itself may have put secrets into it. */
function differenceLines({ workload, source }: Assessed, expected: ExpectedSidecar, sidecar: Sidecar): string[] {
  if (!expected.config || !sidecar.config) return [];
  const isOwn = !isInTemplate(source ?? ISTIO, workload.template);
  return differenceWords(configDifferences(expected.config, sidecar.config), isOwn).map((line) => `  ${line}`);
}

function gateLines({ injection, verdict }: Assessed): string[] {
  if (!injection || !('expected' in verdict)) return ['not asked'];
  if (verdict.expected.placement === 'none' && !isAsked(injection)) return ['none, because no injector is asked'];
  const facts = { injection, expected: verdict.expected, unconfirmed: undefined };
  return GATES.map((gate, index) => {
    const closed = findingOf(gate, facts);
    return `G${index + 1} ${gate.code}: ${closed ? `closed, ${closed}` : openWords(gate, injection)}`;
  });
}

function openWords(gate: Gate, injection: Injection): string {
  const warning = gate.warning?.(injection);
  if (warning !== undefined) return `open, but ${warning}`;
  return injection.istiod ? 'open' : gate.withoutIstiod;
}
