/** From the lines of `measured.csv` to cases that can be simulated, cleaned; what is left out comes with the reason. */
import { gpusOf, partsOf, RESERVED, weightsOf, type Setup } from '../../src/kinds/gpu-pool/physics.ts';
import { software as engines, type SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';
import { numberIn, rowsOf, type Columns, type LeftOut, type Line, type Row } from './csv.ts';
import { companyOf, narrowCache, ofGapAnalysis, ofInferenceMax, settingsOf, type Company, type Settings } from './inferencemax.ts';
import { machinesOf, type Machines } from './machines.ts';
import { compiled, type DataSet, dataSetOf, isMlperf, requestsOf, sequencesOf } from './mlperf.ts';

/** How requests came. */
export type Load =
  /** So many people who ask again as soon as they are answered, so many times each. */
  | { readonly kind: 'closed'; readonly people: number; readonly rounds: number }
  /** All at once; so many requests, served to the end; or all prompts in one iteration and then all answers in step. */
  | { readonly kind: 'offline'; readonly requests: number }
  | { readonly kind: 'batch'; readonly size: number }
  /** So many requests at so many per second, lengths spread about their means. */
  | { readonly kind: 'online'; readonly rate: number; readonly requests: number };

/** All alike; within a tenth of the nominal ones; between 0.8 and 1.0 of them; evenly from next to nothing to twice the mean (coefficient of variation a half); like chats or longer conversations (exponential, cut off at four and five times the mean). */
export type Lengths = 'alike' | 'near' | 'nominal' | 'even' | 'chat' | 'conversation';

/** What was measured of a case; seconds, output tokens per second. */
export type Figure = 'throughput' | 'ttft' | 'tpot' | 'e2e';

/** One measurement that can be simulated. */
export interface Case {
  readonly id: string;
  readonly family: string;
  readonly model: string;
  readonly gpu: string;
  readonly setup: Setup;
  readonly software: SoftwareId;
  /** How many groups of GPUs experts are spread over whole; 1 where each GPU has a slice of each. Makes no difference that the physics knows. */
  readonly spread: number;
  readonly input: number;
  readonly output: number;
  readonly load: Load;
  /** How lengths lie about their means. */
  readonly lengths: Lengths;
  /** Copies of the model side by side, each with its share of the requests. */
  readonly replicas: number;
  readonly budget: number;
  readonly sequences: number;
  /** Decode iterations from one look at the queue to the next. */
  readonly looksEvery: number;
  /** Prompts in chunks beside decodes; otherwise whole prompts first. */
  readonly chunked: boolean;
  /** Requests join only where their whole answers fit: as TensorRT-LLM does unless told otherwise, which MLPerf’s submitters do. */
  readonly reserving: boolean;
  /** Tokens that come to the client at a time; the first with the last of them. */
  readonly streamed: number;
  /** Decode iterations that prompts wait for others at most, and tokens that are enough. */
  readonly company: Company;
  readonly memoryShare: number;
  readonly measured: Readonly<Partial<Record<Figure, number>>>;
}

/** Whether vLLM schedules ahead unless told otherwise: since 0.14 (published: its release notes). MLPerf's lines have its version with its name, and their round instead. */
function aheadOf(r: Line): boolean {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(isMlperf(r) ? r.engine! : r.version!) ?? []).slice(1).map(Number);
  return major > 0 || minor >= 14;
}

/** The serving software of a line, with its vintage; null for what nothing is known of. */
function softwareOf(r: Line): SoftwareId | null {
  const engine = r.engine!.toLowerCase();
  const version = r.version!;
  if (engine.includes('2023')) return 'vllm-2023';
  if (/rocm|mango/.test(engine)) return null;
  if (engine.includes('sglang')) return /^0\.5\.([6-9]|[1-9]\d)|2026/.test(version) ? 'sglang' : 'sglang-2025';
  if (engine.includes('vllm')) return ofInferenceMax(r) || aheadOf(r) ? 'vllm' : 'vllm-2025';
  if (!/trt|tensorrt/.test(engine)) return null;
  if (isMlperf(r)) return compiled(r) ? 'tensorrt-llm-0.17' : 'tensorrt-llm-1.0';
  if (/^0\./.test(version)) return 'tensorrt-llm-0.17';
  if (/^1\.0\.0rc/.test(version)) return 'tensorrt-llm-1.0rc';
  return /^1\.0/.test(version) ? 'tensorrt-llm-1.0' : 'tensorrt-llm';
}

const tensorRt = (software: SoftwareId): boolean => software.startsWith('tensorrt');

/** GPUs that share a replica: where experts are spread, their degrees tell the true number; some lines state the product of all degrees. */
function cardsOf(r: Line): number {
  const spread = numberIn(r, 'ep') || 1;
  const sliced = Number(/moe_tp=(\d+)/.exec(r.notes!)?.[1] ?? 1);
  if (spread > 1) return spread * sliced <= 8 ? spread * sliced : spread;
  return Math.max(numberIn(r, 'tp') * (numberIn(r, 'pp') || 1), sliced);
}

const precisions: Readonly<Record<string, Setup['precision']>> = { fp8: 'fp8', fp4: 'fp4', bf16: 'bf16', fp16: 'bf16', '': 'bf16' };

/** gpt-oss was released with experts of 4 bits, whatever a line calls that. */
function precisionOf(r: Line): Setup['precision'] | undefined {
  if (/gpt-oss/i.test(r.model!) && /^(mx)?fp4$/.test(r.precision!)) return 'mxfp4';
  if (/fp8/i.test(r.model!) && r.precision === '') return 'fp8';
  return precisions[r.precision!];
}

/** Cached numbers take a byte where that is stated, where InferenceMAX asks for it, or with TensorRT-LLM where weights are narrow; elsewhere two. */
function kvBytesOf(r: Line, software: SoftwareId, blackwell: boolean): 1 | 2 {
  if (r.kv_precision !== '') return r.kv_precision === 'fp8' ? 1 : 2;
  const narrow = /fp/.test(r.precision!) && r.precision !== 'fp16';
  return narrow && (ofInferenceMax(r) ? narrowCache(r, blackwell) : tensorRt(software) || blackwell) ? 1 : 2;
}

/** Why a line cannot be used, seen from the line alone; null where it can. */
function fault(r: Line, m: Machines): string | null {
  if (r.tier === 'C') return 'tier C';
  if (m.model(r.model!) === undefined) return `unknown model ${r.model}`;
  if (m.gpu(r.gpu!) === undefined) return `unknown GPU ${r.gpu}`;
  if (precisionOf(r) === undefined) return `unknown precision ${r.precision}`;
  if (softwareOf(r) === null) return 'unknown serving software';
  if (!(cardsOf(r) >= 1)) return 'parallelism not stated';
  if (cardsOf(r) > 8) return 'more GPUs than a server has: prefill and decode may be apart';
  if (r.ep === '0') return 'parallelism stated as 0, and times that jump up and down with load';
  return faultOfLoad(r);
}

function faultOfLoad(r: Line): string | null {
  const mlperf = isMlperf(r);
  if (mlperf && r.load_kind !== 'offline') return 'MLPerf server: latency tuned by vendors, input lengths absent';
  if (mlperf && /GPTQ/.test(r.source!)) return 'weights of 4 bit by GPTQ, which the line does not tell, under a reference script';
  if (mlperf && /TensorRT 9/.test(r.engine!)) return 'TensorRT 9: older than the software known, and a sixth slower on the same servers';
  if (mlperf && /MaxQ|Virtualized|power-capped/.test(r.notes!)) return 'power-capped or virtualised';
  if (!mlperf && !(numberIn(r, 'isl') > 0 && numberIn(r, 'osl') > 0)) return 'lengths not stated';
  if (ofGapAnalysis(r) && r.engine === 'vllm' && /8B/.test(r.model!)) return 'vLLM 8B of the gap analysis: prefix hits likely';
  if (/DeepSeek/.test(r.model!) && r.version === '1.2.0rc6.post3') return 'multi-token prediction not labelled';
  if (/DeepSeek-R1/.test(r.model!) && r.version === '1.1.0rc2.post2') return 'multi-token prediction not labelled';
  if (!['concurrency', 'offline', 'qps', 'batch'].includes(r.load_kind!)) return `unknown load ${r.load_kind}`;
  if (r.load_kind !== 'offline' && !(amountOf(r) > 0)) return 'load not stated';
  if (['concurrency', 'batch'].includes(r.load_kind!) && !Number.isSafeInteger(amountOf(r))) return 'load no whole number of requests';
  if (mlperf && !(numberIn(r, 'n_gpus') > 0 && numberIn(r, 'req_s') > 0)) return 'GPUs or requests per second not stated';
  return null;
}

/** Whether requests came at a rate: in online tests of a server the last rate is unlimited, and all come at once. */
const online = (r: Line): boolean => r.load_kind === 'qps' || (r.load_kind === 'offline' && /online serving/i.test(r.source!));

/** How many people, requests at once, or requests per second; NaN where that is not told. */
const amountOf = (r: Line): number => (r.load_value === 'inf' ? Infinity : numberIn(r, 'load_value'));

const dense = (setup: Setup): boolean => setup.model.experts === null;

function familyOf(r: Line, setup: Setup): string {
  const { gpu } = setup;
  if (isMlperf(r)) return 'MLPerf offline';
  if (setup.software === engines['vllm-2023']) return 'static batch, vLLM 2023';
  if (r.load_kind === 'batch') return 'static batch, vLLM 2024';
  if (online(r)) return 'online, TensorRT-LLM 0.14';
  if (r.load_kind === 'offline') return `offline, TensorRT-LLM ${/^0\./.test(r.version!) ? '0.17' : '1.0'}`;
  const engine = r.engine === 'trtllm' ? 'TensorRT-LLM' : r.engine === 'sglang' ? 'SGLang' : 'vLLM';
  return `closed loop, ${dense(setup) ? 'dense' : 'experts'}, ${gpu.generation}, ${engine}`;
}

/** Bytes of a GPU that are taken before an engine loads anything (assumed). */
const TAKEN = 1.4 * 2 ** 30;

/**
 * Share of GPU memory that an engine takes with all it has: 0.9; TensorRT-LLM keeps 0.95 of what weights and activations leave for its cache. SGLang of the
 * gap analysis, from 0.5.6 on, has 0.8 of what is free for weights and cache alone. That is read off its five lines of Qwen3-32B on one H100, which by Little's law
 * hold some 5,000 tokens at a time; no source tells it.
 */
function memoryShareOf(r: Line, software: SoftwareId, setup: Setup, settings: Settings | null): number {
  const { memory } = setup.gpu;
  if (tensorRt(software)) return 1 - (1 - (settings?.memory ?? 0.95)) * (1 - (weightsOf(setup) + RESERVED) / memory);
  const free = settings?.memory ?? (software === 'sglang' && ofGapAnalysis(r) ? 0.8 : null);
  return free === null ? 0.9 : (free * (memory - TAKEN) + RESERVED) / memory;
}

/**
 * Tokens of an iteration where a line leaves them out. SGLang: its default for whole prompts together (that for pieces of them, 8,192 on most GPUs, fits worse).
 * TensorRT-LLM of the gap analysis was built for its load: AIConfigurator writes batch + prompt + 1,500. That is room for two prompts of 1,024 tokens; one, or
 * so many shorter ones, fits best of what was tried (assumed).
 */
function budgetOf(r: Line, software: SoftwareId, input: number): number {
  if (software.startsWith('sglang')) return 16_384;
  return tensorRt(software) && ofGapAnalysis(r) ? numberIn(r, 'load_value') + Math.max(1024, input) : 8192;
}

/** Requests that an engine is offered at once where their number is not told: enough for a steady state, few enough to be quick. */
const offered = (tokens: number): number => Math.min(4000, Math.max(300, Math.round(4e6 / tokens)));

/**
 * How often everybody of a closed loop asks: where nobody says, ten times, but once in the gap analysis's runs of SGLang 0.5.1 (assumed, by what fits: with ten
 * they are a third off, with one they are as close as others; its runs of vLLM are close with ten).
 */
const roundsOf = (r: Line): number => (softwareOf(r) === 'sglang-2025' && ofGapAnalysis(r) ? 1 : 10);

function loadOf(r: Line, requests: number): Load {
  const amount = amountOf(r);
  if (r.load_kind === 'concurrency') return { kind: 'closed', people: amount, rounds: roundsOf(r) };
  if (r.load_kind === 'batch') return { kind: 'batch', size: amount };
  if (online(r)) return { kind: 'online', rate: amount, requests: 500 };
  return { kind: 'offline', requests };
}

/** Seconds and rates that were measured, as far as they can be trusted. */
function measuredOf(r: Line): Case['measured'] {
  const first = (...names: string[]): number => names.map((name) => numberIn(r, name)).find((x) => x > 0) ?? NaN;
  const seconds = { ttft: first('ttft_mean_ms', 'ttft_p50_ms') / 1000, tpot: first('tpot_mean_ms', 'tpot_p50_ms') / 1000, e2e: first('e2e_mean_ms', 'e2e_p50_ms') / 1000 };
  const throughput = first('tput_out_tok_s');
  const all: Partial<Record<Figure, number>> =
    r.load_kind === 'concurrency'
      ? { tpot: seconds.tpot, ...(ofGapAnalysis(r) ? {} : { ttft: seconds.ttft }) }
      : r.load_kind === 'batch'
        ? seconds
        : online(r)
          ? { throughput, ttft: seconds.ttft, tpot: seconds.tpot }
          : { throughput };
  return Object.fromEntries(Object.entries(all).filter(([, x]) => x > 0));
}

function setupOf(r: Line, m: Machines): Setup {
  const software = softwareOf(r)!;
  const gpu = m.gpu(r.gpu!)!;
  const model = m.model(r.model!)!;
  const pipeline = numberIn(r, 'pp') || 1;
  const tp = cardsOf(r) / pipeline;
  const apart = /attention DP enabled/.test(r.notes!) || (isMlperf(r) && model.latent !== null);
  const groups = model.experts === null ? 1 : apart ? tp : Math.max(1, Math.floor(tp / numberIn(r, 'tp')));
  return { model, gpu, precision: precisionOf(r)!, kvBytes: kvBytesOf(r, software, gpu.generation === 'blackwell'), tp, pipeline, attentionGroups: groups, software: engines[software] };
}

/**
 * InferenceMAX draws lengths. The gap analysis asks for the same every time (AIConfigurator's benchmark: standard deviation 0); a tenth
 * more or less stands for what takes their requests apart between clients and engine (assumed): all alike, they would here stay together for ever, and first tokens come
 * three times as late as measured.
 * Where only means are told: 202 in and 214 out are those of ShareGPT, whose longest answers keep an engine busy for 600 to 800 tokens after the last arrival
 * (seen in all those rows); those of 467 in end after hardly more than the mean.
 */
function lengthsOf(r: Line, set: DataSet | undefined): Lengths {
  if (r.load_kind === 'concurrency') return ofGapAnalysis(r) ? 'near' : 'nominal';
  if (set !== undefined) return set.lengths;
  return /not stated/.test(r.osl_dist!) && numberIn(r, 'isl') < 300 ? 'chat' : 'alike';
}

function caseOf(r: Line, m: Machines): Case {
  const setup = setupOf(r, m);
  const groups = setup.attentionGroups ?? 1;
  const software = softwareOf(r)!;
  const set = isMlperf(r) ? dataSetOf(setup.model.id) : undefined;
  const replicas = isMlperf(r) ? Math.max(1, Math.round(numberIn(r, 'n_gpus') / gpusOf(setup))) : 1;
  const input = isMlperf(r) ? (set?.input ?? NaN) : numberIn(r, 'isl');
  const output = numberIn(r, 'osl');
  const trt = tensorRt(software);
  const settings = settingsOf(r, software, setup);
  const said = (name: string, otherwise: number): number => numberIn(r, name) || otherwise;
  return {
    id: r.id!,
    family: familyOf(r, setup),
    model: setup.model.id,
    gpu: setup.gpu.id,
    setup,
    software,
    spread: numberIn(r, 'ep') || 1,
    input,
    output,
    load: loadOf(r, set === undefined ? offered(input + output) : requestsOf(r, set, replicas)),
    lengths: lengthsOf(r, set),
    replicas,
    budget: said('max_num_tokens', settings?.budget ?? budgetOf(r, software, input)) * partsOf(setup),
    sequences: said('max_batch', (set && sequencesOf(setup.gpu.id, setup.model.id)) ?? (trt && r.load_kind === 'offline' ? 2048 : 1024)) * groups,
    looksEvery: settings?.looksEvery ?? 1,
    chunked: !software.startsWith('sglang') && r.load_kind !== 'batch',
    reserving: trt && !isMlperf(r),
    streamed: settings?.streamed ?? 1,
    company: companyOf(r, setup),
    memoryShare: memoryShareOf(r, software, setup, settings),
    measured: measuredOf(r),
  };
}

/** What makes two lines the same measurement, told twice. */
const sameness = (c: Case): string => JSON.stringify([c.family, c.model, c.gpu, c.setup.precision, c.setup.tp, c.spread, c.setup.attentionGroups, c.software, c.input, c.output, c.load, c.measured]);

/** Columns of `measured.csv`: those that no line can be understood without, and those of numbers. */
const columns: Columns = {
  needed: ['id', 'source', 'model', 'precision', 'kv_precision', 'gpu', 'tp', 'engine', 'version', 'isl', 'osl', 'osl_dist', 'load_kind', 'load_value', 'tier', 'notes'],
  numbers: ['n_gpus', 'tp', 'pp', 'ep', 'isl', 'osl', 'tput_out_tok_s', 'req_s', ...['ttft', 'tpot', 'e2e'].flatMap((time) => [`${time}_mean_ms`, `${time}_p50_ms`]), 'max_batch', 'max_num_tokens'],
  whole: ['n_gpus', 'tp', 'pp', 'ep', 'max_batch', 'max_num_tokens'],
};

/** A case of a line, or why there is none. */
function caseOrFault({ line, fault: broken }: Row, machines: Machines, seen: Set<string>): Case | string {
  const why = broken ?? fault(line, machines);
  if (why !== null) return why;
  const made = caseOf(line, machines);
  if (!(made.input > 0 && made.output > 0)) return 'lengths not stated';
  const known = seen.has(sameness(made));
  seen.add(sameness(made));
  if (Object.keys(made.measured).length === 0) return 'nothing measured that is compared';
  return known ? 'duplicate' : made;
}

/** Cases of a folder's `measured.csv`, and what of it is left out. */
export function casesOf(folder: string): { readonly cases: readonly Case[]; readonly leftOut: readonly LeftOut[] } {
  const machines = machinesOf(folder);
  const cases: Case[] = [];
  const leftOut: LeftOut[] = [];
  const seen = new Set<string>();
  for (const row of rowsOf(`${folder}/measured.csv`, columns)) {
    const made = caseOrFault(row, machines, seen);
    if (typeof made === 'string') leftOut.push({ id: row.line.id || `measured.csv row ${row.at}`, why: made });
    else cases.push(made);
  }
  return { cases, leftOut };
}
