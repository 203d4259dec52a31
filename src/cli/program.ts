import { Command, Option } from 'commander';
import type { Environment } from '../cluster/kubeconfig.ts';
import { deployment } from '../kinds/deployment.ts';
import { HOME_PAGE, LEASE_ANNOTATION, LEASE_NAME, PRODUCT } from '../names.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import { escaped } from '../report/escaped.ts';
import { EXPLAIN_FORMATS, type ExplainFormat, parseReason } from './explainCommand.ts';
import { flagOption } from './flagOption.ts';
import type { CheckOptions } from './policyCommand.ts';
import { type CommandName, emptyIsUnset, envOf, type Setting } from './setting.ts';
import { defaults, SETTINGS, type Settings } from './settings.ts';
import { withoutCredentials } from './withoutCredentials.ts';

/** Runs a command. `given` names the settings that a flag or an environment variable sets; the result is the exit code. */
type Action = (settings: Settings, given: ReadonlySet<string>) => Promise<number>;
export type Actions = Readonly<Record<CommandName, Action>> & {
  readonly policyCheck: (file: string, options: CheckOptions) => Promise<number>;
  readonly explain: (reason: ReasonCode | undefined, format: ExplainFormat) => Promise<number>;
};

const RUN_EXAMPLES = `
Examples:
  ${PRODUCT} run --dry-run                  see in the log what would be restarted
  ${PRODUCT} run --max-in-flight 10         ten workloads at a time
  ${PRODUCT} run --leader-elect=false       the only replica; it does not wait for a Lease
  ${PRODUCT} run --policy policy.yaml       limits and filters from a file; edits take effect without a restart
  ${PRODUCT} run --exclude-namespaces 'batch-*'    report on these namespaces, and restart nothing there

Every flag is also an environment variable: --max-in-flight is MELTEMI_MAX_IN_FLIGHT.`;

const PLAN_EXAMPLES = `
Examples:
  ${PRODUCT} plan                           what would be restarted, why and in which order
  ${PRODUCT} plan --in-cluster-settings     the same, with the settings and the policy of the installed operator
  ${PRODUCT} plan -n shop --explain ${deployment.kind}/cart    how one verdict comes about
  ${PRODUCT} plan --if 'tag prod=canary'    what would happen if the tag prod pointed to the revision canary
  ${PRODUCT} plan --if 'label namespace/shop istio.io/rev=canary istio-injection-' --if 'injector canary=127.0.0.1:15018'
  ${PRODUCT} plan -o json | jq '.workloads[] | select(.verdict=="outdated")'
  kubectl -n istio-system port-forward svc/istiod 15017:443 &
  ${PRODUCT} plan --injector-address localhost:15017    through a port-forward of your own

Exit code: 0 everything assessed and nothing outdated, 1 an error, or nothing outdated but something could not be
assessed, 2 wrong usage, 3 something is outdated. It is also 0 if the output is closed early, as in "${PRODUCT} plan | head".`;

const STATUS_EXAMPLES = `
Examples:
  ${PRODUCT} status                         how far the restarts are, and what waits for what
  ${PRODUCT} status --watch                 the same, live; q or Ctrl-C ends it
  ${PRODUCT} status -n shop                 one namespace
  ${PRODUCT} status --contexts all          one line for each cluster of the kubeconfig
  ${PRODUCT} status -o json | jq .counts

It reads what the leader publishes on its Lease. With the rights to read workloads, pods and Events, it also shows
what controllers say about restarts in flight.
Exit code: 0 shown, 1 an error, or a cluster that could not be read, 2 wrong usage.`;

const PAUSE_EXAMPLES = `
Examples:
  ${PRODUCT} pause -n meltemi --reason 'change freeze until Monday'
  ${PRODUCT} resume -n meltemi

The same with kubectl: kubectl -n meltemi annotate lease ${LEASE_NAME} --overwrite ${LEASE_ANNOTATION.paused}='change freeze until Monday'

Exit code: 0 done, 1 an error, 2 wrong usage.`;

const RESUME_EXAMPLES = `
Examples:
  ${PRODUCT} resume -n meltemi              end a pause, and any halt that failed restarts have caused

The same with kubectl:
  kubectl -n meltemi annotate lease ${LEASE_NAME} --overwrite ${LEASE_ANNOTATION.paused}- ${LEASE_ANNOTATION.resume}="$(date)"

Exit code: 0 done, 1 an error, 2 wrong usage.`;
const CHECK_EXAMPLES = `
Examples:
  ${PRODUCT} policy check policy.yaml       the whole policy with its defaults, or every mistake
  kubectl -n meltemi get cm meltemi-policy -o 'jsonpath={.data.policy\\.yaml}' | ${PRODUCT} policy check -
  echo '{}' | ${PRODUCT} policy check -     every key with its default
  ${PRODUCT} policy check policy.yaml --query   ask its metric gates, and show values, bounds and states

Each mistake is a line such as policy.yaml:4:12: exclude[0].namespaces: ...
Exit code: 0 the file can be used, 1 it cannot, or a metric gate gives no usable answer, 2 wrong usage.`;

const EXPLAIN_EXAMPLES = `
Examples:
  ${PRODUCT} explain                        every reason of a verdict or a wait
  ${PRODUCT} explain max-in-flight          what it means, and what ends it
  ${PRODUCT} explain -o json | jq -r '.reasons[] | select(.of=="wait") | .reason'
  ${PRODUCT} plan -n shop --explain ${deployment.kind}/cart    how the verdict on one workload comes about

It needs no cluster.
Exit code: 0 explained, 2 wrong usage, such as a reason that does not exist.`;

/**
 * The command line. Parse errors are written to standard error and then thrown as CommanderError.
 * @param exit receives the exit code of the command that ran
 * @param environment the process's own, from which Commander reads too; it tells which variables are set and empty
 */
export function program(
  version: string,
  actions: Actions,
  exit: (code: number) => void,
  environment: Environment = {},
): Command {
  const root = new Command(PRODUCT)
    .description(
      'Keeps the sidecars of an Istio mesh up to date by restarting the workloads whose sidecar is outdated.',
    )
    .version(version, '--version', 'print version, commit and its date')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .showHelpAfterError(helpOf(PRODUCT))
    .addHelpText('after', `\nRun "${PRODUCT} plan" first: it writes nothing. ${HOME_PAGE}`)
    .configureOutput({ outputError: (text, write) => write(text.split('\n').map(shown).join('\n')) })
    .exitOverride();
  const command = (name: CommandName, description: string, examples: string): void => {
    const sub = root
      .command(name)
      .description(description)
      .addHelpText('after', examples)
      .showHelpAfterError(helpOf(`${PRODUCT} ${name}`))
      .allowExcessArguments(false);
    for (const option of optionsOf(name, environment)) sub.addOption(option);
    sub.action(async (values: Partial<Settings>) =>
      exit(await actions[name]({ ...defaults(), ...values }, givenTo(sub))),
    );
  };
  command('run', 'watch the mesh and keep its workloads current', RUN_EXAMPLES);
  command('plan', 'show what run would do now, without writing anything', PLAN_EXAMPLES);
  command('status', 'show how far the restarts of the running operator are', STATUS_EXAMPLES);
  command('pause', 'begin no new restarts', PAUSE_EXAMPLES);
  command('resume', 'end a pause or a halt', RESUME_EXAMPLES);
  root
    .command('explain')
    .description('say what a reason means, and what ends it')
    .argument('[reason]', 'code of a reason, as plan and log show it; without one, all are listed', parseReason)
    .addOption(new Option('-o, --output <format>', EXPLAIN_FORMATS.join(', ')).choices(EXPLAIN_FORMATS).default('text'))
    .addHelpText('after', EXPLAIN_EXAMPLES)
    .showHelpAfterError(helpOf(`${PRODUCT} explain`))
    .allowExcessArguments(false)
    .action(async (reason: ReasonCode | undefined, { output }: { output: ExplainFormat }) =>
      exit(await actions.explain(reason, output)),
    );
  const policy = root.command('policy').description('check a policy file').helpCommand(false);
  policy
    .command('check')
    .description('check a policy file, and show the whole policy with its defaults')
    .argument('<file>', 'YAML file, - for standard input')
    .addOption(new Option('-o, --output <format>', 'yaml or json').choices(['yaml', 'json']).default('yaml'))
    .option('--query', 'ask each metric gate of the policy once, and show the answers instead of the policy')
    .addHelpText('after', CHECK_EXAMPLES)
    .showHelpAfterError(helpOf(`${PRODUCT} policy check`))
    .allowExcessArguments(false)
    .action(async (file: string, { output, query = false }: Partial<CheckOptions> & Pick<CheckOptions, 'output'>) =>
      exit(await actions.policyCheck(file, { output, query })),
    );
  return root;
}

const helpOf = (command: string): string => `(${command} --help shows how to use it)`;

/** Commander's messages quote values, also those from the environment. */
const shown = (line: string): string => escaped(withoutCredentials(line), LINE_LIMIT);
const LINE_LIMIT = 2000;

/** The settings given to a command by flag or environment variable. They override the policy file; defaults do not. */
function givenTo(command: Command): Set<string> {
  const names = command.options.map((option) => option.attributeName());
  return new Set(names.filter((name) => ['cli', 'env'].includes(command.getOptionValueSource(name) ?? '')));
}

/** The options of one command, made from the table of settings. */
function optionsOf(command: CommandName, environment: Environment): Option[] {
  return Object.entries<Setting<unknown>>(SETTINGS)
    .filter(([, setting]) => setting.commands.includes(command))
    .map(([name, setting]) => optionOf(name, setting, environment));
}

function optionOf(name: string, setting: Setting<unknown>, environment: Environment): Option {
  const option = flagOption(name, setting);
  const variable = envOf(name);
  return environment[variable] === '' && emptyIsUnset(setting) ? option : option.env(variable);
}
