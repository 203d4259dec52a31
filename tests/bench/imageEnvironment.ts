import { readFileSync } from 'node:fs';

/** The variables that the image sets: an operator that is measured idles as it would in a container. */
export const imageEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...readFileSync('Dockerfile', 'utf8').matchAll(/^ENV (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll('"', ''),
    ]),
  );
