/** From what a command was given to a design ready to run. */
import type { Design } from '../design/design.ts';
import { fullParams } from '../design/params.ts';
import { traceName, withTrace } from '../design/replay.ts';
import { parseTrace } from '../design/trace.ts';
import type { Trace } from '../engine/trace.ts';
import { kindOf } from '../kinds/index.ts';
import type { Params } from '../kit/param.ts';
import type { Shared } from '../share/run-form.ts';
import { BadInput, BadUsage } from './failure.ts';
import { open, readText } from './open.ts';
import { readSeconds, readSeed, type Words } from './words.ts';
import { counted } from '../units/format.ts';

/** The options that say which design to run, and how. */
export const runOptions = {
  seconds: { type: 'string' },
  seed: { type: 'string' },
  warmup: { type: 'string' },
  naive: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Says something beside the result; the result alone goes to standard output. */
export const aside = (sentence: string): void => void process.stderr.write(`${sentence}\n`);

/** The design that was meant: a scenario's reference unless the naive one was asked for. */
export async function chosen(given: string, words: Words): Promise<Design> {
  return (await chosenRun(given, words)).design;
}

/** The same with the edits that a linked run takes in as it goes. */
export async function chosenRun(given: string, words: Words): Promise<Shared> {
  const opened = await open(given);
  for (const repair of opened.repairs) aside(repair);
  if (opened.form === 'scenario') return { design: opened.scenario[words.flag('naive') ? 'naive' : 'reference'], edits: [] };
  if (words.flag('naive')) throw new BadUsage('--naive goes with a scenario; this is a single design.');
  return { design: opened.design, edits: opened.edits };
}

/** The design with the trace, seed, warm-up and length that were asked for. */
export function prepared(design: Design, trace: Trace | null, words: Words): Design {
  const replaying = trace === null ? design : withTrace(design, trace);
  if (trace !== null && replaying === design) throw new BadInput('This design has no source of traffic that could replay a trace.');
  const [seconds, seed, warmup] = [words.text('seconds'), words.text('seed'), words.text('warmup')];
  const run = {
    ...replaying.run,
    ...(seconds === undefined ? {} : { seconds: readSeconds('--seconds', seconds) }),
    ...(seed === undefined ? {} : { seed: readSeed('--seed', seed) }),
    ...(warmup === undefined ? {} : readWarmup(warmup)),
  };
  const whole = { ...replaying, run };
  for (const [label, name] of missingTraces(whole, trace)) aside(`“${label}” replays the trace “${name}”, which was not given; it sends nothing. Give the trace's file with --trace.`);
  if (run.warmup === 'given' && run.warmupSeconds >= run.seconds) aside(`The run ends before its warm-up of ${run.warmupSeconds} s does; figures are of the whole run.`);
  return whole;
}

function readWarmup(text: string): Pick<Design['run'], 'warmup'> | Pick<Design['run'], 'warmup' | 'warmupSeconds'> {
  if (text === 'automatic') return { warmup: 'automatic' };
  return { warmup: 'given', warmupSeconds: text === '0' ? 0 : readSeconds('--warmup', text) };
}

/** Components that name a trace which is not there, by their label. */
function missingTraces(design: Design, trace: Trace | null): (readonly [label: string, name: string])[] {
  return design.nodes.flatMap((node) => {
    const kind = kindOf(node.kind);
    if (kind === undefined) return [];
    const values = fullParams(kind, node.params);
    return Object.entries(kind.params as Params)
      .filter(([name, param]) => param.type === 'trace' && values[name] !== '' && values[name] !== trace?.name && (param.shownWhen?.(values) ?? true))
      .map(([name]) => [node.label, String(values[name])] as const);
  });
}

/** Reads a request trace, or nothing where no file was named; says what was wrong with its rows. */
export function loadTrace(file: string | undefined): Trace | null {
  if (file === undefined) return null;
  const parsed = parseTrace(traceName(file), readText(file));
  if (!parsed.ok) throw new BadInput(`${file}: ${parsed.why}`);
  if (parsed.sorted) aside(`${file}: the rows were not in order of time and were sorted.`);
  for (const { line, why } of parsed.bad) aside(`${file}, line ${line}: left out, ${why}.`);
  if (parsed.badCount > 0) aside(`${file}: ${counted(parsed.badCount, 'bad row')} left out, ${parsed.rows} taken.`);
  return parsed.trace;
}
