import type { Flavour } from './scenario.ts';

/** A rule of safe restarts that is taken away: a snippet of one source file, what stands there instead, and the invariant that must break. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly snippet: string;
  readonly instead: string;
  readonly breaks: string;
  /** In which it shows best; any without. */
  readonly flavour?: Flavour;
}

const HOLDS = 'src/plan/holds.ts';
const THROTTLE = 'src/plan/throttle.ts';

/** Rules of the specification. */
export const RULES: readonly Mutant[] = [
  {
    name: 'without the cooldown',
    file: HOLDS,
    snippet: '  cooldown,\n  backingOff,\n',
    instead: '  backingOff,\n',
    breaks: 'cooldown',
  },
  {
    name: 'without reading the record',
    file: 'src/plan/record.ts',
    snippet: 'if (!restartedFor || restartedAt === undefined || restartedAt < createdAt) return undefined;',
    instead: 'return undefined;',
    breaks: 'episode',
  },
  {
    name: 'without writing the record',
    file: 'src/plan/record.ts',
    snippet: 'metadata: { resourceVersion, annotations: annotationsOf(record) },',
    instead: 'metadata: { resourceVersion, annotations: {} },',
    breaks: 'record',
  },
  {
    name: 'without the failure budget',
    file: HOLDS,
    snippet: 'if (failed < policy.failureBudget) return undefined;',
    instead: 'if (failed < 1000) return undefined;',
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: 'without a halt where the webhook fails open',
    file: HOLDS,
    snippet: 'if (open !== undefined)',
    instead: 'if (false)',
    breaks: 'failing-open',
    flavour: 'failing',
  },
  {
    name: 'without the limit in flight',
    file: THROTTLE,
    snippet: 'if (this.#inFlight >= maxInFlight)',
    instead: 'if (false)',
    breaks: 'max-in-flight',
  },
  {
    name: 'without the limit in a namespace',
    file: THROTTLE,
    snippet: 'if (here >= maxInFlightPerNamespace)',
    instead: 'if (false)',
    breaks: 'max-in-flight-per-namespace',
  },
  {
    name: 'without looking at budgets',
    file: HOLDS,
    snippet: '  budgets,\n  cooldown,\n',
    instead: '  cooldown,\n',
    breaks: 'pdb-spent',
    flavour: 'crowded',
  },
  {
    name: 'without turns under one budget',
    file: THROTTLE,
    snippet: "if (other) return waiting('pdb',",
    instead: "if (false) return waiting('pdb',",
    breaks: 'pdb-shared',
    flavour: 'crowded',
  },
  {
    name: 'without turns for one owner kind',
    file: THROTTLE,
    snippet: 'const other = workload.owner && this.#perOwner.get(ownerKind(workload.owner));',
    instead: 'const other = undefined;',
    breaks: 'owner-kind',
  },
  {
    name: 'without the fence',
    file: 'src/cluster/leaderElection.ts',
    snippet: 'if (this.isLeading) return;\n    this.#endTerm(this.#tooLate());',
    instead: 'return;',
    breaks: 'lease',
    flavour: 'frozen',
  },
  {
    name: 'without the daily cap',
    file: HOLDS,
    snippet: '  dailyCap,\n',
    instead: '',
    breaks: 'daily-cap',
  },
  {
    name: 'with reverted treated like never restarted',
    file: HOLDS,
    snippet: "if (!record?.outcome || record.outcome === 'verified' ||",
    instead: "if (!record?.outcome || record.outcome === 'reverted' || record.outcome === 'verified' ||",
    breaks: 'reverted',
  },
  {
    name: 'without heed to an owner that reverts',
    file: HOLDS,
    snippet: '  ownerReverts,\n',
    instead: '',
    breaks: 'owner-reverts',
    flavour: 'reverting',
  },
  {
    name: 'without giving up',
    file: HOLDS,
    snippet: '  gaveUp,\n',
    instead: '',
    breaks: 'episode',
    flavour: 'relapsing',
  },
  {
    name: 'without the restart delay',
    file: THROTTLE,
    snippet: 'return restartDelay > 0 && until > now',
    instead: 'return false',
    breaks: 'restart-delay',
  },
  {
    name: 'without the rate',
    file: THROTTLE,
    snippet: 'if (rate > 0 && recent.length >= rate)',
    instead: 'if (false)',
    breaks: 'rate',
  },
  {
    name: 'with broken watches trusted',
    file: HOLDS,
    snippet: '  watchStale,\n',
    instead: '',
    breaks: 'stale',
    flavour: 'faulty',
  },
  {
    name: 'without the gates',
    file: HOLDS,
    snippet: '  gate,\n',
    instead: '',
    breaks: 'gate',
  },
  {
    name: "deaf to a person's pause",
    file: HOLDS,
    snippet: '  operatorPaused,\n',
    instead: '',
    breaks: 'operator-paused',
    flavour: 'mixed',
  },
  {
    name: 'without heed to paused rollouts',
    file: HOLDS,
    snippet: '  paused,\n  rolling,\n',
    instead: '  rolling,\n',
    breaks: 'target',
    flavour: 'plain',
  },
];

/** Mistakes that the simulation has found, made again. */
export const MISTAKES: readonly Mutant[] = [
  {
    name: 'keeping answers of old replicas',
    file: 'src/operator.ts',
    snippet: 'for (const injection of unmixed(this.#mesh, mesh)) injectors.forget(injection);',
    instead: '',
    breaks: 'liveness',
  },
  {
    name: 'forgetting records that were only read',
    file: 'src/cluster/memory.ts',
    snippet: '    remember(workload.uid, workload.annotations);\n',
    instead: '',
    breaks: 'episode',
    flavour: 'faulty',
  },
  {
    name: 'not counting a restart that is about to be written',
    file: THROTTLE,
    snippet: 'if (busy && !isInFlight(one.workload)) this.#noteWrite();',
    instead: '',
    breaks: 'restart-delay',
    flavour: 'crowded',
  },
  {
    name: 'leaving an earlier outcome in copies',
    file: 'src/plan/record.ts',
    snippet: "[ANNOTATION.outcome]: record.outcome ?? '',",
    instead: '[ANNOTATION.outcome]: record.outcome ?? null,',
    breaks: 'episode',
    flavour: 'reverting',
  },
  {
    name: 'giving a slot away before it is known what became of its write',
    file: 'src/operator.ts',
    snippet: 'if (unsure) await this.#lookUntilSeen(key, ref, signal);',
    instead: 'if (unsure) await this.#lookAgain(key, ref);',
    breaks: 'max-in-flight',
    flavour: 'faulty',
  },
  {
    name: 'not heeding a failure until it is looked at once more',
    file: 'src/operator.ts',
    snippet: 'this.#sightings.wrote(judged.workload);\n          report.ended',
    instead: 'report.ended',
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: 'closing at once again what the mesh of the moment speaks against',
    file: 'src/restart/restarter.ts',
    snippet: "throw new NotBorneOut('its pods are not current by now');",
    instead: 'return sighting;',
    breaks: 'reads',
    flavour: 'flapping',
  },
  {
    name: 'taking budgets that could not be read for none',
    file: THROTTLE,
    snippet: '?? this.#perBudget.get(unknownIn(workload))',
    instead: '',
    breaks: 'pdb-shared',
    flavour: 'faulty',
  },
];
