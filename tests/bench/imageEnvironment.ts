import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/**
 * The variables that the image sets: an operator that is measured works as it would in a container. There is none here, so the share of the
 * memory limit becomes the size that it would be with the chart's limit: how far V8 lets its heap grow depends on it.
 */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const lines = [...readFileSync('Dockerfile', 'utf8').matchAll(/^ENV (\w+)=(.*)$/gm)];
  const environment = Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value.replaceAll('"', '')]));
  const share = /--max-old-space-size-percentage=(\d+)/;
  const options = environment.NODE_OPTIONS ?? '';
  const [flag, percent] = share.exec(options) ?? [];
  if (flag === undefined) throw new Error(`Dockerfile: NODE_OPTIONS has no --max-old-space-size-percentage`);
  const heap = `--max-old-space-size=${Math.floor((memoryLimit() * Number(percent)) / 100)}`;
  return { ...environment, NODE_OPTIONS: options.replace(flag, heap) };
}

/** The memory limit of the chart's container, in MiB. */
function memoryLimit(): number {
  const { resources } = parse(readFileSync('helm/values.yaml', 'utf8')) as {
    readonly resources: { readonly limits: { readonly memory: string } };
  };
  const [, size] = /^(\d+)Mi$/.exec(resources.limits.memory) ?? [];
  if (size === undefined)
    throw new Error(`helm/values.yaml: resources.limits.memory is ${resources.limits.memory}, not in Mi`);
  return Number(size);
}
