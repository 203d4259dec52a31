import { ANNOTATION } from '../../../src/names.ts';
import { arrival, type History, type Invariant, type UserWrite } from './history.ts';
import { annotationsOf } from './restarts.ts';

/** The breaches of an invariant with the lines of the audit log that show them. */
export function breachesText({ name, breaches }: Invariant, history: History): string[] {
  return breaches(history).map(({ what, lines }) => `${name}: ${what}\n${lines.map(lineText).join('\n')}`);
}

function lineText(write: UserWrite): string {
  const { user, verb, resource, subresource, namespace, code } = write;
  const record = annotationsOf(write);
  const words = [ANNOTATION.restartedFor, ANNOTATION.restartedAt, ANNOTATION.run, ANNOTATION.outcome].map(
    (key) => record[key] ?? '',
  );
  const object = [resource, subresource].filter(Boolean).join('/');
  const time = new Date(arrival(write)).toISOString();
  return `  ${time} ${user} ${verb} ${object} ${namespace}/${write.name} ${code} ${words.filter(Boolean).join(' ')}`;
}
