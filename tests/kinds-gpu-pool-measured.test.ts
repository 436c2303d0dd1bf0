/** The GPU pool against published measurements: closed loops of chat requests and offline throughput, each simulated as it was measured. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainClass } from '../src/engine/ledger.ts';
import { Network, Node } from '../src/engine/network.ts';
import { Stream } from '../src/engine/random.ts';
import { Pattern } from '../src/engine/requests.ts';
import { Sum } from '../src/kinds/gpu-pool/books.ts';
import { gpuPool } from '../src/kinds/gpu-pool/gpu-pool.ts';
import { defaults } from '../src/kit/param.ts';
import { Rig } from './gpu-pool-rig.ts';

const file = '../shared/truth/measured.csv';
type Row = Readonly<Record<string, string>>;

/** Cells of a line of CSV, quotes taken off. */
const cells = (line: string): string[] => [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map((m) => m[1] ?? m[2] ?? '');

function rows(): Row[] {
  const [head, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const names = cells(head!);
  return lines.map((line) => Object.fromEntries(cells(line).map((cell, i) => [names[i]!, cell]))).filter((r) => r.tier !== 'C');
}

const models: readonly (readonly [RegExp, string])[] = [[/405B/, 'llama-3.1-405b'], [/Llama-3.*70B/, 'llama-3.1-70b'], [/Llama-3.*8B/, 'llama-3.1-8b'], [/8x7B/, 'mixtral-8x7b'], [/DeepSeek/, 'deepseek-v3']];
const cards: Readonly<Record<string, string>> = { 'H100-SXM-80': 'h100', 'H200-SXM-141': 'h200', 'B200-180': 'b200', GB200: 'gb200', L40S: 'l40s', 'A100-SXM-80': 'a100-80' };
const modelOf = (r: Row): string | undefined => models.find(([name]) => name.test(r.model!))?.[1];
const plain = (r: Row): boolean => modelOf(r) !== undefined && cards[r.gpu!] !== undefined && (r.pp === '' || r.pp === '1') && r.n_gpus === r.tp && Number(r.tp) <= 8 && !(Number(r.ep) > 1);

const setup = (r: Row, cachePrecision: '8' | '16') =>
  ({ languageModel: modelOf(r), gpuType: cards[r.gpu!], tensorParallel: r.tp, weightPrecision: (r.precision || 'bf16').replace('fp16', 'bf16'), engineSoftware: /^t/i.test(r.engine!) ? 'tensorrt-llm' : 'vllm', cachePrecision, iterationTokens: 8192 }) as object;

/** A fixed number of people who ask again as soon as they are answered, ten times each, with lengths of 0.8 to 1.0 of the nominal ones. */
class Crowd extends Node {
  firsts = 0;
  perToken = 0;
  count = 0;
  private readonly like = new Pattern();
  private readonly draws = new Stream(1, 'crowd', 'lengths');
  private left: number;

  constructor(net: Network, people: number, private readonly input: number, private readonly output: number) {
    super(net);
    this.left = 10 * people;
    this.like.set(net.requests.freshVersion(), 0, 0, 0, 0, 1);
  }

  arrive(): void {}

  private length(nominal: number): number {
    return Math.round(nominal * (0.8 + 0.2 * this.draws.uniform()));
  }

  override wake(): void {
    if (this.left-- <= 0) return;
    const r = this.net.requests.create(this.like);
    this.net.requests.setWork(r, this.length(this.input), this.length(this.output), 0);
    this.net.call(this.out[0]!, r, -1, this.index);
  }

  override returned(call: number): void {
    const { requests, calls, now } = this.net;
    const r = calls.request(call);
    this.firsts += requests.first(r) - requests.born(r);
    this.perToken += (now - requests.first(r)) / (requests.output(r) - 1);
    this.count++;
    this.net.after(0, this.index, 0, 0);
  }
}

/** Relative errors of the mean time to the first token (with 15 ms at the client) and per further token. */
function loop(r: Row, cachePrecision: '8' | '16'): { readonly first: number; readonly perToken: number } {
  const net = new Network();
  const people = Number(r.load_value);
  const crowd = new Crowd(net, people, Number(r.isl), Number(r.osl));
  net.openBook({ name: 'all', ...plainClass }, crowd);
  net.addNode(crowd);
  net.addNode(gpuPool.build({ ...defaults(gpuPool.params), ...setup(r, cachePrecision), sequenceLimit: 1024 }, { net, id: 'pool', stream: (purpose) => new Stream(1, 'pool', purpose), trace: () => null }));
  crowd.out = Int32Array.of(net.addLink({ id: 'l', from: 0, to: 1, latency: null, stream: new Stream(1, 'l', 'l'), async: false, weight: 1 }));
  for (let i = 0; i < people; i++) net.at(0, 0, 0, 0);
  while (!net.run(Infinity, Infinity));
  return { first: (crowd.firsts / crowd.count + 0.015) / (Number(r.ttft_p50_ms) / 1000) - 1, perToken: crowd.perToken / crowd.count / (Number(r.tpot_p50_ms) / 1000) - 1 };
}

/** Relative error of the tokens per second when everything is asked for at once. */
function offline(r: Row): number {
  const input = Number(r.isl);
  const output = Number(r.osl);
  const count = Math.min(4000, Math.max(300, Math.round(4e6 / (input + output))));
  const even = (of: number): Float64Array => new Float64Array(count).fill(of);
  const rig = new Rig({ arrival: even(0), input: even(input), output: even(output) }, { ...setup(r, /fp/.test(r.precision!) && r.precision !== 'fp16' ? '8' : '16'), sequenceLimit: 2048, engineRoom: 1_000_000, memoryShare: 0.95 }).run();
  return rig.pool.sum(Sum.out, rig.net.now) / rig.net.now / Number(r.tput_out_tok_s) - 1;
}

/** Median size of the errors, of at least `least` rows. */
function median(errors: readonly number[], least: number): number {
  expect(errors.length).toBeGreaterThanOrEqual(least);
  return errors.map(Math.abs).sort((a, b) => a - b)[errors.length >> 1]!;
}

describe.skipIf(!existsSync(file))('published measurements (skipped without the reference figures)', () => {
  const all = existsSync(file) ? rows().filter(plain) : [];
  const loops = all.filter((r) => r.load_kind === 'concurrency');
  const rates = all.filter((r) => r.load_kind === 'offline' && r.engine!.startsWith('TensorRT-LLM'));

  it('vLLM with 70B on Hopper, closed loop: 3 % per token, 8 % to the first', () => {
    const errors = loops.filter((r) => r.engine === 'vllm' && r.gpu!.startsWith('H') && modelOf(r) === 'llama-3.1-70b').map((r) => loop(r, '16'));
    expect(median(errors.map((e) => e.perToken), 70)).toBeLessThan(0.03);
    expect(median(errors.map((e) => e.first), 70)).toBeLessThan(0.08);
  });

  it('vLLM with 70B on B200, closed loop: 6 % per token, 18 % to the first', () => {
    const errors = loops.filter((r) => r.engine === 'vllm' && r.gpu === 'B200-180' && modelOf(r) === 'llama-3.1-70b').map((r) => loop(r, '8'));
    expect(median(errors.map((e) => e.perToken), 80)).toBeLessThan(0.06);
    expect(median(errors.map((e) => e.first), 80)).toBeLessThan(0.18);
  });

  it('SGLang with DeepSeek on H200, closed loop: 3 % per token', () => {
    const errors = loops.filter((r) => r.engine === 'sglang' && r.gpu === 'H200-SXM-141' && modelOf(r) === 'deepseek-v3' && r.version === '0.5.9').map((r) => loop(r, '16'));
    expect(median(errors.map((e) => e.perToken), 20)).toBeLessThan(0.03);
  });

  it.each([['0.17', 160], ['1.0', 65]] as const)('TensorRT-LLM %s, offline, dense and sparse on all GPUs: 7 %%', (version, least) => {
    expect(median(rates.filter((r) => r.version === version).map(offline), least)).toBeLessThan(0.07);
  });
});
