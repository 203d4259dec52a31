import { parentPort } from 'node:worker_threads';
import { messageOf } from '../messageOf.ts';
import { readAnswerText } from './admission.ts';
import type { Answer } from './answer.ts';

/** The thread's input: JSON of the pod in the question, and the bytes of the answer in blocks. */
export interface ToRead {
  readonly pod: string;
  readonly body: readonly Uint8Array<ArrayBuffer>[];
}

/** The thread's output: one for each input, in order. */
export type Read = { readonly answer: Answer } | { readonly fault: string };

parentPort?.on('message', ({ pod, body }: ToRead) => parentPort?.postMessage(read(pod, body)));

function read(pod: string, body: readonly Uint8Array[]): Read {
  try {
    return { answer: readAnswerText(pod, Buffer.concat(body)) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}
