/**
 * Passages of Istio's own templates that read the pod, but write what they read only where it cannot change whether there is a sidecar, its
 * image, its revision, or where it is: into names in annotations and labels, into variables that describe the pod, and into a volume.
 * They are recognised by their text alone, so a template in which somebody has changed one of them reads what stands there.
 */
interface Passage {
  readonly texts: readonly string[];
  /** Variables of these texts. If one is left, the template uses it elsewhere, too, and the passage counts as read. */
  readonly variables: readonly string[];
}

/** All from istio manifests/charts/istio-control/istio-discovery/files. */
const PASSAGES: readonly Passage[] = [
  // names of containers, into two annotations and a variable: DNS labels, which do not end a quoted text
  {
    variables: ['containers', 'container'],
    texts: [
      `{{- $containers := list }}
{{- range $index, $container := .Spec.Containers }}{{ if not (eq $container.Name "istio-proxy") }}{{ $containers = append $containers $container.Name }}{{end}}{{- end}}
`,
      `{{- if ge (len $containers) 1 }}
{{- if not (isset .ObjectMeta.Annotations \`kubectl.kubernetes.io/default-logs-container\`) }}
kubectl.kubernetes.io/default-logs-container: "{{ index $containers 0 }}",
{{- end }}
{{- if not (isset .ObjectMeta.Annotations \`kubectl.kubernetes.io/default-container\`) }}
kubectl.kubernetes.io/default-container: "{{ index $containers 0 }}",
{{- end }}
{{- end }}
`,
      `{{- if ge (len $containers) 1 }}
{{- if not (isset .ObjectMeta.Annotations \`kubectl.kubernetes.io/default-logs-container\`) }}
kubectl.kubernetes.io/default-logs-container: "{{ index $containers 0 }}"
{{- end }}
{{- if not (isset .ObjectMeta.Annotations \`kubectl.kubernetes.io/default-container\`) }}
kubectl.kubernetes.io/default-container: "{{ index $containers 0 }}"
{{- end }}
{{- end }}
`,
      `- name: ISTIO_META_APP_CONTAINERS
value: "{{ $containers | join "," }}"
`,
    ],
  },
  // ports, into a variable: JSON without line breaks, in a literal block of YAML
  {
    variables: ['first', 'index1', 'index2', 'c', 'p'],
    texts: [
      `- name: ISTIO_META_POD_PORTS
value: |-
[
{{- $first := true }}
{{- range $index1, $c := .Spec.Containers }}
{{- range $index2, $p := $c.Ports }}
{{- if (structToJSON $p) }}
{{if not $first}},{{end}}{{ structToJSON $p }}
{{- $first = false }}
{{- end }}
{{- end}}
{{- end}}
]
`,
    ],
  },
  // otelResourceAttributes (pkg/kube/inject/template.go) reads annotations, one label, the name of the first container, and the tag of the
  // only container's image. It never gives an empty text because of what it finds there, and its text goes into a variable
  {
    variables: ['otelResAttrs'],
    texts: [
      `{{- $otelResAttrs := otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels .DeploymentMeta.Namespace .Spec.Containers }}
{{- if $otelResAttrs }}
- name: OTEL_RESOURCE_ATTRIBUTES
value: "{{ $otelResAttrs }}"
{{- end }}
`,
    ],
  },
  // the ServiceAccount, into the name of a volume's secret: a DNS name
  {
    variables: [],
    texts: [
      `{{ if eq .Spec.ServiceAccountName "" }}
secretName: istio.default
{{ else -}}
secretName: {{  printf "istio.%s" .Spec.ServiceAccountName }}
{{  end -}}
`,
    ],
  },
];

/** Two labels of the injected pod. `quote` makes one line of every text, and the other functions here cannot fail. */
const CANONICAL_LABELS =
  /^[ \t]*service\.istio\.io\/canonical-(?:name|revision): \{\{ (?:index \.ObjectMeta\.Labels `[^`\n]*`|default|\.DeploymentMeta\.Name|trunc \d+|trimAll "[^"\n]*"|"[^"\n]*"|[ ()|])+\| quote[ ]*\}\}[ \t]*$/gm;

const SPECIAL = /[\\^$.*+?()[\]{}|]/g;

/** Lines may be indented in any way. */
const linePattern = (line: string): string => `[ \\t]*${line.replace(SPECIAL, '\\$&')}[ \\t]*`;

const patternOf = (text: string): RegExp =>
  new RegExp(`(?<=^|\\n)${text.trimEnd().split('\n').map(linePattern).join('\\n')}(?=\\n|$)`, 'g');

/** A template without the passages whose text it has. */
export function withoutPassages(template: string): string {
  return PASSAGES.reduce(
    (text, { texts, variables }) => {
      const without = texts.reduce((before, one) => before.replaceAll(patternOf(one), ''), text);
      const isLeft = variables.some((name) => new RegExp(`\\$${name}\\b`).test(without));
      return isLeft ? text : without;
    },
    template.replaceAll(CANONICAL_LABELS, ''),
  );
}
