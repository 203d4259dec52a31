import type { Owner } from '../model.ts';

/** A kind is a DNS label, a group a DNS name (apiextensions validation); the API server holds no ownerReference to that. */
const LONGEST_KIND = 63 + 1 + 253;

/**
 * The kind of an owner with its API group, whatever its version: `Kafka.kafka.strimzi.io`. It is journalled, so what is longer than any
 * kind can be is cut: one workload's text must not fill the journal of all.
 */
export function kindOfOwner({ apiVersion, kind }: Owner): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1)[0]}` : '';
  return `${kind}${group}`.slice(0, LONGEST_KIND);
}
