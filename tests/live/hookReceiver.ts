import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTest } from '../jest/afterTest.ts';

/** A notification as a webhook gets it. */
export interface Notified {
  readonly id: string;
  readonly event: string;
  readonly cluster: string;
  readonly run: string;
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly workloads: readonly { readonly namespace: string; readonly reason: string }[];
}

/** A path that only who knows the URL can name, as that of a Slack webhook. */
export const SECRET = 'T00000000/B00000000/XXXXsecretXXXX';

/**
 * A real HTTP server that takes notifications, with files that have its URLs: `good` answers, `hangs` never does, and `talks` answers with
 * ten megabytes.
 */
export class HookReceiver {
  readonly folder = mkdtempSync(join(tmpdir(), 'meltemi-notify-'));
  /** Bodies by the last part of the path. */
  readonly got = new Map<string, object[]>();
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<HookReceiver> {
    const receiver = new HookReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    afterTest(() => receiver.#stop());
    const { port } = receiver.#server.address() as AddressInfo;
    for (const name of ['good', 'hangs', 'talks'])
      writeFileSync(receiver.file(name), `http://127.0.0.1:${port}/${SECRET}/${name}\n`);
    return receiver;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a policy that names these receivers, and returns its file. */
  policy(receivers: string): string {
    const file = this.file('policy.yaml');
    writeFileSync(file, `notify:\n${receivers}`);
    return file;
  }

  notified(): readonly Notified[] {
    return (this.got.get('good') ?? []) as Notified[];
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const name = request.url?.split('/').at(-1) ?? '';
    this.got.set(name, [...(this.got.get(name) ?? []), JSON.parse(Buffer.concat(chunks).toString())]);
    if (name === 'hangs') return;
    response.on('error', () => undefined);
    response.end(name === 'talks' ? Buffer.alloc(10 * 1024 * 1024, 'x') : 'ok');
  }

  #stop(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
