/** The command line: the same engine without a page. Results go to standard output, sentences to standard error. */
import { isMainThread } from 'node:worker_threads';
import { checkCommand } from './check.ts';
import { compareCommand } from './compare.ts';
import { inlineMore } from './compiler.ts';
import { BadInput, BadUsage } from './failure.ts';
import { kindsCommand } from './kinds.ts';
import { runCommand } from './run.ts';
import { serve } from './study.ts';

const usage = `Usage:
  sandtable run FILE|LINK [--seconds S] [--seed N] [--warmup S|automatic] [--trace FILE] [--requests OUT.csv]
                          [--replications N [--jobs N]] [--naive] [--json]
  sandtable compare A B [--replications N] [--metric PATH]… [--jobs N] [--seconds S] [--seed N] [--warmup S|automatic] [--naive] [--json]
  sandtable check FILE|LINK
  sandtable kinds [--json | --markdown]

FILE is a design or a scenario (its reference design runs, or with --naive the naive one); LINK is an address with #s1.… in it.
--trace replays a CSV or JSON-lines request trace; --requests writes one row per request. --replications runs the design under N seeds on
as many threads as --jobs says; compare runs two designs under the same ones. A and B are FILE or LINK; PATH is one of the JSON result, say latency.p99.`;

const commands: Readonly<Record<string, (args: readonly string[]) => string | Promise<string>>> = { run: runCommand, compare: compareCommand, check: checkCommand, kinds: kindsCommand };

/** Does what the words say; answers the text for standard output. */
async function obey([name, ...args]: readonly string[]): Promise<string> {
  if (name === 'help' || name === '--help' || name === '-h' || args.includes('--help')) return usage;
  if (name === undefined) throw new BadUsage(`Say what to do.\n\n${usage}`);
  if (!Object.hasOwn(commands, name)) throw new BadUsage(`There is no command “${name}”; there are run, compare, check and kinds.`);
  return commands[name]!(args);
}

// Whoever reads only the first lines closes the pipe early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

async function main(): Promise<void> {
  inlineMore();
  try {
    process.stdout.write(`${await obey(process.argv.slice(2))}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof BadInput ? error.exitCode : 1;
  }
}

// The threads that replications run on start from this same file.
if (isMainThread) await main();
else serve();
