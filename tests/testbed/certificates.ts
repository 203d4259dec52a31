import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate } from '@peculiar/asn1-x509';
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, set, utcTime, utf8 } from './der.ts';

const DAY_MS = 86_400_000;
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
/** RSA names no parameters, and says so. */
const RSA_SHA256 = sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([0x05, 0x00]));
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const SERVER_AND_CLIENT = sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'));

/** A certificate with its private key, both in PEM. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
}

/** Who a certificate speaks for: to Kubernetes a user with its groups, to TLS the hosts it serves. */
export interface Subject {
  readonly user: string;
  readonly groups?: readonly string[];
  readonly hosts?: readonly string[];
}

/** A certificate authority of the testbed's own. It needs no openssl: a newcomer's machine may have none. */
export class Authority {
  readonly certificate: string;
  readonly #key: KeyObject;
  readonly #name: Buffer;

  /** @param given makes it the very authority that has these credentials */
  constructor(name: string, given?: Credentials) {
    if (given) {
      this.#key = createPrivateKey(given.key);
      this.#name = subjectOf(given.certificate);
      this.certificate = given.certificate;
      return;
    }
    const pair = keyPair();
    this.#key = pair.privateKey;
    this.#name = distinguishedName({ user: name });
    this.certificate = this.#sign(this.#name, pair.publicKey, [
      extension('2.5.29.19', sequence(boolean(true)), true),
      extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
    ]);
  }

  /** Issues a certificate that serves and authenticates. */
  issue(subject: Subject): Credentials {
    const pair = keyPair();
    const extensions = [extension('2.5.29.37', SERVER_AND_CLIENT)];
    if (subject.hosts) extensions.push(extension('2.5.29.17', sequence(...subject.hosts.map(alternativeName))));
    return {
      certificate: this.#sign(distinguishedName(subject), pair.publicKey, extensions),
      key: privatePem(pair.privateKey),
    };
  }

  #sign(subject: Buffer, key: KeyObject, extensions: Buffer[]): string {
    const algorithm = this.#key.asymmetricKeyType === 'rsa' ? RSA_SHA256 : ECDSA_SHA256;
    const body = sequence(
      explicit(0, integer(Buffer.from([2]))),
      integer(randomBytes(16)),
      algorithm,
      this.#name,
      // A clock a little behind, as in a freshly resumed virtual machine, must not make the certificate invalid.
      sequence(utcTime(new Date(Date.now() - DAY_MS)), utcTime(new Date(Date.now() + 3650 * DAY_MS))),
      subject,
      key.export({ type: 'spki', format: 'der' }),
      explicit(3, sequence(...extensions)),
    );
    return pem('CERTIFICATE', sequence(body, algorithm, bits(sign('sha256', body, this.#key))));
  }
}

/** A key pair in PEM, as the API server signs and checks service account tokens with. */
export function signingKey(): { readonly publicKey: string; readonly privateKey: string } {
  const pair = keyPair();
  return {
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privatePem(pair.privateKey),
  };
}

/** The subject of a certificate, byte for byte: who verifies compares it with the issuer. */
function subjectOf(certificate: string): Buffer {
  const { tbsCertificate } = AsnConvert.parse(new X509Certificate(certificate).raw, Certificate);
  return Buffer.from(AsnConvert.serialize(tbsCertificate.subject));
}

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const extension = (id: string, content: Buffer, critical = false): Buffer =>
  critical ? sequence(oid(id), boolean(true), octets(content)) : sequence(oid(id), octets(content));

const alternativeName = (host: string): Buffer =>
  isIPv4(host) ? implicit(7, Buffer.from(host.split('.').map(Number))) : implicit(2, Buffer.from(host));

const distinguishedName = ({ user, groups = [] }: Subject): Buffer =>
  sequence(...groups.map((group) => attribute(ORGANIZATION, group)), attribute(COMMON_NAME, user));

const attribute = (id: string, value: string): Buffer => set(sequence(oid(id), utf8(value)));

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
