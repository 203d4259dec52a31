import { ENV_PREFIX } from '../names.ts';

export type CommandName = 'run' | 'plan' | 'status' | 'pause' | 'resume';

/** The commands that take a setting. */
export const ALL = ['run', 'plan', 'status', 'pause', 'resume'] as const;
export const BOTH = ['run', 'plan'] as const;
export const RUN = ['run'] as const;
export const PLAN = ['plan'] as const;
/** The commands that only show something. */
export const SHOW = ['plan', 'status'] as const;
export const STATUS = ['status'] as const;

/** One setting: its flag and environment variable follow from its name; help, README and chart are made from this table. */
export interface Setting<T> {
  readonly help: string;
  /** Placeholder of the value in the help; absent for switches, which also take `true` or `false`. */
  readonly value?: string;
  /** What the flag means without a value, if it takes one and does not need it. */
  readonly alone?: string;
  readonly default: string;
  readonly commands: readonly CommandName[];
  /** Whether its text is a comma-separated list. In the policy file it is a YAML list then. */
  readonly list?: true;
  /** Whether its list must have an entry. */
  readonly atLeastOne?: true;
  /** Whether the policy file may set it too, under the same name: settings that say what is allowed, not where or how to run. */
  readonly policy?: true;
  /**
   * A regular expression, of those that JavaScript and RE2 share, for what `parse` takes; of a list, for one entry and without anchors. The
   * schema of the chart has it.
   */
  readonly pattern?: string;
  /** All allowed values, or all allowed entries of its list. */
  readonly words?: readonly string[];
  /**
   * The value of a setting that is not given, if no text stands for it. An empty text would mean everything (all namespaces, no policy) and
   * is more likely a forgotten variable, so `parse` refuses it.
   */
  readonly unset?: { readonly value: T };
  /** The smallest and the largest sensible value of a number, or of a duration in milliseconds. */
  readonly bounds?: Bounds;
  /** @throws {InvalidArgumentError} saying what would be valid */
  readonly parse: (text: string) => T;
  /** Of a flag that may be given several times: adds what it has read now to what it read before. @throws {InvalidArgumentError} */
  combine?(before: T, now: T): T;
}

/** The smallest and the largest sensible value; of a duration in milliseconds. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** The value of a setting that is not given. */
export const defaultOf = <T>({ unset, parse, default: text }: Setting<T>): T => (unset ? unset.value : parse(text));

/**
 * Whether an empty environment variable counts as not set; templates leave such variables where they have no value. It does where the
 * default is empty too, and then it does not override the policy file. For a list of known words, and where the default is a list, an empty
 * variable means "none".
 */
export const emptyIsUnset = (setting: Setting<unknown>): boolean => setting.default === '' && !setting.words;

/** `maxInFlight` → `--max-in-flight`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** `maxInFlight` → `MELTEMI_MAX_IN_FLIGHT`. */
export const envOf = (name: string): string =>
  ENV_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
