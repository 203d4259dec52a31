import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Toolbox } from './build.ts';
import { freePort } from './ports.ts';
import { type Running, serve, stop } from './processes.ts';

const READY_MS = 60_000;

/** What Prometheus is told beside its target. */
export interface PrometheusOptions {
  /** Of every series, as a ServiceMonitor would give them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Groups of rules, as in a PrometheusRule. */
  readonly groups?: readonly object[];
}

/** A group of rules as Prometheus has evaluated it. */
export interface RuleGroup {
  readonly rules: readonly {
    readonly name: string;
    readonly state: 'inactive' | 'pending' | 'firing';
    readonly health: 'ok' | 'err' | 'unknown';
    readonly lastError?: string;
  }[];
}

interface Result<V> {
  readonly result: readonly { readonly value: V }[];
}

/** The real Prometheus, which runs on the host and scrapes one target each second. */
export class Prometheus {
  readonly address: string;
  readonly #state: string;
  readonly #running: Running;

  private constructor(address: string, state: string, running: Running) {
    this.address = address;
    this.#state = state;
    this.#running = running;
  }

  /**
   * @param state the folder of the testbed, which stops it at its end
   * @param target host and port of an exporter
   */
  static async start(
    toolbox: Toolbox,
    state: string,
    target: string,
    { labels = {}, groups = [] }: PrometheusOptions = {},
  ): Promise<Prometheus> {
    const port = await freePort();
    const folder = join(state, 'prometheus');
    mkdirSync(folder, { recursive: true });
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      scrape_configs: [{ job_name: 'app', static_configs: [{ targets: [target], labels }] }],
      rule_files: [join(folder, 'rules.yaml')],
    };
    // JSON is YAML
    writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups }));
    writeFileSync(join(folder, 'prometheus.yaml'), JSON.stringify(config));
    const address = `http://127.0.0.1:${port}`;
    const program = {
      name: 'prometheus',
      file: toolbox.program('prometheus'),
      args: [
        `--config.file=${join(folder, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
    };
    const running = await serve(state, program, READY_MS, async () => {
      const answer = await fetch(`${address}/-/ready`).catch(() => undefined);
      return answer?.ok === true;
    });
    return new Prometheus(address, state, running);
  }

  /** The value of a query that gives one sample; undefined if it gives none. */
  async value(query: string): Promise<number | undefined> {
    const { result } = await this.#ask<Result<[number, string]>>('query', { query });
    const text = result[0]?.value[1];
    return text === undefined ? undefined : Number(text);
  }

  /** How many series a query has over a time, in seconds since 1970, looked at each second. @throws {Error} if it is rejected */
  async series(query: string, start: number, end: number): Promise<number> {
    const range = { query, start: String(start), end: String(end), step: '1' };
    const { result } = await this.#ask<Result<unknown>>('query_range', range);
    return result.length;
  }

  /** The values of a label in the series that a selector matches. */
  labelValues(label: string, selector: string): Promise<readonly string[]> {
    return this.#ask(`label/${label}/values`, { 'match[]': selector });
  }

  async ruleGroups(): Promise<readonly RuleGroup[]> {
    return (await this.#ask<{ groups: readonly RuleGroup[] }>('rules', {})).groups;
  }

  async #ask<T>(what: string, parameters: Readonly<Record<string, string>>): Promise<T> {
    const answer = await fetch(`${this.address}/api/v1/${what}?${new URLSearchParams(parameters)}`);
    const { data, error } = (await answer.json()) as { data?: T; error?: string };
    if (data === undefined) throw new Error(`${JSON.stringify(parameters)}: ${error}`);
    return data;
  }

  stop(): Promise<void> {
    return stop(this.#state, this.#running);
  }
}
