import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { questionText } from '../../../src/expect/admission.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import { AnswerReader } from '../../../src/expect/answerReader.ts';
import { Injectors } from '../../../src/expect/injectors.ts';
import { entry, injection } from '../../builders/workload.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { busiestTurn } from './busiestTurn.ts';
import { IMAGE, INJECTED } from './injectorServer.ts';

const MEGABYTE = 1024 * 1024;
const { pod } = questionText('shop', 'web', { labels: {}, annotations: {}, spec: { containers: [{ name: 'app' }] } });
const blocks = (...texts: string[]): Uint8Array<ArrayBuffer>[] =>
  texts.map((text) => new Uint8Array(Buffer.from(text)));
const word = (answer: Answer): string =>
  answer.kind === 'sidecar'
    ? `sidecar ${answer.sidecar.image}`
    : answer.kind === 'unknown'
      ? `${answer.reason.code}: ${answer.reason.detail}`
      : answer.kind;

/** As the answer is, and as large as wanted. */
const padded = (text: string, size: number): string => `${' '.repeat(size)}${text}`;

describe('an answer', () => {
  for (const [name, size] of [
    ['small', 0],
    ['large', MEGABYTE],
  ] as const) {
    it(`that is ${name} is read, in however many blocks it comes`, async () => {
      const reader = new AnswerReader();
      afterTest(() => reader.close());
      const text = padded(INJECTED, size);
      assert.equal(word(await reader.read(pod, blocks(text))), `sidecar ${IMAGE}`);
      const half = text.length - 20;
      assert.equal(word(await reader.read(pod, blocks(text.slice(0, half), text.slice(half)))), `sidecar ${IMAGE}`);
    });

    it(`that is ${name} and no JSON is refused in words`, async () => {
      const reader = new AnswerReader();
      afterTest(() => reader.close());
      await assert.rejects(reader.read(pod, blocks(padded('<html>', size))), /the answer is not JSON/);
      assert.equal(
        word(await reader.read(pod, blocks(padded(INJECTED, size)))),
        `sidecar ${IMAGE}`,
        'the next one is read',
      );
    });
  }

  it('that takes longer than it may is given up, and the next is read', async () => {
    const reader = new AnswerReader(1);
    afterTest(() => reader.close());
    await assert.rejects(reader.read(pod, blocks(padded(INJECTED, MEGABYTE))), /longer than 1 ms/);
    assert.equal(word(await reader.read(pod, blocks(INJECTED))), `sidecar ${IMAGE}`);
  });

  it('that is being read when the reader is closed fails', async () => {
    const reader = new AnswerReader();
    const reading = reader.read(pod, blocks(padded(INJECTED, MEGABYTE)));
    await Promise.all([assert.rejects(reading, /its thread has ended/), reader.close()]);
    await assert.rejects(reader.read(pod, blocks(padded(INJECTED, MEGABYTE))), /stopping/);
  });
});

describe('the event loop is not held up', () => {
  /**
   * Milliseconds of processor time. A turn takes 10 to 40 on an idle machine; the rest is for busy ones, which count what others do, too.
   * In line, these answers take half a second.
   */
  const BRIEF = 200;
  let server: Worker;
  let port = 0;
  beforeAll(async () => {
    server = new Worker(new URL('./largeInjector.ts', import.meta.url));
    [port] = (await once(server, 'message')) as [number];
  });
  afterAll(() => server.terminate());

  const volumes = Array.from({ length: 40_000 }, (_, index) => ({ name: `v${index}` }));
  const large = {
    containers: [{ name: 'app', env: [{ name: 'E', value: '<'.repeat(1.5 * MEGABYTE) }] }],
    volumes: [],
  };
  const wide = Object.fromEntries(volumes.flatMap(({ name }) => [`${name}a`, `${name}b`]).map((key) => [key, 'x']));
  const control = { containers: [{ name: 'app', env: [{ name: 'E', value: '\u0001'.repeat(MEGABYTE) }] }] };
  const rows: [string, path: string, spec: Record<string, unknown>, said: RegExp][] = [
    ['the largest answer that istiod can give', '/overrides', large, /^sidecar/],
    [
      'as many operations as the API server takes',
      '/operations',
      { containers: [{ name: 'app' }], volumes },
      /^sidecar/,
    ],
    ['10,000 moves of a long list', '/moves', { containers: [{ name: 'app' }], volumes }, /^no-sidecar/],
    ['10,000 insertions before a long list', '/shifts', { containers: [{ name: 'app' }], volumes }, /too expensive/],
    ['a value nested five million deep', '/nested', { containers: [{ name: 'app' }] }, /nested more than/],
    [
      'a map of 80,000 labels to select a node by',
      '/overrides',
      { containers: [{ name: 'app' }], nodeSelector: wide },
      /^sidecar/,
    ],
    ['a megabyte of control characters', '/overrides', control, /^sidecar/],
  ];
  /** Asks two such questions at once; the answers, and the busiest turn meanwhile. */
  async function asked(path: string, spec: Record<string, unknown>): Promise<{ answers: Answer[]; busiest: number }> {
    const cluster = { service: async () => undefined, accountUid: async () => undefined };
    const injectors = new Injectors({ cluster, now: () => 0, timeLimit: 60_000 });
    const address = { url: `http://127.0.0.1:${port}${path}` };
    const template = { labels: {}, annotations: {}, spec };
    const common = { injection: injection({ entry: entry({ address }) }), name: 'web', template, templateHash: 'h' };
    let answers: Answer[] = [];
    const busiest = await busiestTurn(async () => {
      answers = await Promise.all(['a', 'b'].map((namespace) => injectors.ask({ ...common, namespace })));
    });
    await injectors.close();
    return { answers, busiest };
  }

  for (const [name, path, spec, said] of rows) {
    it(`by ${name}, twice at once`, async () => {
      let least = Infinity;
      // a collection of all garbage of this process may fall into any turn, but not into one of each try
      for (let tries = 0; tries < 3 && least >= BRIEF; tries++) {
        const { answers, busiest } = await asked(path, spec);
        for (const answer of answers) assert.match(word(answer), said);
        least = Math.min(least, busiest);
      }
      console.info(`busiest turn: ${least.toFixed(1)} ms`);
      assert.ok(least < BRIEF, `a turn of the event loop took ${least.toFixed(1)} ms`);
    }, 60_000);
  }
});
