import { contextNames } from '../cluster/kubeconfig.ts';
import { messageOf } from '../messageOf.ts';
import { type Connection, connect } from './connect.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';

/** The word for all contexts of the kubeconfig. */
const ALL_CONTEXTS = 'all';

/** A cluster to read, or why there is no connection to it. */
export interface Connected {
  readonly name: string;
  readonly connection?: Connection;
  readonly error?: string;
}

/** Of several contexts, one with a mistake in the kubeconfig does not keep the others from being shown. */
export function connected(settings: Settings, { environment }: Streams): Connected {
  if (settings.contexts.length === 0) {
    const connection = connect(settings, environment);
    return { name: connection.name, connection };
  }
  try {
    return { name: settings.context, connection: connect(settings, environment) };
  } catch (error) {
    return { name: settings.context, error: messageOf(error) };
  }
}

/**
 * The contexts that are asked for; undefined where only one cluster is meant.
 * @throws {Error} naming the contexts that there are, if one of them is not
 */
export function contextsOf(
  { contexts, kubeconfig }: Settings,
  { environment: env }: Pick<Streams, 'environment'>,
): readonly string[] | undefined {
  if (contexts.length === 0) return undefined;
  const known = contextNames({ env, ...(kubeconfig && { path: kubeconfig }) });
  if (contexts.length === 1 && contexts[0] === ALL_CONTEXTS && !known.includes(ALL_CONTEXTS)) {
    if (known.length > 0) return known;
    throw new Error('--contexts all: the kubeconfig has no contexts');
  }
  const wrong = contexts.filter((name) => !known.includes(name));
  if (wrong.length === 0) return contexts;
  throw new Error(
    `--contexts: the kubeconfig has no context ${wrong.join(', ')}; it has ${known.join(', ') || 'none'}. Use all for all of them`,
  );
}
