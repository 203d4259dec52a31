import { Worker } from 'node:worker_threads';
import type { SidecarConfig } from '../model.ts';
import { WeakValueMap } from '../weakValueMap.ts';
import { readAnswerText } from './admission.ts';
import type { Answer } from './answer.ts';
import type { Read, ToRead } from './answerThread.ts';
import { ConcurrencyLimit } from './concurrencyLimit.ts';
import type { AskedContainer } from './question.ts';

/** The thread's code, inserted by the build. A bundle is one file, and starting all of it again would cost 100 ms and 30 MB. */
declare const MELTEMI_ANSWER_THREAD: string | undefined;

/** A pod and an answer of together at most this many characters are read on the main thread. An ordinary answer of istiod has 15,000. */
const IN_LINE = 64 * 1024;
/** After an answer of this many bytes the thread ends, to release its heap. */
const LARGE = 4 * 1024 * 1024;
/** The largest allowed answer takes less than a second. A longer time means that the answer was crafted to be slow. */
const LONGEST = 10_000;
/**
 * The heap limit of the thread, in MiB. The limits on values, and reading one answer at a time, keep usage below it. It is a second line of
 * defence: V8 ends the process when it is reached.
 */
const HEAP = 512;

/**
 * Reads answers without blocking the event loop, on which the Lease depends: small ones on the main thread, others in a worker thread, one
 * at a time. The thread starts with the first large answer.
 */
export class AnswerReader {
  readonly #turns = new ConcurrencyLimit(1);
  readonly #longest: number;
  #thread: Worker | undefined;
  /** Equal configurations are one object, because most answers of an injector have the same. */
  readonly #configs = new WeakValueMap<SidecarConfig>();
  #closed = false;

  /** @param longest maximum time for one answer in the thread, in milliseconds */
  constructor(longest = LONGEST) {
    this.#longest = longest;
  }

  /**
   * @param pod JSON of the pod in the question
   * @param body the whole answer in blocks. Each must be the only view of its memory, and the caller must not use it afterwards
   * @param container the sidecar to look for; Istio's proxy by default
   * @throws {Error} if it is not JSON, is too large, or takes too long
   */
  async read(pod: string, body: readonly Uint8Array<ArrayBuffer>[], container?: AskedContainer): Promise<Answer> {
    const size = body.reduce((sum, { length }) => sum + length, 0);
    if (pod.length + size <= IN_LINE) return this.#shared(readAnswerText(pod, Buffer.concat(body), container));
    const read = await this.#turns.take(() => this.#inThread({ pod, body, container }, size));
    if ('fault' in read) throw new Error(read.fault);
    return this.#shared(read.answer);
  }

  #shared(answer: Answer): Answer {
    if (answer.kind !== 'sidecar' || !answer.sidecar.config) return answer;
    const { config } = answer.sidecar;
    const text = JSON.stringify(config);
    const known = this.#configs.getOrMake(text, () => config);
    return { ...answer, sidecar: { ...answer.sidecar, config: known } };
  }

  /** Ends the thread. An answer that is being read fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#end();
  }

  async #inThread(toRead: ToRead, size: number): Promise<Read> {
    if (this.#closed) return { fault: 'Meltemi is stopping' };
    this.#thread ??= start();
    const thread = this.#thread;
    const { promise, resolve } = Promise.withResolvers<Read>();
    const late = setTimeout(
      () => resolve({ fault: `the answer takes longer than ${this.#longest} ms to read` }),
      this.#longest,
    );
    const failed = (error: Error) => resolve({ fault: `the answer cannot be read: ${error.message}` });
    const ended = () => resolve({ fault: 'the answer cannot be read: its thread has ended' });
    thread.once('message', resolve).once('error', failed).once('exit', ended);
    // the process must not exit while a caller waits for this answer
    thread.ref();
    thread.postMessage(
      toRead,
      toRead.body.map(({ buffer }) => buffer),
    );
    const read = await promise;
    clearTimeout(late);
    thread.off('message', resolve).off('error', failed).off('exit', ended);
    thread.unref();
    if ('fault' in read || size > LARGE) await this.#end();
    return read;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
  }
}

function start(): Worker {
  const options = { resourceLimits: { maxOldGenerationSizeMb: HEAP } };
  const thread =
    typeof MELTEMI_ANSWER_THREAD === 'string'
      ? new Worker(MELTEMI_ANSWER_THREAD, { ...options, eval: true })
      : new Worker(new URL('./answerThread.ts', import.meta.url), options);
  thread.unref();
  return thread;
}
