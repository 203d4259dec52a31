import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Toolbox } from './build.ts';
import { freePort } from './ports.ts';
import { type Running, serve, stop } from './processes.ts';

const READY_MS = 60_000;

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
  static async start(toolbox: Toolbox, state: string, target: string): Promise<Prometheus> {
    const port = await freePort();
    const folder = join(state, 'prometheus');
    mkdirSync(folder, { recursive: true });
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'app', static_configs: [{ targets: [target] }] }],
    };
    // JSON is YAML
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
    const answer = await fetch(`${this.address}/api/v1/query?${new URLSearchParams({ query })}`);
    const { data } = (await answer.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
    const text = data.result[0]?.value[1];
    return text === undefined ? undefined : Number(text);
  }

  stop(): Promise<void> {
    return stop(this.#state, this.#running);
  }
}
