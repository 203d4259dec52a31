import { isIP } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { Cluster } from '../cluster/cluster.ts';
import { questionText } from './admission.ts';
import type { Answer } from './answer.ts';
import type { AnswerReader } from './answerReader.ts';
import type { DialAddress } from './assumption.ts';
import type { ConcurrencyLimit } from './concurrencyLimit.ts';
import { ConnectionFault, describe } from './connectionFault.ts';
import type { InjectorRoutes } from './injectorRoutes.ts';
import type { PodCreators, UserInfo } from './podCreators.ts';
import { type AskedContainer, containerOf, type Question } from './question.ts';
import { ReceivedBody } from './receivedBody.ts';
import { dialTarget } from './serviceAddress.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/**
 * The largest answer that istiod can give for a template that a cluster accepts. etcd takes objects of 1.5 MiB (--max-request-bytes).
 * istiod copies a container into the patch and, where it overrides `istio-proxy`, into the annotation `proxy.istio.io/overrides` too (istio
 * pkg/kube/inject/webhook.go). Go writes `<` as `\u003c` (encoding/json HTMLEscape): 6 bytes in the patch, 7 in the annotation, JSON within
 * JSON. base64 makes 4 of 3. So one byte of a template becomes at most (6 + 7) x 4/3 = 17.3 bytes, and 1.5 MiB become 26 MiB.
 */
const ANSWER_LIMIT = 32 * 1024 * 1024;
/** Answers above this size are received and read one at a time, so that several of them do not fill the memory. */
const ORDINARY = 1024 * 1024;
/** How long the network may take where there is another way, milliseconds. What it does not route it often drops without a word. */
const BEFORE_THE_TUNNEL = 2000;
/** Bytes to read of an error's text. Messages show 120 characters of it. */
const ERROR_TEXT = 16 * 1024;

type Socket = NonNullable<Parameters<buildConnector.Callback>[1]>;

export interface ConnectionOptions {
  readonly cluster: Pick<Cluster, 'service'>;
  readonly podCreators: PodCreators;
  /** Address to dial instead of the entry's. */
  readonly address: DialAddress | undefined;
  /** Other ways to Services than the network, shared by all injectors. */
  readonly routes: InjectorRoutes | undefined;
  /** Time limit for one question, from dialling to the last byte of the answer; milliseconds. */
  readonly timeLimit: number;
  readonly connections: number;
  readonly reader: AnswerReader;
  /** Shared by all injectors: one question is serialized at a time. */
  readonly writing: ConcurrencyLimit;
  /** Shared by all injectors: one large answer at a time. */
  readonly large: ConcurrencyLimit;
}

/** Connections to one injector. They use the entry's address, CA and server name, as the API server does. */
export class InjectorConnection {
  readonly #options: ConnectionOptions;
  readonly #entry: WebhookEntry;
  readonly #agent: Agent;
  readonly #connector: buildConnector.connector;
  readonly #impatient: buildConnector.connector;
  /** Questions without an answer. Of those that are still being written, the agent knows nothing. */
  readonly #pending = new Set<Promise<Answer>>();

  constructor(entry: WebhookEntry, options: ConnectionOptions) {
    this.#entry = entry;
    this.#options = options;
    // half of the time limit, so that a missing injector can be told from one that does not answer
    const patience = options.timeLimit / 2;
    this.#connector = this.#connectorFor(patience);
    this.#impatient = this.#connectorFor(Math.min(patience, BEFORE_THE_TUNNEL));
    this.#agent = this.#dialling(options.connections);
  }

  /**
   * Sends one question and reads the answer.
   * @throws {ConnectionFault} when no connection can be made
   * @throws {Error} when this question is not answered: another status than 200, no JSON, too large, too late, cut off
   */
  post(question: Question): Promise<Answer> {
    const posted = this.#post(question);
    this.#pending.add(posted);
    return posted.finally(() => this.#pending.delete(posted));
  }

  async #post(question: Question): Promise<Answer> {
    const { namespace, name, template, podCreator } = question;
    const url = this.#url();
    const user = podCreator === undefined ? undefined : await this.#options.podCreators.user(podCreator);
    const { pod, review } = await this.#options.writing.take(async () => {
      // one per turn of the event loop: it takes up to 40 ms to serialize a template of 1.5 MB
      await setImmediate();
      return questionText(namespace, name, template, user);
    });
    // the limit covers the whole exchange: an answer that arrives byte by byte would pass limits on its parts
    const signal = AbortSignal.timeout(this.#options.timeLimit);
    const { statusCode, body } = await this.#agent.request({
      signal,
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      // exactly this: istiod answers 415 to anything with a charset (istio pkg/kube/inject/webhook.go)
      headers: { 'content-type': 'application/json' },
      body: review,
    });
    if (statusCode === 200) return inTheNameOf(user, await this.#answer(pod, body, containerOf(question)));
    const text = await beginning(body);
    throw new Error(`HTTP ${statusCode}: ${text.slice(0, 120).trim()}`);
  }

  /** Closes the connections after the pending questions are answered. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.#agent.close();
  }

  /** Closes the connections and aborts the pending questions. */
  destroy(): Promise<void> {
    return this.#agent.destroy();
  }

  async #answer(pod: string, body: Dispatcher.ResponseData['body'], container: AskedContainer): Promise<Answer> {
    const { reader, large } = this.#options;
    const received = new ReceivedBody(body);
    if (await received.upTo(ORDINARY)) return reader.read(pod, received.blocks(), container);
    return large.take(async () => {
      await received.upTo(Infinity);
      return reader.read(pod, received.blocks(), container);
    });
  }

  #dialling(connections: number): Agent {
    return new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      maxResponseSize: ANSWER_LIMIT,
      connect: (options, callback) => {
        const fail = (error: unknown): void => callback(new ConnectionFault(describe(error), { cause: error }), null);
        this.#dial(options).then((socket) => callback(null, socket), fail);
      },
    });
  }

  #dial(options: buildConnector.Options): Promise<Socket> {
    const { routes } = this.#options;
    const { address: named } = this.#entry;
    if (this.#dialled || !routes || 'url' in named) return this.#direct(this.#connector, options);
    return routes.open(named.service, {
      direct: () => this.#direct(this.#impatient, options),
      through: (stream) => this.#connected(this.#connector, { ...options, httpSocket: stream as Socket }),
    });
  }

  async #direct(connector: buildConnector.connector, options: buildConnector.Options): Promise<Socket> {
    const { host, port } = await this.#target(options.hostname, Number(options.port) || 443);
    return this.#connected(connector, { ...options, hostname: host, port: String(port) }, options.hostname);
  }

  /** A TLS connection that is verified against the entry's CA and name, wherever its bytes go. */
  #connected(
    connector: buildConnector.connector,
    options: buildConnector.Options,
    name = options.hostname,
  ): Promise<Socket> {
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    connector({ ...options, servername: serverName(name) }, (...[error, socket]) =>
      error ? reject(error) : resolve(socket),
    );
    return promise;
  }

  #connectorFor(timeout: number): buildConnector.connector {
    const { caBundle } = this.#entry;
    return buildConnector({ ...(caBundle && { ca: caBundle }), timeout, allowH2: false });
  }

  async #target(host: string, port: number): Promise<DialAddress> {
    if (this.#dialled) return this.#dialled;
    const { address } = this.#entry;
    if ('url' in address) return { host, port };
    const { service } = address;
    const facts = await this.#options.cluster.service(service.namespace, service.name);
    return dialTarget(facts, `${service.namespace}/${service.name}`, service.port);
  }

  /** The address that is dialled whatever the entry names, if there is one. */
  get #dialled(): DialAddress | undefined {
    return this.#entry.askedAt ?? this.#options.address;
  }

  #url(): URL {
    const { address } = this.#entry;
    try {
      if ('url' in address) return new URL(address.url);
      const { namespace, name, path, port } = address.service;
      return new URL(path, `https://${name}.${namespace}.svc:${port}`);
    } catch (error) {
      throw new ConnectionFault(describe(error), { cause: error });
    }
  }
}

/** Dapr's injector, for one, declines the pods of everyone whose UID it does not know. */
function inTheNameOf(user: UserInfo | undefined, answer: Answer): Answer {
  if (answer.kind !== 'no-sidecar' || !user || user.uid !== undefined) return answer;
  const doubt = `it may know ${user.username} by its UID, and that ServiceAccount cannot be read`;
  return { ...answer, doubt };
}

/** The beginning of an error's text. The rest is not read, and the connection is closed. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  body.once('error', () => undefined);
  const received = new ReceivedBody(body);
  if (!(await received.upTo(ERROR_TEXT))) body.destroy();
  return Buffer.concat(received.blocks()).toString('utf8');
}

/** An IP address is not a server name (RFC 6066 section 3). The certificate is then checked against the dialled address. */
const serverName = (hostname: string): string => (isIP(hostname) ? '' : hostname);
