/** `run FILE|LINK`: simulates a design to its end, once or many times, and prints what happened. */
import type { Design, TimedEdit } from '../design/design.ts';
import type { Trace } from '../engine/trace.ts';
import type { Result } from '../run/result.ts';
import { Simulation } from '../run/simulation.ts';
import { merge } from '../run/statistics/merge.ts';
import { BadUsage } from './failure.ts';
import { chosenRun, loadTrace, prepared, runOptions } from './prepare.ts';
import { report } from './report.ts';
import { RequestLog } from './request-log.ts';
import { readStudy, runStudy, studyOptions } from './study.ts';
import { readWords } from './words.ts';

const options = { ...runOptions, ...studyOptions, trace: { type: 'string' }, requests: { type: 'string' } } as const;

/** Runs the command and answers the text for standard output. */
export async function runCommand(args: readonly string[]): Promise<string> {
  const words = readWords(args, options);
  const [given, ...more] = words.rest;
  if (given === undefined || more.length > 0) throw new BadUsage('run takes one FILE or LINK.');
  const { count, jobs } = readStudy(words, 1);
  const requests = words.text('requests');
  if (requests !== undefined && count > 1) throw new BadUsage('--requests writes the requests of one run; it does not go with --replications.');
  const trace = loadTrace(words.text('trace'));
  const { design: start, edits } = await chosenRun(given, words);
  const design = prepared(start, trace, words);
  const traces = trace === null ? {} : { [trace.name]: trace };
  const before = process.cpuUsage();
  const result = count === 1 ? once(design, edits, traces, requests) : merge(design, (await runStudy({ designs: [design], traces, count, points: 0 }, jobs))[0]!);
  const used = process.cpuUsage(before);
  return words.flag('json') ? JSON.stringify(result, null, 2) : report(design, result, (used.user + used.system) / 1e6);
}

/** One run, whose requests go to a file where one is named. */
function once(design: Design, edits: readonly TimedEdit[], traces: Readonly<Record<string, Trace>>, file: string | undefined): Result {
  const log = file === undefined ? null : new RequestLog(file);
  const simulation = new Simulation(design, { traces, edits, ...(log === null ? {} : { listener: (request, outcome, now) => log.note(request, outcome, now) }) });
  log?.watch(simulation.board.net);
  simulation.runTo(design.run.seconds);
  log?.close();
  return simulation.result();
}
