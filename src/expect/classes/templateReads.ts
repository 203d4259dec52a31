import { actionsOf, type Token } from './templateActions.ts';

/** What an injection template reads of the pod. Everything else can change without changing what the template makes. */
export interface TemplateReads {
  /** The labels that it reads; `all` if it may read any. */
  readonly labels: ReadonlySet<string> | 'all';
  /** The same of annotations. */
  readonly annotations: ReadonlySet<string> | 'all';
  /** Fields of the pod's spec in Go's spelling. Of the containers, names and ports alone are `Names` and `Ports`. */
  readonly spec: ReadonlySet<string>;
}

/** What an operand is: all data of the template, a container of the pod, or something that follows from what is read. */
type Value = 'data' | 'container' | 'known';

/**
 * Fields of SidecarTemplateData that say nothing about a pod but its namespace, labels and annotations (istio pkg/kube/inject/inject.go).
 */
const NOT_OF_THE_POD: ReadonlySet<string> = new Set([
  'CompliancePolicy',
  'DeploymentMeta',
  'InboundTrafficPolicyMode',
  'MeshConfig',
  'NativeSidecars',
  'ProxyConfig',
  'ProxyGID',
  'ProxyImage',
  'ProxyInitImage',
  'ProxyUID',
  'Revision',
  'TypeMeta',
  'Values',
]);

/** Fields of a PodSpec. What is not among them may be a method that reads all of it. */
const OF_SPEC: ReadonlySet<string> = new Set([
  'Affinity',
  'Containers',
  'DNSConfig',
  'DNSPolicy',
  'HostAliases',
  'HostNetwork',
  'ImagePullSecrets',
  'InitContainers',
  'NodeName',
  'NodeSelector',
  'PriorityClassName',
  'RestartPolicy',
  'SecurityContext',
  'ServiceAccountName',
  'ShareProcessNamespace',
  'Tolerations',
  'TopologySpreadConstraints',
  'Volumes',
]);

/** Functions that look up one key of a map, which they get first (pkg/kube/inject/template.go, text/template, sprig). */
const LOOKS_UP: ReadonlySet<string> = new Set(['index', 'isset', 'hasKey', 'get']);
const CONTAINER_LISTS: ReadonlySet<string | undefined> = new Set(['Containers', 'InitContainers']);
/** Fields of a container, and what they are called among what is read. */
const OF_CONTAINER: ReadonlyMap<string | undefined, string> = new Map([
  ['Name', 'Names'],
  ['Ports', 'Ports'],
]);

class NotUnderstood extends Error {}

/**
 * What a template reads of the pod, as far as can be told from its text. It follows no values: whatever a template computes from what it
 * reads is decided by what it reads. So it only has to find each place where a template touches the pod, and what it touches there. A
 * template that hands on all of its data, or anything else that is not known here, is not understood.
 * @returns undefined if it is not understood
 */
export function readsOf(template: string): TemplateReads | undefined {
  const actions = actionsOf(template);
  if (!actions) return undefined;
  try {
    return new Reading().of(actions);
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}

interface Block {
  /** The dot outside of it, which is also the dot of its `else`. */
  readonly outer: Value;
}

class Reading {
  readonly #labels = new Set<string>();
  readonly #spec = new Set<string>();
  readonly #variables = new Map<string, Value>();
  readonly #blocks: Block[] = [];
  readonly #annotations = new Set<string>();
  #allLabels = false;
  #allAnnotations = false;
  #dot: Value = 'data';

  of(actions: readonly (readonly Token[])[]): TemplateReads {
    for (const action of actions) this.#action(action);
    if (this.#blocks.length > 0) throw new NotUnderstood();
    return {
      labels: this.#allLabels ? 'all' : this.#labels,
      annotations: this.#allAnnotations ? 'all' : this.#annotations,
      spec: this.#spec,
    };
  }

  #action(action: readonly Token[]): void {
    const [first, ...rest] = action;
    const word = first?.kind === 'word' ? first.word : '';
    switch (word) {
      case 'if':
        this.#pipeline(rest);
        this.#enter(this.#dot);
        return;
      case 'with':
      case 'range':
        this.#enterWith(word, rest);
        return;
      case 'else':
        this.#else(rest);
        return;
      case 'define':
      case 'block':
        // its dot is what it is called with, which at most is all data
        this.#call(rest);
        this.#enter('data');
        return;
      case 'template':
        this.#call(rest);
        return;
      case 'end':
        this.#leave();
        return;
      default:
        this.#pipeline(action);
    }
  }

  #enter(dot: Value): void {
    this.#blocks.push({ outer: this.#dot });
    this.#dot = dot;
  }

  #leave(): void {
    const block = this.#blocks.pop();
    if (!block) throw new NotUnderstood();
    this.#dot = block.outer;
  }

  #else(rest: readonly Token[]): void {
    const block = this.#blocks.at(-1);
    if (!block) throw new NotUnderstood();
    this.#dot = block.outer;
    const [first, ...pipeline] = rest;
    if (!first) return;
    if (first.kind !== 'word') throw new NotUnderstood();
    if (first.word === 'if') this.#pipeline(pipeline);
    else if (first.word === 'with') this.#dot = this.#declaring(pipeline, 'with');
    else throw new NotUnderstood();
  }

  #enterWith(word: 'with' | 'range', pipeline: readonly Token[]): void {
    const dot = this.#declaring(pipeline, word);
    this.#enter(dot);
  }

  /** The value of a pipeline, or of its elements; variables that it declares get it. */
  #declaring(pipeline: readonly Token[], word: 'with' | 'range' | undefined): Value {
    const { names, operands } = declarationOf(pipeline);
    const value: Value = word === 'range' && this.#areContainers(operands) ? 'container' : 'known';
    if (value === 'known') this.#operands(operands);
    // of two variables of a range, the first is the index
    for (const [place, name] of names.entries())
      this.#declare(name, names.length === 2 && place === 0 ? 'known' : value);
    return value;
  }

  /** One name always stands for values of one kind, wherever in the template. */
  #declare(name: string, value: Value): void {
    if ((this.#variables.get(name) ?? value) !== value) throw new NotUnderstood();
    this.#variables.set(name, value);
  }

  #areContainers(operands: readonly Token[]): boolean {
    const [only, ...others] = operands;
    if (only?.kind !== 'fields' || others.length > 0 || only.on === 'parenthesis') return false;
    const isOfData = only.on === 'root' || this.#dot === 'data';
    const [first, second, ...more] = only.fields;
    return isOfData && first === 'Spec' && CONTAINER_LISTS.has(second) && more.length === 0;
  }

  /** `template` and `block` may hand on all data, because what they call is read too. */
  #call(rest: readonly Token[]): void {
    const [name, only, ...more] = rest;
    if (name?.kind !== 'text') throw new NotUnderstood();
    if (more.length === 0 && (only === undefined || only.kind === 'dot' || only.kind === 'root')) {
      if (only?.kind === 'dot' && this.#dot === 'container') throw new NotUnderstood();
      return;
    }
    this.#pipeline(rest.slice(1));
  }

  #pipeline(pipeline: readonly Token[]): void {
    this.#declaring(pipeline, undefined);
  }

  #operands(operands: readonly Token[]): void {
    for (const [place, operand] of operands.entries()) this.#operand(operand, operands[place - 1], operands[place + 1]);
  }

  #operand(operand: Token, before: Token | undefined, after: Token | undefined): void {
    switch (operand.kind) {
      case 'dot':
        if (this.#dot !== 'known') throw new NotUnderstood();
        return;
      case 'root':
        throw new NotUnderstood();
      case 'variable':
        this.#fieldsOf(this.#variables.get(operand.name), operand.fields, before, after);
        return;
      case 'fields':
        // what is in a parenthesis is looked at by itself
        if (operand.on === 'parenthesis') return;
        this.#fieldsOf(operand.on === 'root' ? 'data' : this.#dot, operand.fields, before, after);
        return;
      case 'sign':
        // a declaration stands at the beginning alone
        if (operand.sign === ':=' || operand.sign === '=' || operand.sign === ',') throw new NotUnderstood();
        return;
      default:
    }
  }

  #fieldsOf(
    value: Value | undefined,
    fields: readonly string[],
    before: Token | undefined,
    after: Token | undefined,
  ): void {
    if (value === 'known') return;
    if (value === 'container') {
      const part = OF_CONTAINER.get(fields[0]);
      if (part === undefined) throw new NotUnderstood();
      this.#spec.add(part);
      return;
    }
    const [first = '', ...rest] = fields;
    if (value === undefined) throw new NotUnderstood();
    if (first === 'Spec') this.#ofSpec(rest);
    else if (first === 'ObjectMeta') this.#ofMeta(rest, before, after);
    else if (!NOT_OF_THE_POD.has(first)) throw new NotUnderstood();
  }

  #ofSpec([field = '']: readonly string[]): void {
    if (!OF_SPEC.has(field)) throw new NotUnderstood();
    this.#spec.add(field);
  }

  #ofMeta([map, key, ...more]: readonly string[], before: Token | undefined, after: Token | undefined): void {
    const looked = after?.kind === 'text' && before?.kind === 'word' ? { by: before.word, key: after.text } : undefined;
    // the annotation of this name, or a default
    if (map === undefined && looked?.by === 'annotation') this.#annotations.add(looked.key);
    else if (map === 'Labels' || map === 'Annotations') {
      if (more.length > 0) throw new NotUnderstood();
      this.#ofMap(map, key ?? (looked && LOOKS_UP.has(looked.by) ? looked.key : undefined));
    } else if (map !== 'Namespace' || key !== undefined) throw new NotUnderstood();
  }

  #ofMap(map: 'Labels' | 'Annotations', key: string | undefined): void {
    if (key !== undefined) (map === 'Labels' ? this.#labels : this.#annotations).add(key);
    else if (map === 'Labels') this.#allLabels = true;
    else this.#allAnnotations = true;
  }
}

/** `$index, $container := …`: the names, and what comes after them. */
function declarationOf(pipeline: readonly Token[]): { names: string[]; operands: readonly Token[] } {
  const end = pipeline.findIndex((token) => token.kind === 'sign' && (token.sign === ':=' || token.sign === '='));
  if (end < 0) return { names: [], operands: pipeline };
  const names = pipeline.slice(0, end).flatMap((token, place): string[] => {
    const isName = place % 2 === 0;
    if (isName && token.kind === 'variable' && token.fields.length === 0) return [token.name];
    if (!isName && token.kind === 'sign' && token.sign === ',') return [];
    throw new NotUnderstood();
  });
  if (names.length === 0 || names.length > 2) throw new NotUnderstood();
  return { names, operands: pipeline.slice(end + 1) };
}
