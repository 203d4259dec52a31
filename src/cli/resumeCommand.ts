import { LEASE_ANNOTATION, LEASE_NAME } from '../names.ts';
import { escaped } from '../report/escaped.ts';
import { annotateLease } from './annotateLease.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';

/**
 * Ends a pause and all current halts.
 * @returns the exit code
 * @throws {Error} when there is no Lease, or it may not be changed; the message is for users
 */
export async function resumeCommand(settings: Settings, streams: Streams, signal: AbortSignal): Promise<number> {
  const changes = { [LEASE_ANNOTATION.paused]: null, [LEASE_ANNOTATION.resume]: new Date().toISOString() };
  const namespace = await annotateLease(settings, streams.environment, changes, signal);
  streams.out.write(`${escaped(`resumed by Lease ${namespace}/${LEASE_NAME}`)}\n`);
  return 0;
}
