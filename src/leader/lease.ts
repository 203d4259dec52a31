import type { Api } from '../cluster/api.ts';
import { isNotFound } from '../cluster/apiError.ts';
import type { OwnAccount } from '../cluster/ownAccount.ts';
import { resourcePath } from '../cluster/resources.ts';
import type { Labels } from '../model.ts';
import { FIELD_MANAGER, LEASE_NAME } from '../names.ts';

/** coordination.k8s.io/v1 LeaseSpec. Times are MicroTime. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A Lease as the API server sent it. Fields that are not listed here are kept and sent back unchanged. */
export interface Lease {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Labels;
  };
  readonly spec?: LeaseSpec;
}

export interface LeaseCall {
  /** Milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly beforeSend?: () => void;
}

/** The annotations of a Lease; none where there is no Lease. */
export const annotationsOf = (lease: Lease | undefined): Labels => lease?.metadata?.annotations ?? {};

/** Kubernetes' MicroTime. @param now wall clock, milliseconds */
export const microTime = (now: number): string => new Date(now).toISOString().replace('Z', '000Z');

/**
 * Meltemi's Lease in one namespace. Writes are not retried here; the caller decides whether a retry makes sense. Every method throws
 * `ApiError`.
 */
export class LeaseObject {
  readonly #client: Pick<Api, 'request'>;
  readonly #namespace: string;
  readonly #owner: OwnAccount | undefined;

  /** @param owner the owner of a Lease that is created here: it is deleted with its owner, because no chart or bundle deletes it */
  constructor(client: Pick<Api, 'request'>, namespace: string, owner?: OwnAccount) {
    this.#client = client;
    this.#namespace = namespace;
    this.#owner = owner;
  }

  /** The Lease, or undefined where there is none. */
  async read(call: LeaseCall): Promise<Lease | undefined> {
    try {
      return await this.#client.request<Lease>({ ...call, method: 'GET', path: this.#path, retries: 1 });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** @throws ApiError 409 when another client was faster */
  create(spec: LeaseSpec, call: LeaseCall): Promise<Lease> {
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: LEASE_NAME,
        namespace: this.#namespace,
        ...(this.#owner && { ownerReferences: [this.#owner] }),
      },
      spec,
    };
    const path = resourcePath('leases', this.#namespace);
    return this.#client.request<Lease>({ ...call, method: 'POST', path, query: WHO, body, retries: 0 });
  }

  /**
   * Writes the Lease as it was read, with a new spec and additional annotations.
   * @throws ApiError 409 when any client has changed it since. Then nothing was written, and it must be read again
   */
  replace(read: Lease, spec: LeaseSpec, annotations: Labels, call: LeaseCall): Promise<Lease> {
    const metadata = { ...read.metadata, annotations: { ...annotationsOf(read), ...annotations } };
    const body = { ...read, metadata, spec };
    return this.#client.request<Lease>({ ...call, method: 'PUT', path: this.#path, query: WHO, body, retries: 0 });
  }

  get #path(): string {
    return resourcePath('leases', this.#namespace, LEASE_NAME);
  }
}

const WHO = { fieldManager: FIELD_MANAGER };
