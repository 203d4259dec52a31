import { LEASE_ANNOTATION, LEASE_NAME, PRODUCT } from '../names.ts';
import { escaped } from '../report/escaped.ts';
import { annotateLease } from './annotateLease.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';

/**
 * Stops new restarts until `meltemi resume`, whichever replica leads.
 * @returns the exit code
 * @throws {Error} when there is no Lease, or it may not be changed; the message is for users
 */
export async function pauseCommand(settings: Settings, streams: Streams, signal: AbortSignal): Promise<number> {
  // The word `false` alone would mean the opposite.
  const reason = settings.reason === 'false' ? '"false"' : settings.reason || 'true';
  const namespace = await annotateLease(settings, streams.environment, { [LEASE_ANNOTATION.paused]: reason }, signal);
  streams.out.write(
    `${escaped(`paused by Lease ${namespace}/${LEASE_NAME}; to go on: ${PRODUCT} resume -n ${namespace}`)}\n`,
  );
  return 0;
}
