import { parentPort } from 'node:worker_threads';
import { messageOf } from '../messageOf.ts';
import { readAnswerText } from './admission.ts';
import type { Answer } from './answer.ts';
import type { AskedContainer } from './question.ts';

/** The thread's input: JSON of the pod in the question, and the bytes of the answer in blocks. */
export interface ToRead {
  readonly pod: string;
  readonly body: readonly Uint8Array<ArrayBuffer>[];
  readonly container: AskedContainer | undefined;
}

/** The thread's output: one for each input, in order. */
export type Read = { readonly answer: Answer } | { readonly fault: string };

parentPort?.on('message', (toRead: ToRead) => parentPort?.postMessage(read(toRead)));

function read({ pod, body, container }: ToRead): Read {
  try {
    return { answer: readAnswerText(pod, Buffer.concat(body), container) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}
