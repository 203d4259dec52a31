import type { Api } from '../cluster/api.ts';
import type { Environment } from '../cluster/kubeconfig.ts';
import { listPages } from '../cluster/list.ts';
import { UNSAFE } from '../report/escaped.ts';
import { connect } from './connect.ts';
import { envOf } from './setting.ts';
import { defaults } from './settings.ts';

/** Milliseconds that a shell waits for names: somebody has pressed a key. */
const TIME_LIMIT = 1500;

/** Which cluster the words of a command line are about, as far as they say so. */
export interface Where {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** The cluster, for as long as one completion may take. */
export interface Asked {
  readonly api: Api;
  readonly signal: AbortSignal;
  /** The namespace of the context. */
  readonly namespace: string;
}

/** Lets a function read words from the cluster; none if it cannot be reached or refuses. */
export type AskCluster = (where: Where, read: (asked: Asked) => Promise<string[]>) => Promise<string[]>;

/** Asks the cluster of the environment, within a time limit, and keeps silent about every failure: a shell would show it as a candidate. */
export function askCluster(environment: Environment, timeLimit = TIME_LIMIT): AskCluster {
  return async ({ kubeconfig, context }, read) => {
    const late = AbortSignal.timeout(timeLimit);
    try {
      const of = {
        ...defaults(),
        kubeconfig: kubeconfig ?? environment[envOf('kubeconfig')] ?? '',
        context: context ?? environment[envOf('context')] ?? '',
      };
      const { client, namespace } = connect(of, environment);
      try {
        return await untilAborted(read({ api: client, signal: late, namespace }), late);
      } finally {
        await client.close();
      }
    } catch {
      return [];
    }
  };
}

/** The metadata of an object that is listed for its name. */
export interface NamedObject {
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
}

/** What has been listed of a collection when it ends, fails or is late. */
export async function listedSoFar({ api, signal }: Asked, path: string): Promise<NamedObject[]> {
  const items: NamedObject[] = [];
  try {
    for await (const page of listPages<NamedObject>(api, { path, metadataOnly: true, signal }))
      items.push(...page.items);
  } catch {
    // some names are better than none
  }
  return items;
}

/** Words that a shell can take: nothing in them acts on a terminal, or ends a line. */
export const harmless = (words: readonly (string | undefined)[]): string[] =>
  words.flatMap((word) => (word && !UNSAFE.test(word) ? word : []));

async function untilAborted(words: Promise<string[]>, signal: AbortSignal): Promise<string[]> {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  signal.addEventListener('abort', () => resolve([]), { once: true });
  return Promise.race([words, promise]);
}
