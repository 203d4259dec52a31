import { parentPort } from 'node:worker_threads';
import { messageOf } from '../messageOf.ts';
import { readAnswerText } from './admission.ts';
import type { Answer } from './answer.ts';

/** What the thread is given: JSON of the pod that was asked about, and the bytes of the answer in blocks. */
export interface ToRead {
  readonly pod: string;
  readonly body: readonly Uint8Array<ArrayBuffer>[];
}

/** What it gives back, one for each that it was given, in order. */
export type Read = { readonly answer: Answer } | { readonly fault: string };

parentPort?.on('message', ({ pod, body }: ToRead) => parentPort?.postMessage(read(pod, body)));

function read(pod: string, body: readonly Uint8Array[]): Read {
  try {
    return { answer: readAnswerText(pod, Buffer.concat(body)) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}
