import { Agent, type Dispatcher } from 'undici';
import { describe } from '../expect/connectionFault.ts';
import { ReceivedBody } from '../expect/receivedBody.ts';
import { ANSWERED_WITHIN, type MetricGate } from '../plan/metricGate.ts';
import { readTextFile } from '../watch/textFile.ts';
import { type Judgement, judgementOf, unanswered } from './judgement.ts';
import { errorIn, NoAnswer, samplesIn } from './prometheusAnswer.ts';
import { queryOf } from './queryOf.ts';

/** Thousands of samples fit in it. What is larger is not read. */
const ANSWER_LIMIT = 1024 * 1024;
/** Bytes to read of the text of an error. */
const ERROR_TEXT = 16 * 1024;
/** Tokens and bundles of certificates are smaller. */
const FILE_LIMIT = 256 * 1024;
/** What a header may carry, without the space that would end a token. */
const TOKEN = /^[\x21-\x7e]+$/;

const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

export interface AskOptions {
  /** Ends the question when Meltemi stops. */
  readonly signal: AbortSignal;
  /** From dialling to the last byte of the answer, milliseconds. */
  readonly timeLimit?: number;
}

/**
 * Asks Prometheus, or whatever has its HTTP API, a gate's question, and judges the answer. It never rejects: whatever goes wrong, the gate
 * is closed, and the words say why.
 */
export async function askPrometheus(gate: MetricGate, options: AskOptions): Promise<Judgement> {
  try {
    return judgementOf(gate, samplesIn(await answerTo(gate, options)));
  } catch (error) {
    if (error instanceof NoAnswer) return unanswered(error.message);
    return unanswered(`Prometheus does not answer: ${describe(error)}`);
  }
}

async function answerTo(gate: MetricGate, { signal, timeLimit = ANSWERED_WITHIN }: AskOptions): Promise<Buffer> {
  // the files are read each time, because the kubelet replaces what it mounts
  const [token, ca] = await Promise.all([
    gate.tokenFile === undefined ? undefined : tokenIn(gate.tokenFile),
    gate.caFile === undefined ? undefined : certificatesIn(gate.caFile),
  ]);
  const url = new URL(gate.prometheus);
  const folder = url.pathname.endsWith('/') ? url.pathname.slice(0, -1) : url.pathname;
  // a connection for each question: one that is kept for 15 s may be closed by the server just when it is used
  const agent = new Agent({ connect: { timeout: timeLimit / 2, allowH2: false, ...(ca !== undefined && { ca }) } });
  try {
    // redirects are not followed: the token is for this address
    const { statusCode, body } = await agent.request({
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeLimit)]),
      origin: url.origin,
      path: `${folder}/api/v1/query`,
      // what a proxy might keep is the answer to a GET
      method: 'POST',
      headers: {
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: new URLSearchParams({ query: queryOf(gate) }).toString(),
    });
    const isWell = statusCode === 200;
    const { bytes, isWhole } = await beginning(body, isWell ? ANSWER_LIMIT : ERROR_TEXT);
    if (!isWell) throw new NoAnswer(`Prometheus answers HTTP ${statusCode}${errorIn(bytes)}`);
    if (!isWhole) throw new NoAnswer(`the answer is larger than ${ANSWER_LIMIT / 1024 / 1024} MiB`);
    return bytes;
  } finally {
    await agent.destroy();
  }
}

/** The first bytes of a body, and whether there are no more. */
async function beginning(
  body: Dispatcher.ResponseData['body'],
  limit: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  // the rest is not read, and its end is the connection's
  body.once('error', () => undefined);
  const received = new ReceivedBody(body);
  const isWhole = await received.upTo(limit);
  return { bytes: Buffer.concat(received.blocks()), isWhole };
}

/** The message never has the content of a file. */
async function fileText(path: string): Promise<string> {
  const file = await readTextFile(path, FILE_LIMIT);
  if ('problem' in file) throw new NoAnswer(`${path} ${file.problem}`);
  return file.text;
}

/** Without a certificate, Node.js would trust the CAs of the image. */
async function certificatesIn(path: string): Promise<string> {
  const text = await fileText(path);
  if (!text.includes(CERTIFICATE)) throw new NoAnswer(`${path} has no certificate`);
  return text;
}

async function tokenIn(path: string): Promise<string> {
  const token = (await fileText(path)).trim();
  if (!TOKEN.test(token)) throw new NoAnswer(`${path} has no token: it must be one word of printable ASCII characters`);
  return token;
}
