import type { Environment } from '../cluster/kubeconfig.ts';
import type { ScreenInput } from './liveScreen.ts';

/** The standard streams and the environment, as far as a command needs them. */
export interface Streams {
  readonly input: AsyncIterable<Buffer> & ScreenInput;
  readonly out: NodeJS.WriteStream;
  readonly error: NodeJS.WriteStream;
  readonly environment: Environment;
}
