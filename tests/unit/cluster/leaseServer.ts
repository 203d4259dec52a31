import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Lease, LeaseSpec } from '../../../src/leader/lease.ts';
import { ApiServer, bodyOf, json, status } from './apiServer.ts';

type Written = Lease & { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };

/** An API server that knows one Lease: versions and conflicts are real, and what goes wrong is for the test to say. */
export class LeaseServer extends ApiServer {
  lease: Written | undefined;
  /** Requests in the order of their arrival, as `PUT` or `GET`. */
  readonly requests: string[] = [];
  /** Answers every request with this status instead. */
  failing: number | undefined;
  /** Called when a request has arrived and nothing is done yet. */
  arrived: (method: string) => void = () => undefined;
  /** Answers to these methods are withheld, although what they ask for is done. */
  readonly mute = new Set<string>();
  #version = 0;

  constructor() {
    super((request, response) => void this.#serve(request, response));
  }

  get spec(): LeaseSpec {
    return this.lease?.spec ?? {};
  }

  get annotations(): Readonly<Record<string, string>> {
    return this.lease?.metadata?.annotations ?? {};
  }

  /** Another client's write. */
  put(lease: Written): void {
    this.#version += 1;
    this.lease = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
  }

  annotate(annotations: Readonly<Record<string, string>>): void {
    this.put({
      ...this.lease,
      metadata: { ...this.lease?.metadata, annotations: { ...this.annotations, ...annotations } },
    });
  }

  hold(spec: LeaseSpec): void {
    this.put({ ...this.lease, spec });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    const body = method === 'GET' ? {} : ((await bodyOf(request)) as Written);
    this.requests.push(method);
    this.arrived(method);
    const [code, answer] = this.#answer(method, body);
    if (!this.mute.has(method)) json(response, code, answer);
  }

  #answer(method: string, body: Written): [number, unknown] {
    if (this.failing !== undefined) return [this.failing, status(this.failing, 'Failing', 'the server fails')];
    if (method === 'POST' && this.lease) return [409, status(409, 'AlreadyExists', 'there is one')];
    if (method !== 'POST' && !this.lease) return [404, status(404, 'NotFound', 'there is none')];
    const stale = body.metadata?.resourceVersion !== this.lease?.metadata?.resourceVersion;
    if (method === 'PUT' && stale) return [409, status(409, 'Conflict', 'changed meanwhile')];
    if (method !== 'GET' && sizeOf(body) > LARGEST) return [422, status(422, 'Invalid', 'annotations: Too long')];
    if (method !== 'GET') this.put(body);
    return [method === 'POST' ? 201 : 200, this.lease];
  }
}

/** Of all annotations together (apimachinery pkg/api/validation, TotalAnnotationSizeLimitB). */
const LARGEST = 256 * 1024;

const sizeOf = ({ metadata }: Written): number =>
  Object.entries(metadata?.annotations ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
