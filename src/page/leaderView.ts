import type { Mesh } from '../expect/mesh.ts';
import type { Journal } from '../journal/journal.ts';
import { inSlices, type Pause } from '../loopSlices.ts';
import { keyOf } from '../model.ts';
import type { GateContext } from '../plan/closedMetricGates.ts';
import { type Evaluation, wallAhead } from '../plan/evaluate.ts';
import type { Planned } from '../plan/plan.ts';
import type { Policy } from '../plan/policy.ts';
import { explanation } from '../report/explanation.ts';
import { rowOf } from '../report/row.ts';
import { waveWords } from '../report/waveWords.ts';
import type { RolloutFacts } from '../status/clusterStatus.ts';
import { rolloutFacts } from '../status/rolloutFacts.ts';
import type { StatusDocument } from '../status/statusDocument.ts';
import { isOutside, type StatusContext, statusStepwise } from '../status/statusOf.ts';
import { pageRow } from './pageRow.ts';
import type { PageRow } from './rowFilter.ts';

export interface LeaderViewOptions {
  readonly journal: Pick<Journal, 'snapshot' | 'notes'>;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly mesh: () => Mesh;
  readonly policy: () => Policy;
  readonly metricGates: () => GateContext['metricGates'];
}

/** What the last evaluation of this process says of every workload. */
export interface Led {
  readonly document: StatusDocument;
  readonly rows: ReadonlyMap<string, PageRow>;
  readonly rollouts: ReadonlyMap<string, RolloutFacts>;
}

/** The last evaluation for the page. As long as nobody looks, it costs nothing. */
export class LeaderView {
  readonly #options: LeaderViewOptions;
  #told: { readonly evaluation: Evaluation; readonly wall: number } | undefined;
  #led: Promise<Led> | undefined;
  /** The rows that were made, and what the wall clock was ahead of the steady one in them. */
  #rows: { readonly ahead: number; readonly of: WeakMap<Planned, PageRow> } = { ahead: 0, of: new WeakMap() };
  #onChange: () => void = () => undefined;

  constructor(options: LeaderViewOptions) {
    this.#options = options;
  }

  /** Calls the listener after each evaluation, and when the term has ended. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  evaluated(evaluation: Evaluation): void {
    this.#told = { evaluation, wall: this.#options.wall() };
    this.#led = undefined;
    this.#onChange();
  }

  /** Forgets the last evaluation, because another process may lead. */
  clear(): void {
    this.#told = undefined;
    this.#led = undefined;
    this.#onChange();
  }

  /** What the last evaluation says, made beside other work and once for all who look. */
  look(): Promise<Led> | undefined {
    if (!this.#told) return undefined;
    const { evaluation, wall } = this.#told;
    const { journal, policy } = this.#options;
    const known = { wall, entries: journal.snapshot(), notes: new Map(journal.notes), paused: policy().paused };
    this.#led ??= inSlices(this.#ledStepwise(evaluation, known), 2 * evaluation.items.length);
    return this.#led;
  }

  *#ledStepwise(evaluation: Evaluation, known: StatusContext): Generator<Pause, Led> {
    const document = yield* statusStepwise(evaluation, known);
    const rows = new Map<string, PageRow>();
    const rollouts = new Map<string, RolloutFacts>();
    for (const one of evaluation.items.filter((item) => !isOutside(item))) {
      const key = keyOf(one.workload);
      rows.set(key, this.#row(one, wallAhead(evaluation)));
      if (isFollowed(one)) rollouts.set(key, rolloutFacts(one.workload, one.workload.rollout.createFailure));
      yield 'short';
    }
    return { document, rows, rollouts };
  }

  /** A workload that is the same as in the evaluation before has the same row. */
  #row(one: Planned, ahead: number): PageRow {
    if (this.#rows.ahead !== ahead) this.#rows = { ahead, of: new WeakMap() };
    const row = this.#rows.of.get(one) ?? pageRow(rowOf(one, undefined, ahead));
    this.#rows.of.set(one, row);
    return row;
  }

  /** How the verdict on a workload came about; undefined if it was not assessed. */
  explanation(key: string): string | undefined {
    const { evaluation } = this.#told ?? {};
    const one = evaluation?.items.find(({ workload }) => keyOf(workload) === key);
    if (!evaluation || !one) return undefined;
    const policy = this.#options.policy();
    return explanation({
      assessed: one,
      mesh: this.#options.mesh(),
      row: rowOf(one, undefined, wallAhead(evaluation)),
      rules: policy,
      waves: policy.waves ? waveWords(evaluation) : [],
      gates: { policy, metricGates: this.#options.metricGates(), now: evaluation.at },
    });
  }
}

const isFollowed = ({ workload, step }: Planned): boolean => step.action === 'follow' && !workload.unsupported;
