import type { Duplex } from 'node:stream';
import type { buildConnector } from 'undici';
import { describe } from './connectionFault.ts';

/** A Service that a webhook names, and its port. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Opens a stream to a Service where the network does not lead to it: a port-forward through the API server. */
export type Tunnel = (service: ServicePort) => Promise<Duplex>;

type Socket = NonNullable<Parameters<buildConnector.Callback>[1]>;

/** The ways to open a connection to a Service. */
export interface Ways {
  readonly direct: () => Promise<Socket>;
  readonly through: (stream: Duplex) => Promise<Socket>;
}

/**
 * How each Service is reached from outside of the cluster. The first connection tries the network, then the tunnel, and what it learns
 * holds for all others: who waits for the network's time limit does so once.
 */
export class InjectorRoutes {
  readonly #tunnel: Tunnel;
  /** Whether the network leads to a Service: the error where it does not. */
  readonly #network = new Map<string, Promise<unknown>>();

  constructor(tunnel: Tunnel) {
    this.#tunnel = tunnel;
  }

  /** @throws {Error} with both reasons, when neither way leads to the Service */
  async open(service: ServicePort, { direct, through }: Ways): Promise<Socket> {
    const key = `${service.namespace}/${service.name}:${service.port}`;
    const known = this.#network.get(key);
    if (!known) {
      const first = direct();
      this.#network.set(
        key,
        first.then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      return first.catch((error: unknown) => this.#tunnelled(service, through, error));
    }
    const error = await known;
    return error === undefined ? direct() : this.#tunnelled(service, through, error);
  }

  async #tunnelled(service: ServicePort, through: Ways['through'], network: unknown): Promise<Socket> {
    try {
      return await through(await this.#tunnel(service));
    } catch (error) {
      throw new Error(`${describe(network)}; by a port-forward: ${describe(error)}`, { cause: error });
    }
  }
}
