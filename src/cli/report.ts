/** What happened in a run, as a person reads it in a terminal. */
import type { Design } from '../design/design.ts';
import { fullParams } from '../design/params.ts';
import { kindOf } from '../kinds/index.ts';
import type { AnyKind } from '../kit/kind.ts';
import { callsAt, differs, firstWall, trafficText, wholeFigure } from '../run/beside.ts';
import { estimates, noFlow } from '../run/flow.ts';
import { metricOf } from '../run/metric-names.ts';
import type { Party, Result, Spread } from '../run/result.ts';
import { format as written } from '../units/format.ts';
import type { Unit } from '../units/unit.ts';
import { inColumns } from './columns.ts';

/** Times and shares below this come of rounding alone. */
const NOISE = 1e-15;

/** A value for people; nothing where there is only noise. */
const format = (value: number, unit: Unit): string => written(Math.abs(value) < NOISE ? 0 : value, unit);

/** A figure with its unit; an en dash where nothing was observed. */
const figure = (value: number | null | undefined, unit: Unit): string => (value === null || value === undefined ? '–' : format(value, unit));
const whole = (value: number): string => Math.round(value).toLocaleString('en');

/** The whole report; `cpuSeconds` is what the run took of the processor. */
export function report(design: Design, result: Result, cpuSeconds: number): string {
  const parts = [heading(result), requests(result), latencies(result), components(result), tokens(result), cost(design, result), objectives(design, result), intervals(design, result), byHand(design, result), effort(result, cpuSeconds)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function heading(result: Result): string {
  const { replications, seconds, seed, warmup, stopped } = result;
  const runs = replications > 1 ? `${replications} replications, ${format(seconds, 'seconds')} simulated in all, first seed ${seed}` : `${format(seconds, 'seconds')} simulated, seed ${seed}`;
  const from = warmup.seconds > 0 ? `, figures after a warm-up of ${replications > 1 ? 'at most ' : ''}${format(warmup.seconds, 'seconds')}` : '';
  const found = warmup.how === 'automatic' ? (warmup.seconds > 0 ? ' (found automatically)' : ', no warm-up found to be needed') : '';
  const unsteady = warmup.steady === false ? '\nNo steady state was found: the run may be too short for its figures to settle.' : '';
  return `${result.design}\n${runs}${from}${found}${unsteady}${stopped === null ? '' : `\nStopped early: ${stopped}`}`;
}

/** Reasons of failure with their counts, the most frequent first. */
function reasons(failed: Readonly<Record<string, number>>): string {
  return Object.entries(failed)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${whole(count)} ${reason}`)
    .join(', ');
}

/** Classes where there are several, and tenants where they are not the same again, with their names set back. */
function parties({ classes, tenants }: Result): readonly (readonly [string, Party])[] {
  const several = Object.keys(classes).length > 1 ? Object.entries(classes) : [];
  const same = ([name, { offered }]: readonly [string, Party]): boolean => several.length > 0 && classes[name]?.offered === offered;
  return [...several, ...Object.entries(tenants).filter((tenant) => !same(tenant))].map(([name, party]) => [`  ${name}`, party]);
}

function requests(result: Result): string {
  const { requests: r } = result;
  const head = ['requests', 'offered', 'answered', 'failed', 'in flight', 'answered/s', 'goodput/s'];
  const row = (name: string, t: Result['requests']): string[] => [name, whole(t.offered), whole(t.answered), format(t.failedShare, 'share'), whole(t.inFlight), format(t.answeredPerSecond, 'count'), format(t.goodputPerSecond, 'count')];
  const rows = parties(result).map(([name, party]) => row(name, party));
  const why = reasons(r.failed);
  return inColumns([head, row('all', r), ...rows]) + (why === '' ? '' : `\nfailed: ${why}`);
}

function latencies(result: Result): string {
  const { latency, llm } = result;
  const head = ['time', 'mean', 'p50', 'p95', 'p99', 'p99.9'];
  const row = (name: string, s: Spread): string[] => [name, ...[s.mean, s.p50, s.p95, s.p99, s.p999].map((value) => figure(value, 'seconds'))];
  const each = (of: (party: Party) => Spread | undefined): string[][] => parties(result).flatMap(([name, party]) => (of(party) === undefined ? [] : [row(name, of(party)!)]));
  const streamed = llm === null ? [] : [row('time to first token', llm.ttft), ...each((p) => p.llm?.ttft), row('time per output token', llm.tpot), ...each((p) => p.llm?.tpot)];
  return inColumns([head, row('latency', latency), ...each((p) => p.latency), ...streamed]);
}

function components({ nodes }: Result): string {
  const head = ['component', 'utilisation', 'queue', 'longest', 'arrived', 'served', 'failed', 'p50', 'p99', ''];
  const rows = Object.values(nodes).map((node) => [
    node.label,
    figure(node.utilisation, 'share'),
    format(node.queue.mean, 'count'),
    whole(node.queue.max),
    whole(node.arrived),
    whole(node.served),
    whole(node.failed),
    figure(node.latency.p50, 'seconds'),
    figure(node.latency.p99, 'seconds'),
  ].concat(node.failed > 0 ? [`(${reasons(node.failedBy)})`] : []));
  return rows.length === 0 ? 'The design has no components.' : inColumns([head, ...rows]);
}

function tokens({ llm }: Result): string {
  if (llm === null) return '';
  return `tokens  ${format(llm.inputTokensPerSecond, 'tokens/second')} in, ${format(llm.outputTokensPerSecond, 'tokens/second')} out`;
}

/** What a component costs as it is designed, where its name alone does not say how much of it that is: replicas × GPUs of each. */
function sizeOf(design: Design, id: string): string {
  const node = design.nodes.find((one) => one.id === id);
  const kind = node && kindOf(node.kind);
  const label = kind ? kind.cost(fullParams(kind, node.params)).map((row) => row.label).find((text) => text.includes('×')) : undefined;
  return label === undefined ? '' : `: ${label}`;
}

function cost(design: Design, { cost: c, nodes }: Result): string {
  const per = [
    c.usdPerMillionRequests === null ? '' : format(c.usdPerMillionRequests, 'usd/million requests'),
    c.usdPerMillionTokens === null ? '' : format(c.usdPerMillionTokens, 'usd/million tokens'),
  ].filter((text) => text !== '');
  const besides = c.usdPerHour - Object.values(c.nodes).reduce((sum, usd) => sum + usd, 0);
  const parts = [...Object.entries(c.nodes).map(([id, usd]) => [nodes[id]?.label ?? id, usd, sizeOf(design, id)] as const), ['traffic between places, and what is gone', besides, ''] as const]
    .filter(([, usd]) => usd > 1e-6 * c.usdPerHour)
    .map(([name, usd, size]) => `  ${name} ${format(usd, 'usd/hour')}${size}`);
  return [[`cost  ${format(c.usdPerHour, 'usd/hour')}`, ...per].join(', '), ...parts].join('\n');
}

function objectives(design: Design, { objectives: all }: Result): string {
  if (all.length === 0) return '';
  const rows = all.map(({ metric, relation, limit, value, met }) => {
    const { label, unit } = metricOf(metric, design);
    return [met ? '  met' : '  missed', label, `${relation} ${format(limit, unit)}`, figure(value, unit)];
  });
  return `objectives\n${inColumns(rows, 3)}`;
}

/** How sure the figures are that people ask for most. */
function intervals(design: Design, { intervals: all, replications }: Result): string {
  const told = Object.entries(all).filter(([path]) => /^(latency|llm\.ttft|llm\.tpot|requests)\.|^nodes\.[^.]+\.utilisation$/.test(path));
  const rows = told.map(([path, { low, high, count }]) => {
    const { label, unit } = metricOf(path, design);
    return [`  ${label}`, format(low, unit), format(high, unit), replications > 1 ? '' : `${count} batches`];
  });
  const how = replications > 1 ? `over ${replications} replications` : 'by batch means, those of percentiles approximately';
  return rows.length === 0 ? '' : `95 % confidence intervals, ${how}\n${inColumns(rows)}`;
}

/** The arithmetic of a whiteboard beside the run, where a line of it names what the run measured; what is apart is marked, and what arithmetic did not know is told below. */
function byHand(design: Design, result: Result): string {
  const sums = estimates(design);
  const rows: string[][] = [];
  const told = new Map<string, string[]>();
  const walls: string[][] = [];
  for (const [id, node] of Object.entries(result.nodes)) {
    const { rows: estimated, flow } = sums[id] ?? { rows: [], flow: noFlow };
    const kind = kindOf(node.kind);
    const calls = callsAt(result, node);
    const apart = new Set<string>();
    for (const { label, value, unit, formula, measure, assumes } of estimated) {
      if (measure === undefined) continue;
      const run = wholeFigure(result, node, measure);
      const far = differs({ value, unit }, run, calls);
      rows.push([node.label, label, format(value, unit), figure(run, unitIn(kind, measure, unit)), far ? '≠' : '', formula]);
      if (far && assumes !== undefined) apart.add(`Arithmetic takes for granted: ${assumes}.`);
    }
    const wall = firstWall(estimated);
    if (wall !== '') walls.push([`  ${node.label}`, wall]);
    const traffic = apart.size === 0 || kind?.offers ? '' : trafficText(flow.rate, wholeFigure(result, node, 'arrivals'), calls);
    for (const reason of traffic === '' ? apart : [traffic, ...apart]) told.set(reason, [...(told.get(reason) ?? []), node.label]);
  }
  const head = ['component', 'figure', 'by hand', 'in the run', '', 'by hand it is'];
  const table = [head, ...rows].map(([a, b, c, d, e, f]) => [a!, b!, c!.padStart(10), d!.padStart(10), e!, f!]);
  return rows.length === 0 ? '' : [inColumns(table, 6), ...[...told].map(([reason, labels]) => `≠ ${labels.join(', ')}: ${reason}`), ...(walls.length > 0 ? ['first wall as load grows', inColumns(walls, 2)] : [])].join('\n');
}

/** The unit a kind declares for a measure; the estimate's own where the measure is a common one. */
function unitIn(kind: AnyKind | undefined, measure: string, otherwise: Unit): Unit {
  return (kind?.measures as Readonly<Record<string, { readonly unit: Unit }>> | undefined)?.[measure]?.unit ?? otherwise;
}

function effort({ events, digest }: Result, cpuSeconds: number): string {
  const rate = cpuSeconds > 0 ? `, ${format(events / cpuSeconds, 'count')} per CPU second` : '';
  return `${whole(events)} events${rate}; digest ${digest}`;
}
