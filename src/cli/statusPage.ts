import { randomUUID } from 'node:crypto';
import { steadyNow, systemClock } from '../cluster/clock.ts';
import type { Leadership } from '../leader/leadership.ts';
import { messageOf } from '../messageOf.ts';
import { Connections } from '../page/connections.ts';
import type { LeaderView } from '../page/leaderView.ts';
import { PageFeed } from '../page/pageFeed.ts';
import { PageHandler } from '../page/pageHandler.ts';
import { errorFields, type Logger } from '../report/logger.ts';
import type { ListenAddress, Server } from '../report/server.ts';
import { SayOnce } from '../sayOnce.ts';
import { pageServer } from './pageServer.ts';
import { pageView } from './pageView.ts';
import type { SecuredParts } from './securedServer.ts';
import type { Settings } from './settings.ts';

export interface StatusPageOptions {
  readonly settings: Settings;
  readonly leadership: Pick<Leadership, 'isLeading' | 'lease' | 'pauseState'>;
  /** The namespace of Meltemi. */
  readonly home: string;
  /** The address of the API server, or the name of the kubeconfig's context. */
  readonly server: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** The status page of one process. Nothing of it runs before `listen`, and nothing is made before somebody looks. */
export class StatusPage {
  readonly #settings: Settings;
  readonly #feed: PageFeed;
  readonly #handler: PageHandler;
  readonly #connections = new Connections();
  #leader: LeaderView | undefined;

  constructor({ settings, leadership, home, server, logger, signal }: StatusPageOptions) {
    this.#settings = settings;
    const said = new SayOnce<string>();
    const onError = (error: unknown): void => {
      if (said.isNews('page', messageOf(error))) logger.error('Cannot make the status page', errorFields(error));
    };
    this.#feed = new PageFeed({
      view: () =>
        pageView({
          leader: () => this.#leader,
          leadership,
          cluster: settings.clusterName || server,
          home,
          dryRun: settings.dryRun,
          wall: Date.now,
        }),
      now: steadyNow,
      wall: Date.now,
      sleep: systemClock.sleep,
      signal,
      onError,
      boot: randomUUID().slice(0, 8),
    });
    this.#handler = new PageHandler({
      feed: this.#feed,
      explanation: (key) => (leadership.isLeading ? this.#leader?.explanation(key) : undefined),
      onListener: (socket) => this.#connections.leave(socket),
      onError,
    });
  }

  /** Shows the evaluations of this process from now on. */
  show(leader: LeaderView): void {
    this.#leader = leader;
    leader.onChange(() => this.#feed.changed());
  }

  /** @throws {Error} when the certificate cannot be used, or it cannot listen on the address */
  async listen(address: ListenAddress, parts: SecuredParts): Promise<Server> {
    const server = await pageServer(address, this.#handler.handle, this.#settings, parts);
    this.#connections.bound(server);
    return server;
  }
}
