import { ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { sidecarWord } from '../compare/verdict.ts';
import { messageOf } from '../messageOf.ts';
import { keyOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { Outdated } from '../plan/assessed.ts';
import { isFailure, type Outcome } from '../plan/outcomes.ts';
import { cut } from '../report/escaped.ts';
import type { RestartPhase, RestartPhases } from '../restart/restartPhases.ts';
import { isOvertaken } from '../restart/restarts.ts';

/** Characters of one attribute: others write images, names and messages. */
const LONGEST = 500;

interface Open {
  readonly root: Span;
  phase?: Span;
  hasOutcome: boolean;
}

/**
 * One trace for each restart: a span from its beginning to its outcome, with a child for each phase. A restart that the next leader follows
 * to its end has a span that ends with its leader's time, without an outcome: nothing of a trace is kept in the journal.
 */
export class RestartTraces implements RestartPhases {
  readonly #tracer: Tracer;
  readonly #open = new Map<WorkloadKey, Open>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  begun({ workload, verdict, injection }: Outdated): void {
    const { kind, namespace, name } = workload;
    const attributes = {
      'k8s.namespace.name': namespace,
      'meltemi.workload.kind': kind,
      'meltemi.workload.name': name,
      'meltemi.run': injection.run,
      'meltemi.drifts': [...verdict.drifts],
      'meltemi.from': cut(sidecarWord(verdict.actual), LONGEST),
      'meltemi.to': cut(sidecarWord(verdict.expected), LONGEST),
    };
    const root = this.#tracer.startSpan('restart', { root: true, attributes }, ROOT_CONTEXT);
    this.#open.set(keyOf(workload), { root, hasOutcome: false });
  }

  entered(ref: WorkloadRef, phase: RestartPhase): void {
    const open = this.#open.get(keyOf(ref));
    if (!open) return;
    open.phase?.end();
    open.phase = this.#tracer.startSpan(phase, {}, trace.setSpan(ROOT_CONTEXT, open.root));
  }

  ended(ref: WorkloadRef, outcome: Outcome, detail: string): void {
    const open = this.#open.get(keyOf(ref));
    if (!open) return;
    open.hasOutcome = true;
    open.root.setAttributes({ 'meltemi.outcome': outcome, 'meltemi.detail': cut(detail, LONGEST) });
    if (isFailure(outcome)) open.root.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
  }

  over(ref: WorkloadRef, error?: unknown): void {
    const open = this.#open.get(keyOf(ref));
    if (!open) return;
    this.#open.delete(keyOf(ref));
    if (error !== undefined && !open.hasOutcome) {
      const message = cut(messageOf(error), LONGEST);
      open.root.setAttributes({ 'meltemi.outcome': 'not-made', 'meltemi.detail': message });
      // an overtaken plan is planned again, so it is no error
      if (!isOvertaken(error)) open.root.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    open.phase?.end();
    open.root.end();
  }
}
