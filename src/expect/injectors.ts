import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Cluster } from '../cluster/cluster.ts';
import type { PodTemplate } from '../model.ts';
import { reason } from '../reasons.ts';
import { question, readAnswer } from './admission.ts';
import type { Answer } from './answer.ts';
import type { Injection } from './mesh.ts';
import { dialTarget } from './serviceAddress.ts';
import { Turns } from './turns.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** One question: the template of a workload, and the hash under which its answer is kept. */
export interface Question {
  readonly injection: Injection;
  readonly namespace: string;
  readonly name: string;
  readonly template: PodTemplate;
  readonly templateHash: string;
}

export type QuestionResult = 'sidecar' | 'no-sidecar' | 'refused' | 'bad-answer' | 'unreachable';

export interface InjectorsOptions {
  readonly cluster: Pick<Cluster, 'service'>;
  readonly now: () => number;
  /** Dialled instead of what the entry says, for a port-forward; the server name stays the entry's. */
  readonly address?: { readonly host: string; readonly port: number };
  /** For one question from dialling to the last byte of the answer, in milliseconds. */
  readonly timeLimit?: number;
  /** Asks without a network, where there is none; rejects when nobody answers. */
  readonly post?: (question: Question) => Promise<Answer>;
  readonly onQuestion?: (result: QuestionResult, entry: WebhookEntry) => void;
  /** Called when the injector of a configuration stops answering (with why) and when it answers again (undefined). */
  readonly onReachable?: (injection: Injection, problem: string | undefined) => void;
  /**
   * Called when an injector that does not answer has been tried again. With it the tries are made in the background, so that one injector's
   * time limit holds up nobody else's workloads; without it those who ask wait for the try.
   */
  readonly onTried?: () => void;
}

/** More questions at a time bring nothing from a two-core istiod and crowd out the API server's own calls. */
const QUESTIONS_AT_A_TIME = 4;
/** The API server's own limit for a webhook is 10 s unless the entry says less. */
const TIME_LIMIT = 10_000;
/** An answer is the pod's worth of JSON; more than this is not an injector speaking. */
const ANSWER_LIMIT = 8 * 1024 * 1024;
const ANSWER_AGE = 60 * 60 * 1000;
const REFUSAL_AGE = 60_000;
const FIRST_RETRY = 1000;
const LAST_RETRY = 30_000;

interface Kept {
  readonly answer: Answer;
  readonly until: number;
}

interface Line {
  readonly agent: Agent;
  /** Waiting here and not in the agent, so that after a failure those who wait are told at once instead of failing one by one. */
  readonly turns: Turns;
  failures: number;
  retryAt: number;
  /** It is being tried again in the background. */
  trying: boolean;
  /** Why it does not answer, as long as it does not. */
  problem: string;
}

/**
 * Asks injectors what they would inject, as the API server would ask them: the matched entry's own address, CA and server name, over
 * connections that stay open. Answers are kept per (epoch, namespace, template) for an hour. An injector that fails is left alone with
 * back-off, and everybody who asks meanwhile hears `unknown`.
 */
export class Injectors {
  readonly #options: InjectorsOptions;
  readonly #answers = new Map<string, Kept>();
  readonly #lines = new Map<string, Line>();
  readonly #asking = new Map<string, Promise<Answer>>();
  /** Configurations whose injector was said to be unreachable. */
  readonly #silent = new Set<string>();
  /** How often answers were forgotten: what was asked before then is not kept. */
  #forgotten = 0;

  constructor(options: InjectorsOptions) {
    this.#options = options;
  }

  /** The kept answer, or a new one; `unknown` where the injector does not answer. Never throws. */
  ask(asked: Question): Promise<Answer> {
    const key = keyOf(asked);
    const kept = this.#answers.get(key);
    if (kept && kept.until > this.#options.now()) return Promise.resolve(kept.answer);
    const line = this.#line(asked.injection);
    if (line.failures > 0 && this.#options.onTried) {
      this.#tryAgain(line, asked, this.#options.onTried);
      return Promise.resolve(unreachable(asked, line.problem));
    }
    const asking = this.#asking.get(key) ?? this.askAfresh(asked).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  /** A new answer, whatever is kept; it replaces the kept one. Never throws. */
  askAfresh(asked: Question): Promise<Answer> {
    const line = this.#line(asked.injection);
    return line.turns.take(() => this.#askOver(line, asked));
  }

  #tryAgain(line: Line, asked: Question, onTried: () => void): void {
    if (line.trying || line.retryAt > this.#options.now()) return;
    line.trying = true;
    void this.askAfresh(asked).finally(() => {
      line.trying = false;
      onTried();
    });
  }

  async #askOver(line: Line, asked: Question): Promise<Answer> {
    // closed while this waited for its turn
    if (!this.#isOpen(line, asked.injection)) return this.askAfresh(asked);
    const now = this.#options.now();
    if (line.retryAt > now) return unreachable(asked, line.problem);
    const forgotten = this.#forgotten;
    try {
      const answer = await this.#post(asked, line);
      this.#reached(asked, line);
      this.#options.onQuestion?.(resultOf(answer), asked.injection.entry);
      const until = now + (answer.kind === 'unknown' ? REFUSAL_AGE : ANSWER_AGE);
      if (forgotten === this.#forgotten) this.#answers.set(keyOf(asked), { answer, until });
      return answer;
    } catch (error) {
      this.#options.onQuestion?.('unreachable', asked.injection.entry);
      this.#failed(asked, line, describe(error));
      return unreachable(asked, describe(error));
    }
  }

  /** A new answer over a connection of its own, kept by nobody. Never throws. */
  async probe(asked: Question): Promise<Answer> {
    const line = this.#open(asked.injection.entry);
    try {
      return await this.#post(asked, line);
    } catch (error) {
      return unreachable(asked, describe(error));
    } finally {
      await line.agent.destroy();
    }
  }

  /** When the first of the questions that ended in `unknown` may be asked again; undefined when none is waiting for its time. */
  retryAt(): number | undefined {
    const lines = [...this.#lines.values()].map(({ retryAt }) => retryAt);
    const refusals = [...this.#answers.values()].flatMap(({ answer, until }) =>
      answer.kind === 'unknown' ? [until] : [],
    );
    const now = this.#options.now();
    const times = [...lines, ...refusals].filter((time) => time > now);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Forgets the answers of one epoch, also those on their way: they are asked for again. */
  forget({ epoch }: Injection): void {
    this.#forgotten += 1;
    for (const kept of [this.#answers, this.#asking])
      for (const key of kept.keys()) if (key.startsWith(`${epoch}/`)) kept.delete(key);
  }

  /** Forgets answers of epochs that are gone and closes connections to injectors that no entry names any more. */
  async keepOnly(injections: readonly Injection[]): Promise<void> {
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    const now = this.#options.now();
    for (const [key, { until }] of this.#answers) {
      if (until <= now || !epochs.has(key.slice(0, key.indexOf('/')))) this.#answers.delete(key);
    }
    const configurations = new Set(injections.map(({ entry }) => entry.configuration));
    for (const one of this.#silent) if (!configurations.has(one)) this.#silent.delete(one);
    const named = new Set(injections.map(({ entry }) => lineKey(entry)));
    const gone = [...this.#lines].filter(([key]) => !named.has(key));
    for (const [key] of gone) this.#lines.delete(key);
    await Promise.all(gone.map(([, line]) => line.agent.close()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].map(({ agent }) => agent.destroy()));
  }

  /** The open connections to an entry's injector; others after the CA bundle was rotated, and the old ones end with `keepOnly`. */
  #line({ entry }: Injection): Line {
    const key = lineKey(entry);
    const known = this.#lines.get(key);
    if (known) return known;
    const line = this.#open(entry);
    this.#lines.set(key, line);
    return line;
  }

  #isOpen(line: Line, { entry }: Injection): boolean {
    return this.#lines.get(lineKey(entry)) === line;
  }

  #open(entry: WebhookEntry): Line {
    const turns = new Turns(QUESTIONS_AT_A_TIME);
    return { agent: this.#agent(entry), turns, failures: 0, retryAt: 0, trying: false, problem: '' };
  }

  #agent(entry: WebhookEntry): Agent {
    const ca = entry.caBundle && { ca: entry.caBundle };
    const dial = buildConnector({ ...ca, timeout: this.#timeLimit, allowH2: false });
    return new Agent({
      connections: QUESTIONS_AT_A_TIME,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      maxResponseSize: ANSWER_LIMIT,
      connect: (options, callback) => {
        this.#target(entry, options.hostname, Number(options.port) || 443).then(
          ({ host, port }) =>
            dial(
              { ...options, hostname: host, port: String(port), servername: serverName(options.hostname) },
              callback,
            ),
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  async #target(entry: WebhookEntry, host: string, port: number): Promise<{ host: string; port: number }> {
    if (this.#options.address) return this.#options.address;
    if ('url' in entry.address) return { host, port };
    const { service } = entry.address;
    const facts = await this.#options.cluster.service(service.namespace, service.name);
    return dialTarget(facts, `${service.namespace}/${service.name}`, service.port);
  }

  async #post(asked: Question, line: Line): Promise<Answer> {
    if (this.#options.post) return this.#options.post(asked);
    const { injection, namespace, name, template } = asked;
    const { pod, review } = question(namespace, name, template);
    const url = urlOf(injection.entry);
    // over the whole exchange: an answer that drips in byte by byte would outlast limits on its parts
    const signal = AbortSignal.timeout(this.#timeLimit);
    const { statusCode, body } = await line.agent.request({
      signal,
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      // exactly this: istiod answers 415 to anything with a charset (istio pkg/kube/inject/webhook.go)
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(review),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${text.slice(0, 120).trim()}`);
    return readAnswer(pod, parseJson(text));
  }

  get #timeLimit(): number {
    return this.#options.timeLimit ?? TIME_LIMIT;
  }

  #reached({ injection }: Question, line: Line): void {
    if (this.#silent.delete(injection.entry.configuration)) this.#options.onReachable?.(injection, undefined);
    line.failures = 0;
    line.retryAt = 0;
  }

  /** Questions that were under way together fail together: they count as one failure. */
  #failed({ injection }: Question, line: Line, problem: string): void {
    // nobody names this injector any more, so that it fails is no news
    if (!this.#isOpen(line, injection)) return;
    const { configuration } = injection.entry;
    if (!this.#silent.has(configuration)) this.#options.onReachable?.(injection, problem);
    this.#silent.add(configuration);
    const now = this.#options.now();
    if (line.retryAt > now) return;
    line.problem = problem;
    line.retryAt = now + Math.min(LAST_RETRY, FIRST_RETRY * 2 ** line.failures);
    line.failures += 1;
  }
}

const keyOf = ({ injection, namespace, templateHash }: Question): string =>
  `${injection.epoch}/${namespace}/${templateHash}`;

/** Entries of one address may differ in their CA while it is rotated; each keeps connections and back-off of its own. */
const lineKey = ({ address, caBundle }: WebhookEntry): string => JSON.stringify([address, caBundle]);

function urlOf({ address }: WebhookEntry): URL {
  if ('url' in address) return new URL(address.url);
  const { namespace, name, path, port } = address.service;
  return new URL(path, `https://${name}.${namespace}.svc:${port}`);
}

/** An address is no server name (RFC 6066 section 3); the certificate is then checked for the address that is dialled. */
const serverName = (hostname: string): string => (isIP(hostname) ? '' : hostname);

function unreachable({ injection }: Question, why: string): Answer {
  return {
    kind: 'unknown',
    reason: reason('injector-unreachable', `injector of ${injection.entry.configuration}: ${why}`),
  };
}

function resultOf(answer: Answer): QuestionResult {
  if (answer.kind !== 'unknown') return answer.kind;
  return answer.reason.code === 'injector-refused' ? 'refused' : 'bad-answer';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the answer is not JSON: ${text.slice(0, 80)}`);
  }
}

function describe(error: unknown): string {
  const { name, message, code, cause } = error as Error & { code?: string };
  if (name === 'TimeoutError') return 'no whole answer within the time limit';
  const inner = (cause as Error | undefined)?.message;
  return [code, message || inner].filter(Boolean).join(': ');
}
