import { createHash } from 'node:crypto';
import { counted } from '../counted.ts';
import { runWord } from '../expect/mesh.ts';
import type { LongClosed } from '../plan/closedSince.ts';
import type { NotifiedWorkload } from '../plan/notification.ts';
import type { NewsEvent } from '../plan/receiver.ts';
import { FINISHED } from '../plan/runNotes.ts';
import { isFailed, type RunState } from '../plan/runState.ts';
import { REST, type RunWaves } from '../plan/wave.ts';
import { escaped } from '../report/escaped.ts';
import { type RunSummary, summaryOf, summaryText } from './runSummary.ts';
import { durationWord, workloadWord } from './sentence.ts';

/** Something that people have not been told of a run. */
export interface News {
  /** What of it, for `RunNotes.told`: one word for each thing that is told once. */
  readonly key: string;
  readonly event: NewsEvent;
  readonly text: string;
  readonly workloads: readonly NotifiedWorkload[];
  /** Only of `gate-closed`: since when, in milliseconds of the wall clock. */
  readonly since?: number;
  /** Only of `finished`. */
  readonly summary?: RunSummary;
}

export interface NewsContext {
  readonly waves?: RunWaves;
  /** Those that have held restarts of the run for too long. */
  readonly closedGates?: readonly LongClosed[];
  /** When a person last asked to go on after a halt. What halts the run after that is new. */
  readonly resumedAt?: number | undefined;
  /** The wall clock, in milliseconds. */
  readonly wall: number;
}

/** A run has finished when nothing has happened for so long: a script that moves namespaces one by one makes one run of them. */
export const QUIET = 20_000;
/** So long the run waits for workloads that must recover first. */
export const STUCK = 60 * 60_000;

/** Most news of one event in a run. Whoever makes more failures is in the summary. */
const MOST_OF_EVENT = 50;
const TEXT_LIMIT = 2000;
/** Workloads that one notification names. */
const MOST_WORKLOADS = 20;

/** What is news of a run: what holds now and was not told before. Pure; a crash or another leader changes nothing. */
export function newsOf(state: RunState, context: NewsContext): News[] {
  const told = new Set(state.notes.told);
  if (told.has(FINISHED)) return [];
  const counts = new Map<string, number>();
  for (const key of told) counts.set(eventIn(key), (counts.get(eventIn(key)) ?? 0) + 1);
  return factsOf(state, context).flatMap((one) => {
    const before = counts.get(one.event) ?? 0;
    if (told.has(one.key) || before >= MOST_OF_EVENT) return [];
    counts.set(one.event, before + 1);
    return { ...one, text: escaped(one.text, TEXT_LIMIT), workloads: one.workloads.slice(0, MOST_WORKLOADS) };
  });
}

/** After how many milliseconds a run may have finished, if nothing else happens; undefined if that is not near. */
export function finishesIn(state: RunState, wall: number): number | undefined {
  const { told = [], endedAt } = state.notes;
  if (endedAt === undefined || state.left === 'more' || told.includes(FINISHED)) return undefined;
  return Math.max(0, endedAt + (state.left === 'stuck' ? STUCK : QUIET) - wall);
}

/** The news of a run in the order in which they happen. */
function factsOf(state: RunState, context: NewsContext): News[] {
  return [
    ...started(state),
    ...wavesDone(state, context),
    ...halts(state, context),
    ...gaveUp(state),
    ...gatesClosed(context),
    ...finished(state, context),
  ];
}

const towards = ({ injection }: RunState): string => (injection ? runWord(injection) : 'a former injector');

function started(state: RunState): News[] {
  const { members, counts } = state;
  if (state.notes.startedAt === undefined || !members.some(({ restartedAt }) => restartedAt !== undefined)) return [];
  const text = `Restarts towards ${towards(state)} have begun: ${counted(counts.outdated, 'workload')} outdated`;
  return [{ key: 'started', event: 'started', text, workloads: [] }];
}

/** A wave in which nothing was restarted is done without being news, and the end of the last one is the end of the run. */
function wavesDone({ notes, members }: RunState, { waves: { waves } = { run: '', waves: [] } }: NewsContext): News[] {
  const restarted = new Set(members.flatMap(({ wave, restartedAt }) => (restartedAt === undefined ? [] : wave)));
  return waves.flatMap(({ name, state, total, current, failed }, index): News[] => {
    const isNews = restarted.has(name) || notes.waves?.[name]?.endedAt !== undefined;
    if (state !== 'done' || name === REST || !isNews) return [];
    const next = waves.slice(index + 1).find((wave) => wave.state !== 'done');
    const then = next ? `; wave ${next.name} is next` : '';
    const text = `Wave ${name} is done: ${current} of ${counted(total, 'workload')} current, ${failed} failed${then}`;
    return [{ key: `wave-done ${short(name)}`, event: 'wave-done', text, workloads: [] }];
  });
}

function halts(state: RunState, { waves, resumedAt = 0 }: NewsContext): News[] {
  const found = new Map<string, { readonly text: string; readonly namespace?: string }>();
  for (const { workload, wait } of state.members) {
    if (wait?.reason.code !== 'halted') continue;
    const { namespace } = workload;
    if (wait.of === 'namespace')
      found.set(`halted ${short(namespace)}`, {
        text: `Restarts in namespace ${namespace} are halted: ${wait.reason.detail}`,
        namespace,
      });
    else found.set('halted', { text: `Restarts towards ${towards(state)} are halted: ${wait.reason.detail}` });
  }
  for (const { name, state: of, detail = '' } of waves?.waves ?? [])
    if (of === 'failed') found.set(`halted wave ${short(name)}`, { text: `Wave ${name} has failed: ${detail}` });
  const failed = found.size > 0 ? failedOf(state) : [];
  return [...found].map(([key, { text, namespace }]) => {
    const workloads = failed.filter((one) => namespace === undefined || one.namespace === namespace);
    return { key: `${key} ${resumedAt}`, event: 'halted', text, workloads };
  });
}

const failedOf = ({ members }: RunState): NotifiedWorkload[] =>
  members.filter(isFailed).map(({ workload, outcome = '' }) => ({ ...workload, reason: outcome }));

function gaveUp({ members }: RunState): News[] {
  return members.flatMap(({ workload, wait, outcome, restartedAt }) => {
    if (wait?.reason.code !== 'gave-up' || restartedAt === undefined) return [];
    const word = workloadWord(workload);
    const text = `${word} was restarted and is not current (${outcome ?? 'outcome unknown'}). It is not restarted again for this sidecar`;
    const workloads = [{ ...workload, reason: outcome ?? 'gave-up' }];
    return { key: `gave-up ${short(word)}`, event: 'gave-up', text, workloads };
  });
}

const gatesClosed = ({ closedGates = [], wall }: NewsContext): News[] =>
  closedGates.map(({ gate, since, detail }) => {
    const text = `Metric gate ${gate} has been closed for ${durationWord(wall - since)}: ${detail}`;
    return { key: `gate-closed ${short(gate)}`, event: 'gate-closed', text, workloads: [], since };
  });

function finished(state: RunState, { wall }: NewsContext): News[] {
  if (finishesIn(state, wall) !== 0) return [];
  const summary = summaryOf(state);
  if (summary.restarted === 0) return [];
  const workloads = [...summary.failed, ...summary.heldBack.flatMap((one) => one.workloads)];
  return [{ key: FINISHED, event: 'finished', text: summaryText(summary, towards(state)), workloads, summary }];
}

/** Names that others choose, as short words without blanks: the journal keeps them. */
const short = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 12);

const eventIn = (key: string): string => key.split(' ', 1)[0] ?? key;
