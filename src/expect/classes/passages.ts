import { createHash } from 'node:crypto';

/**
 * Passages of Istio's own templates that read the pod, but write what they read only where it cannot change whether there is a sidecar, its
 * image, its revision, or where it is: into names in annotations and labels, into variables that describe the pod, and into a volume.
 * They are recognised by their text alone, so a template in which somebody has changed one of them reads what stands there.
 */
interface Passage {
  readonly texts: readonly Text[];
  /** Variables of these texts. If one is left, the template uses it elsewhere, too, and the passage counts as read. */
  readonly variables: readonly string[];
}

/** Some lines of a template, without their indentation. */
interface Text {
  readonly lines: number;
  readonly sha256: string;
}

/** All from istio manifests/charts/istio-control/istio-discovery/files. */
const PASSAGES: readonly Passage[] = [
  {
    variables: ['containers', 'container'],
    texts: [
      // the names of the app's containers, into a list: DNS labels, which do not end a quoted text
      { lines: 2, sha256: 'b9650b34cad430d8109007bd76f1b3683306b52f15a26c7cfbe9058c63023861' },
      // the first of them, into the annotations default-logs-container and default-container, with commas and without
      { lines: 8, sha256: 'aa3ddf1276df572ba0e8176a0062cca97131f562338049d5573e99770ff042c1' },
      { lines: 8, sha256: '9a36eb94cd30942705f2f541904b1e13a3e0a2e8f09767299bf8736faec47530' },
      // all of them, into ISTIO_META_APP_CONTAINERS
      { lines: 2, sha256: '98cacd872610545bad56d5f8a3a6f68c378e5a85040985f3d27a5e92dc633760' },
    ],
  },
  {
    // ports, into ISTIO_META_POD_PORTS: JSON without line breaks, in a literal block of YAML
    variables: ['first', 'index1', 'index2', 'c', 'p'],
    texts: [{ lines: 13, sha256: '697d9b3e4b887e258aafefbd19ae898244c78c079c075fedb85a821a1fdf4bed' }],
  },
  {
    // otelResourceAttributes (pkg/kube/inject/template.go) reads annotations, one label, the name of the first container, and the tag of
    // the only container's image. It never gives an empty text because of what it finds there, and its text goes into a variable
    variables: ['otelResAttrs'],
    texts: [{ lines: 5, sha256: 'c4e61f79117f16333f6a33a48524c62de672d390e166b5deda106fddad198b1a' }],
  },
  {
    // the ServiceAccount, into the name of a volume's secret: a DNS name
    variables: [],
    texts: [{ lines: 5, sha256: '5ed5a2054d077018a353f540d5f1071b12476ed16978de1be4411b816c885bd8' }],
  },
];

/** What the two canonical labels of the injected pod are made of. `quote` makes one line of every text, and nothing here can fail. */
const QUOTED_WORDS =
  /^\{\{ (?:index \.ObjectMeta\.Labels `[^`]*`|default|\.DeploymentMeta\.Name|trunc \d+|trimAll "[^"]*"|"[^"]*"|[ ()|])+\| quote *\}\}$/;
const CANONICAL_LABEL = /^service\.istio\.io\/canonical-(?:name|revision): (.*)$/;

const isCanonicalLabel = (line: string): boolean => QUOTED_WORDS.test(CANONICAL_LABEL.exec(line)?.[1] ?? '');

/** A template without the passages whose text it has, and without its indentation, which says nothing about what is read. */
export function withoutPassages(template: string): string {
  const lines = template.split('\n').map((line) => line.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
  return PASSAGES.reduce<readonly string[]>(
    (before, { texts, variables }) => {
      const without = texts.reduce(withoutText, before);
      const isLeft = variables.some((name) => new RegExp(`\\$${name}\\b`).test(without.join('\n')));
      return isLeft ? before : without;
    },
    lines.filter((line) => !isCanonicalLabel(line)),
  ).join('\n');
}

function withoutText(all: readonly string[], { lines, sha256 }: Text): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < all.length; ) {
    const isText = at + lines <= all.length && digestOf(all.slice(at, at + lines)) === sha256;
    if (!isText) kept.push(all[at] ?? '');
    at += isText ? lines : 1;
  }
  return kept;
}

const digestOf = (lines: readonly string[]): string => createHash('sha256').update(lines.join('\n')).digest('hex');
