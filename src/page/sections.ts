import type { ClusterStatus } from '../status/clusterStatus.ts';
import { endedBy } from '../status/endedBy.ts';
import { leaderlessWords, sumsOf, unsupportedWords } from '../status/frame.ts';
import { pauseOf } from '../status/pauseOf.ts';
import { percent, targetWords } from '../status/runSection.ts';
import {
  failedRows,
  inFlightRows,
  namespaceWords,
  nextRows,
  openNamespaces,
  outcomeHelp,
  rolloutWords,
  waitWords,
} from '../status/sections.ts';
import type { RunStatus, StatusRow, WaveStatus } from '../status/statusDocument.ts';
import { rowKey } from '../status/statusOf.ts';
import { ageWords } from '../status/words.ts';
import { bar } from './bar.ts';
import { html, joined, type Markup, type Value } from './html.ts';
import { shown } from './shown.ts';
import type { NoView, View } from './view.ts';

/** The parts of the page above the table, by their ids. An empty one is not shown. */
export const SECTION_IDS = [
  'updated',
  'notes',
  'sums',
  'runs',
  'flight',
  'failed',
  'waiting',
  'next',
  'namespaces',
] as const;
export type Sections = Readonly<Record<(typeof SECTION_IDS)[number], Markup>>;

/** What `meltemi status` shows, as HTML. Every time is told as so long ago, or so long from now: browsers are in other time zones. */
export function sectionsOf(view: View | NoView, now: number): Sections {
  if ('nothing' in view) return { ...EMPTY, notes: noteLines([`nothing to show yet: ${view.nothing}`]) };
  const { status, isLeader } = view;
  return {
    updated: html`${shown(status.cluster)}, Meltemi in namespace ${shown(status.home)}, updated ${timeMarkup(status.document.at, now)} ago`,
    notes: notes(status, isLeader, now),
    sums: sums(status),
    runs: section(
      'Runs',
      'runs',
      status.document.runs.map((run) => runMarkup(run, now)),
    ),
    flight: inFlight(status, now),
    failed: failed(status),
    waiting: waiting(status, now),
    next: next(status),
    namespaces: namespaces(status),
  };
}

const NOTHING = html``;
const EMPTY = Object.fromEntries(SECTION_IDS.map((id) => [id, NOTHING])) as Sections;

/** A heading and what it is about; nothing if that is nothing. */
const section = (title: string, id: string, content: readonly Markup[]): Markup =>
  content.length === 0 ? NOTHING : html`<h2 id="h-${id}">${title}</h2>${content}`;

/** A table under a heading. A reader of screens hears the caption, which says the same as the heading. */
function table(title: string, id: string, columns: readonly string[], rows: readonly (readonly Value[])[]): Markup {
  if (rows.length === 0) return NOTHING;
  const cells = ([first, ...rest]: readonly Value[]): Markup =>
    html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>`;
  const content = html`<div class="wide" tabindex="0" role="region" aria-labelledby="h-${id}"><table>
<caption class="unseen">${title}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(cells)}</tbody></table></div>`;
  return section(title, id, [content]);
}

function notes(status: ClusterStatus, isLeader: boolean, now: number): Markup {
  const { leader, document, warnings } = status;
  const paused = pauseOf(status);
  const lines: string[] = [];
  if (!leader.isAlive) lines.push(leaderlessWords(status, now));
  else if (!isLeader) lines.push(standbyWords(leader.holder, document.leftOut));
  if (paused !== undefined) lines.push(`paused: ${paused}`);
  lines.push(...warnings.map((text) => `warning: ${text}`));
  return noteLines(lines);
}

const noteLines = (lines: readonly string[]): Markup =>
  joined(lines.map((line) => html`<p class="note"><b aria-hidden="true">!</b> ${shown(line)}</p>`));

function standbyWords(holder: string, leftOut: number): string {
  const rows = leftOut > 0 ? `; ${leftOut} more workloads have no row here` : '';
  return `this replica does not lead: it shows what ${holder || 'the leader'} publishes, without workloads that are current${rows}`;
}

function sums({ document }: ClusterStatus): Markup {
  const { counts, unsupportedPods } = document;
  const items = sumsOf(counts).map(
    ({ count, word }) => html`<li class="${word.replace(' ', '-')}"><b>${count}</b> ${word}</li>`,
  );
  const rest = unsupportedPods > 0 ? html`<p class="dim">${unsupportedWords(unsupportedPods)}</p>` : undefined;
  return html`<ul class="sums">${items}</ul>${rest}`;
}

function runMarkup(run: RunStatus, now: number): Markup {
  const { id, startedAt, eta, waves } = run;
  const began = startedAt === undefined ? undefined : html`, began ${timeMarkup(startedAt, now)} ago`;
  const ends =
    eta && html`, ends in about ${timeMarkup(eta.median, now)} (nine times in ten within ${timeMarkup(eta.p90, now)})`;
  const rows = waves.map((wave) => waveRow(wave, now));
  return html`<p>To <b>${shown(targetWords(run))}</b>${began}${ends} <span class="dim">${shown(id, 64)}</span></p>
${rows.length > 0 ? html`<ul class="bars">${rows}</ul>` : undefined}`;
}

function waveRow(wave: WaveStatus, now: number): Markup {
  const { name, state, detail, until, total, current, inFlight, failed, waiting, eta } = wave;
  const parts: Value[] = [
    inFlight > 0 ? `${inFlight} in flight` : undefined,
    failed > 0 ? `${failed} failed` : undefined,
    waiting > 0 && state !== 'waiting' ? `${waiting} waiting` : undefined,
    until === undefined ? undefined : html`for another ${timeMarkup(until, now)}`,
    eta && state !== 'done' ? html`ends in about ${timeMarkup(eta.median, now)}` : undefined,
    // of a wave under way it only repeats the sums
    state !== 'running' && detail ? shown(detail) : undefined,
  ].filter((part) => part !== undefined);
  return html`<li><span>${shown(name)}</span>${bar({ current, inFlight, failed, total })}
<span>${percent(current, total)}, ${current} of ${total}</span><span><b>${state}</b>${parts.map((part) => html`, ${part}`)}</span></li>`;
}

/** How far a time is from now. The exact time shows when the pointer is on it. */
const timeMarkup = (time: string, now: number): Markup =>
  html`<time datetime="${shown(time, 40)}" title="${shown(time, 40)}">${ageWords(Math.abs(Date.parse(time) - now) || 0)}</time>`;

const workload = ({ namespace, kind, name }: Pick<StatusRow, 'namespace' | 'kind' | 'name'>): Markup =>
  html`${shown(namespace)} <span class="dim">${shown(kind)}/</span>${shown(name)}`;

function inFlight({ document, rollouts }: ClusterStatus, now: number): Markup {
  const rows = inFlightRows(document).map((row) => {
    const rollout = rollouts.get(rowKey(row));
    const problem =
      rollout?.problem === undefined ? undefined : html`<br><span class="note">${shown(rollout.problem)}</span>`;
    return [
      workload(row),
      row.startedAt === undefined ? '' : timeMarkup(row.startedAt, now),
      html`${rollout && shown(rolloutWords(rollout))}${problem}`,
    ];
  });
  return table('In flight', 'flight', ['Workload', 'For', 'Progress'], rows);
}

function failed({ document }: ClusterStatus): Markup {
  const rows = failedRows(document).map((row) => [
    workload(row),
    shown(row.lastOutcome ?? ''),
    outcomeHelp(row.lastOutcome),
  ]);
  return table('Failed', 'failed', ['Workload', 'Outcome', 'Meaning'], rows);
}

function waiting(status: ClusterStatus, now: number): Markup {
  const rows = status.document.waits.map((sum) => {
    const command = endedBy(sum, status);
    const until = sum.until === undefined ? undefined : html` (for another ${timeMarkup(sum.until, now)})`;
    return [
      shown(sum.reason),
      sum.workloads,
      html`${shown(waitWords(sum))}${until}${command === undefined ? undefined : html`<br><code>${command}</code>`}`,
    ];
  });
  return table('Waiting', 'waiting', ['Reason', 'Workloads', 'What for, and the command that ends it'], rows);
}

function next({ document }: ClusterStatus): Markup {
  const rows = nextRows(document).map((row) => [
    workload(row),
    [row.from, row.to].flatMap((word) => (word === undefined ? [] : shown(word))).join(' → '),
  ]);
  return table('Next', 'next', ['Workload', 'From → to'], rows);
}

function namespaces({ document }: ClusterStatus): Markup {
  const rows = openNamespaces(document).map((one) => {
    const { namespace, current, inFlight, failed } = one;
    const { total, words } = namespaceWords(one);
    return html`<li><span>${shown(namespace)}</span>${bar({ current, inFlight, failed, total })}
<span>${current} of ${total}</span><span>${words}</span></li>`;
  });
  return section(
    'Namespaces',
    'namespaces',
    rows.length > 0 ? [html`<ul class="bars long" tabindex="0" aria-labelledby="h-namespaces">${rows}</ul>`] : [],
  );
}
