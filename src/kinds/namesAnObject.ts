import type { PodOwner } from '../model.ts';

/** A kind is a DNS label, a name a DNS subdomain (apimachinery pkg/util/validation). An ownerReference may contain any text instead. */
const KIND = /^[A-Za-z][A-Za-z0-9-]{0,62}$/;
const NAME = /^[a-z0-9][a-z0-9.-]{0,252}$/;
const API_VERSION = /^[a-z0-9][a-z0-9./-]{0,316}$/;

const LONGEST_UID = 64;

/** Whether an ownerReference can name an object at all. */
export const namesAnObject = ({ apiVersion = 'v1', kind, name, uid }: PodOwner): boolean =>
  API_VERSION.test(apiVersion) && KIND.test(kind) && NAME.test(name) && uid !== '' && uid.length <= LONGEST_UID;
