import assert from 'node:assert/strict';
import { readsOf } from '../../../../src/expect/classes/templateReads.ts';

/** What is read, in a line: labels, annotations, and fields of the spec. */
function inWords(template: string): string {
  const reads = readsOf(template);
  if (!reads) return 'not understood';
  const set = (one: ReadonlySet<string> | 'all') => (one === 'all' ? one : [...one].sort().join(' ') || '-');
  return `${set(reads.labels)} / ${set(reads.annotations)} / ${set(reads.spec)}`;
}

const NOTHING = '- / - / -';

type Row = [name: string, template: string, reads: string];

describe('what an injection template reads of the pod', () => {
  const rows: readonly Row[] = [
    ['text alone reads nothing', 'spec: {}', NOTHING],
    [
      'values and the mesh’s settings are not of the pod',
      '{{ .Values.global.hub }}{{ .MeshConfig.TrustDomain }}',
      NOTHING,
    ],
    ['a label by name', '{{ index .ObjectMeta.Labels "app" }}', 'app / - / -'],
    ['a label by name in a raw text', '{{ index .ObjectMeta.Labels `app` | quote }}', 'app / - / -'],
    ['a label as a field', '{{ .ObjectMeta.Labels.app }}', 'app / - / -'],
    ['a label in a condition', '{{ if isset .ObjectMeta.Labels `app` }}a{{ end }}', 'app / - / -'],
    ['a label of a computed name is any', '{{ index .ObjectMeta.Labels (printf "a%s" "pp") }}', 'all / - / -'],
    ['a label of a name that is piped is any', '{{ "app" | index .ObjectMeta.Labels }}', 'all / - / -'],
    ['all labels in JSON', '{{ toJSON .ObjectMeta.Labels }}', 'all / - / -'],
    ['all labels in a loop', '{{ range $k, $v := .ObjectMeta.Labels }}{{ $k }}{{ end }}', 'all / - / -'],
    ['all labels in a variable', '{{ $l := .ObjectMeta.Labels }}{{ index $l "app" }}', 'all / - / -'],
    ['an annotation with a default', '{{ annotation .ObjectMeta `a/b` .Values.x }}', '- / a/b / -'],
    ['all annotations', '{{ .ObjectMeta.Annotations | toYaml }}', '- / all / -'],
    ['a field of the spec', '{{ if .Spec.HostNetwork }}a{{ end }}', '- / - / HostNetwork'],
    [
      'a field of the spec through the dollar',
      '{{ with .Values.x }}{{ $.Spec.ServiceAccountName }}{{ end }}',
      '- / - / ServiceAccountName',
    ],
    [
      'names of containers in a loop',
      '{{ range $i, $c := .Spec.Containers }}{{ $c.Name }}{{ .Name }}{{ end }}',
      '- / - / Names',
    ],
    [
      'names of containers that are collected in a variable',
      '{{ $n := list }}{{ range .Spec.Containers }}{{ $n = append $n .Name }}{{ end }}{{ index $n 0 }}',
      '- / - / Names',
    ],
    [
      'ports of containers in a loop within a loop',
      '{{ range $i, $c := .Spec.InitContainers }}{{ range $j, $p := $c.Ports }}{{ toJson $p }}{{ end }}{{ end }}',
      '- / - / Ports',
    ],
    [
      'containers that are handed on are read whole',
      '{{ includeInboundPorts .Spec.Containers }}',
      '- / - / Containers',
    ],
    ['one container is read whole', '{{ (index .Spec.Containers 0).Image }}', '- / - / Containers'],
    ['containers in a variable are read whole', '{{ $c := .Spec.Containers }}{{ len $c }}', '- / - / Containers'],
    ['with trim markers and line breaks', '{{-\n  index\n .ObjectMeta.Labels\n "app"\n-}}', 'app / - / -'],
    ['a comment reads nothing', '{{/* .ObjectMeta.Labels */}}{{- /* {{ toJson . }} */ -}}', NOTHING],
    ['a text with braces', '{{ printf "}}%s{{" (index .ObjectMeta.Labels `app`) }}', 'app / - / -'],
    ['a raw text with braces and quotes', '{{ printf `"}}` }}{{ index .ObjectMeta.Labels "x" }}', 'x / - / -'],
    [
      'a template that is called',
      '{{ define "x" }}{{ .Spec.Volumes }}{{ end }}{{ template "x" . }}',
      '- / - / Volumes',
    ],
    ['a template that nobody calls', '{{ define "x" }}{{ .Spec.Volumes }}{{ end }}', '- / - / Volumes'],
    ['the dot of a value', '{{ with .Values.a }}{{ toJson . }}{{ .Spec.Whatever }}{{ end }}', NOTHING],
    ['the dot of an annotation', '{{ with annotation .ObjectMeta `a` "" }}{{ . }}{{ end }}', '- / a / -'],
    ['an alternative with a value', '{{ with .Values.a }}{{ . }}{{ else with .Values.b }}{{ . }}{{ end }}', NOTHING],
    ['the name of the owner is not in a question', '{{ .DeploymentMeta.Name }}{{ .TypeMeta.Kind }}', NOTHING],
  ];
  for (const [name, template, reads] of rows) it(name, () => assert.equal(inWords(template), reads));

  const refused: readonly [name: string, template: string][] = [
    ['all data, handed to a function', '{{ toJson . }}'],
    ['all data through the dollar', '{{ with .Values.a }}{{ toJson $ }}{{ end }}'],
    ['all data in a variable', '{{ $all := . }}{{ $all.Spec.Containers }}'],
    ['all data in a parenthesis', '{{ (.).Spec.Containers }}'],
    ['all data in an alternative', '{{ with .Values.a }}a{{ else }}{{ toJson . }}{{ end }}'],
    ['all data after a loop', '{{ range .Values.a }}a{{ end }}{{ toJson . }}'],
    ['all data in a template that is called', '{{ define "x" }}{{ toJson . }}{{ end }}{{ template "x" . }}'],
    ['all data in a list that is called', '{{ template "x" (list .) }}'],
    ['the whole spec', '{{ toJson .Spec }}'],
    ['a method of the spec', '{{ .Spec.String }}'],
    ['all metadata', '{{ toJson .ObjectMeta }}'],
    ['all metadata in a variable', '{{ $m := .ObjectMeta }}{{ annotation $m "a" "" }}'],
    ['a method of the metadata', '{{ .ObjectMeta.GetLabels }}'],
    ['the generated name', '{{ .ObjectMeta.GenerateName }}'],
    ['an annotation of a computed name', '{{ annotation .ObjectMeta (printf "a") "" }}'],
    ['the image of a container', '{{ range .Spec.Containers }}{{ .Image }}{{ end }}'],
    ['the image of a container in a variable', '{{ range $c := .Spec.Containers }}{{ $c.Image }}{{ end }}'],
    ['a whole container in JSON', '{{ range .Spec.Containers }}{{ toJson . }}{{ end }}'],
    ['a whole container in a variable', '{{ range $i, $c := .Spec.Containers }}{{ $d := $c }}{{ $d.Env }}{{ end }}'],
    ['a container with a dot of its own', '{{ range .Spec.Containers }}{{ with . }}{{ .Env }}{{ end }}{{ end }}'],
    ['a template that is called with a container', '{{ range .Spec.Containers }}{{ template "x" . }}{{ end }}'],
    ['a variable that stands for two things', '{{ $c := 1 }}{{ range $c = .Spec.Containers }}{{ end }}{{ $c }}'],
    [
      'a variable that stands for something else the next time',
      '{{ $c := 1 }}{{ range .Values.a }}{{ $c.Image }}{{ range $c = $.Spec.Containers }}{{ end }}{{ end }}',
    ],
    ['a variable that is declared nowhere', '{{ $c.Image }}'],
    ['a method of every object', '{{ range .Spec.Containers }}{{ .constructor }}{{ end }}'],
    ['unknown data', '{{ .Pod }}'],
    ['an action without an end', '{{ .Values.a '],
    ['a text without an end', '{{ "a }}'],
    ['a block without an end', '{{ if .Values.a }}'],
    ['an end without a block', '{{ end }}'],
    ['a sign that Go does not have', '{{ .Values.a + 1 }}'],
  ];
  for (const [name, template] of refused)
    it(`does not understand: ${name}`, () => assert.equal(inWords(template), 'not understood'));
});
