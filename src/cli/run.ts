/** `run FILE|LINK`: simulates a design to its end and prints what happened. */
import { fullParams } from '../design/params.ts';
import type { Design } from '../design/design.ts';
import { traceName, withTrace } from '../design/replay.ts';
import { parseTrace } from '../design/trace.ts';
import type { Trace } from '../engine/trace.ts';
import { kindOf } from '../kinds/index.ts';
import type { Params } from '../kit/param.ts';
import { Simulation } from '../run/simulation.ts';
import { BadInput, BadUsage } from './failure.ts';
import { open, readText } from './open.ts';
import { report } from './report.ts';
import { RequestLog } from './request-log.ts';
import { readSeconds, readSeed, readWords, type Words } from './words.ts';

const options = {
  seconds: { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'string' },
  requests: { type: 'string' },
  naive: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Says something beside the result; the result alone goes to standard output. */
const aside = (sentence: string): void => void process.stderr.write(`${sentence}\n`);

/** Runs the command and answers the text for standard output. */
export async function runCommand(args: readonly string[]): Promise<string> {
  const words = readWords(args, options);
  const [given, ...more] = words.rest;
  if (given === undefined || more.length > 0) throw new BadUsage('run takes one FILE or LINK.');
  const trace = loadTrace(words.text('trace'));
  const design = prepared(await chosen(given, words), trace, words);
  const log = openLog(words.text('requests'));
  const traces = trace === null ? {} : { [trace.name]: trace };
  const simulation = new Simulation(design, { traces, ...(log === null ? {} : { listener: (request, outcome, now) => log.note(request, outcome, now) }) });
  log?.watch(simulation.board.net);
  const before = process.cpuUsage();
  simulation.runTo(design.run.seconds);
  const used = process.cpuUsage(before);
  log?.close();
  const result = simulation.result();
  return words.flag('json') ? JSON.stringify(result, null, 2) : report(design, result, (used.user + used.system) / 1e6);
}

/** The design that was meant: a scenario's reference unless the naive one was asked for. */
async function chosen(given: string, words: Words): Promise<Design> {
  const opened = await open(given);
  for (const repair of opened.repairs) aside(repair);
  if (opened.form === 'scenario') return opened.scenario[words.flag('naive') ? 'naive' : 'reference'];
  if (words.flag('naive')) throw new BadUsage('--naive goes with a scenario; this is a single design.');
  return opened.design;
}

/** The design with the trace, seed and length that were asked for. */
function prepared(design: Design, trace: Trace | null, words: Words): Design {
  const replaying = trace === null ? design : withTrace(design, trace);
  if (trace !== null && replaying === design) throw new BadInput('This design has no source of traffic that could replay a trace.');
  const [seconds, seed] = [words.text('seconds'), words.text('seed')];
  const run = {
    ...replaying.run,
    ...(seconds === undefined ? {} : { seconds: readSeconds('--seconds', seconds) }),
    ...(seed === undefined ? {} : { seed: readSeed('--seed', seed) }),
  };
  const whole = { ...replaying, run };
  for (const [label, name] of missingTraces(whole, trace)) aside(`“${label}” replays the trace “${name}”, which was not given; it sends nothing. Give the trace's file with --trace.`);
  if (run.warmupSeconds >= run.seconds) aside(`The run ends before its warm-up of ${run.warmupSeconds} s does; figures are of the whole run.`);
  return whole;
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

function loadTrace(file: string | undefined): Trace | null {
  if (file === undefined) return null;
  const parsed = parseTrace(traceName(file), readText(file));
  if (!parsed.ok) throw new BadInput(`${file}: ${parsed.why}`);
  if (parsed.sorted) aside(`${file}: the rows were not in order of time and were sorted.`);
  for (const { line, why } of parsed.bad) aside(`${file}, line ${line}: left out, ${why}.`);
  if (parsed.badCount > 0) aside(`${file}: ${parsed.badCount} bad ${parsed.badCount === 1 ? 'row' : 'rows'} left out, ${parsed.rows} taken.`);
  return parsed.trace;
}

function openLog(file: string | undefined): RequestLog | null {
  return file === undefined ? null : new RequestLog(file);
}
