/** A reranker: a cross-encoder that reads every candidate together with the query, scores it, and keeps the best. */
import { Downstream, WAITING } from '../engine/downstream.ts';
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import { priced } from '../kit/cost.ts';
import { assumed, evidenceIn, published, type Constant } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { BatchingNode, type Batch, type BatchRules } from './encoder/batching.ts';
import { encoderOf, EncoderTime, flopOf, measuredShare, rerankers, type Setup, shareEvidence, workingsOf } from './encoder/models.ts';
import { gpuOf, gpus } from './gpu-pool/catalogue-gpus.ts';
import { counted } from '../units/format.ts';

const computed = (v: Readonly<Record<string, unknown>>): boolean => v.rerankerTiming === 'arithmetic';

const params = {
  rerankerTake: whole({ label: 'Looks at most at', help: 'So many of a call’s candidates are scored: the best of the stage before. 0 is all of them.', unit: 'items', default: 0, min: 0, max: 1_000_000 }),
  rerankerKeep: whole({ label: 'Keeps', help: 'So many of them, the best, stay with the request; those that come after see no more. 0 keeps all.', unit: 'items', default: 10, min: 0, max: 1_000_000 }),
  rerankerTrims: whole({ label: 'Prompt per candidate', help: 'Tokens of the request’s prompt that go with each candidate dropped. 0 leaves the prompt as it is.', unit: 'tokens', default: 0, min: 0, max: 1_000_000 }),
  pairLength: distribution({ label: 'Query and candidate', help: 'Tokens of both together, read in one pass.', unit: 'tokens', default: { shape: 'lognormal', mean: 200, cv: 0.4 }, min: 1, max: 1e6 }),
  pairLimit: whole({ label: 'Longest pair', help: 'What is longer is cut.', unit: 'tokens', default: 512, min: 1, max: 1_000_000 }),
  rerankerTiming: choice({
    label: 'Time',
    help: 'Where the time of a batch comes from.',
    section: 'Model',
    options: [
      { value: 'arithmetic', label: 'arithmetic of model and GPU' },
      { value: 'measured', label: 'a measured rate', note: 'candidates per second, whatever their length' },
    ],
    default: 'arithmetic',
  }),
  rerankerModel: choice({ label: 'Model', help: 'Which cross-encoder; time goes with its weights and the tokens.', section: 'Model', options: rerankers.map((m) => ({ value: m.id, label: m.label, note: `${Math.round(m.weights / 1e6).toLocaleString('en')} M weights in layers` })), default: 'bge-v2-m3', shownWhen: computed }),
  rerankerGpu: choice({ label: 'GPU', help: 'What each replica runs on.', section: 'Model', options: gpus.map((g) => ({ value: g.id, label: g.label, note: `${Math.round(g.peak16 / 1e12).toLocaleString('en')} TFLOP/s` })), default: 'l4' }),
  rerankerPrecision: choice({
    label: 'Arithmetic',
    help: 'Narrower is faster where the GPU has units for it.',
    section: 'Model',
    options: [
      { value: 'bf16', label: '16 bit' },
      { value: 'fp8', label: '8 bit' },
    ],
    default: 'bf16',
    shownWhen: computed,
  }),
  rerankerShare: real({ label: 'Share of peak', help: 'Part of the GPU’s peak that large batches reach: 0.31–0.33 measured with common servers at 16 bit, 0.42–0.5 with TensorRT at 8 bit.', section: 'Model', unit: 'share', default: measuredShare, min: 0.001, max: 1, shownWhen: computed }),
  rerankerRate: real({ label: 'Measured rate', help: 'Candidates per second of one replica. Published for one V100: MiniLM-L-6 1,800, MiniLM-L-12 960, TinyBERT-L-2 9,000 (model card of ms-marco-MiniLM-L-6-v2, 2021).', section: 'Model', unit: 'items/second', default: 1800, min: 0.001, max: 1e9, shownWhen: (v) => !computed(v) }),
  rerankerReplicas: whole({ label: 'Replicas', help: 'GPUs with a copy of the model; each scores one batch at a time.', section: 'Batches', unit: 'count', default: 2, min: 1, max: 100_000 }),
  pairPacking: choice({
    label: 'Pairs of different length',
    help: 'How they share a batch.',
    section: 'Batches',
    options: [
      { value: 'longest', label: 'padded to the longest', note: 'padding is computed like text' },
      { value: 'buckets', label: 'by length', note: 'padded, but only with pairs of at most twice the length' },
      { value: 'ragged', label: 'without padding', note: 'kernels for texts of any length' },
    ],
    default: 'longest',
  }),
  pairBatchTokens: whole({ label: 'Most tokens per batch', help: 'Padding included.', section: 'Batches', unit: 'tokens', default: 16_384, min: 1, max: 100_000_000 }),
  pairBatchSize: whole({ label: 'Most pairs per batch', help: 'Candidates of several calls share a batch.', section: 'Batches', unit: 'items', default: 64, min: 1, max: 1_000_000 }),
  pairDelay: real({ label: 'Batching delay', help: 'A free replica waits this long for more to come. 0 takes what is there.', section: 'Batches', unit: 'seconds', default: 0, min: 0, max: 3600 }),
  rerankerRoom: whole({ label: 'Queue', help: 'Calls that may wait while all replicas are busy. Beyond, they are refused: queue full.', section: 'Batches', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
  rerankerJitter: real({ label: 'Jitter', help: 'Coefficient of variation of the time of like batches (lognormal; assumed).', section: 'Batches', unit: 'ratio', default: 0.05, min: 0, max: 10 }),
  rerankerStart: distribution({ label: 'Start of a replica', help: 'How long a replica that is added takes until it serves (assumed: container and weights, 30 s).', section: 'Scaling', unit: 'seconds', default: { shape: 'constant', mean: 30, cv: 0 }, min: 0, max: 1e5 }),
  rerankerPrice: real({ label: 'Price per replica', help: '0 takes the list price of the GPU.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 10_000 }),
};

type RerankerValues = Values<typeof params>;

const rulesOf = (v: RerankerValues): BatchRules => ({ packing: v.pairPacking, mostTokens: v.pairBatchTokens, mostTexts: v.pairBatchSize, delay: v.pairDelay, room: v.rerankerRoom });
const setupOf = (v: RerankerValues): Setup => ({ encoder: encoderOf(rerankers, v.rerankerModel), gpu: v.rerankerGpu, precision: v.rerankerPrecision, share: v.rerankerShare });
const timeOf = (v: RerankerValues): EncoderTime => new EncoderTime(setupOf(v));
const workings = (v: RerankerValues): Constant[] => (computed(v) ? workingsOf(setupOf(v)) : []);
const hourly = (v: RerankerValues): number => (v.rerankerPrice > 0 ? v.rerankerPrice : gpuOf(v.rerankerGpu).usdPerHour);

/** How many candidates are scored, and how many stay. */
const looked = (v: RerankerValues, items: number): number => (v.rerankerTake > 0 ? Math.min(v.rerankerTake, items) : items);
const kept = (v: RerankerValues, items: number): number => (v.rerankerKeep > 0 ? Math.min(v.rerankerKeep, looked(v, items)) : looked(v, items));

class Reranker extends BatchingNode implements Component<RerankerValues> {
  private time: EncoderTime;
  private readonly length: Sampler;
  private readonly lengths: Stream;
  private readonly downstream: Downstream;
  /** Candidates that came with calls whose candidates have been scored, and those that stayed; FLOP that served a pair, and at the peak of the replicas at work. */
  came = 0;
  stayed = 0;
  useful = 0;
  possible = 0;

  constructor(
    private values: RerankerValues,
    site: Site,
  ) {
    super(site, values.rerankerReplicas, new Sampler(values.rerankerStart), rulesOf(values));
    this.batchBy(rulesOf(values), values.rerankerJitter);
    this.time = timeOf(values);
    this.length = new Sampler(values.pairLength);
    this.lengths = site.stream('lengths');
    this.downstream = new Downstream(site.net, this, site.stream('choice'), 'sequence', 1);
  }

  retune(values: RerankerValues): void {
    const before = this.values;
    this.values = values;
    this.time = timeOf(values);
    this.length.set(values.pairLength);
    this.batchBy(rulesOf(values), values.rerankerJitter);
    this.scaling.start = new Sampler(values.rerankerStart);
    if (values.rerankerReplicas !== before.rerankerReplicas) this.scaling.set(values.rerankerReplicas);
    else this.pump();
  }

  arrive(call: number): void {
    const { net, values } = this;
    if (!this.hasRoom()) return net.fail(call, Code.queueFull);
    const pairs = looked(values, net.requests.items(net.calls.request(call)));
    for (let k = 0; k < pairs; k++) this.line(call, Math.min(values.pairLimit, Math.max(1, Math.round(this.length.draw(this.lengths)))));
    this.admit(call, pairs);
  }

  protected override seconds(batch: Batch): number {
    const { time, values } = this;
    // What model was measured, and on what, is not known.
    if (values.rerankerTiming === 'measured') return batch.texts / values.rerankerRate;
    const seconds = time.seconds(batch.computed, batch.computedSquares);
    this.useful += flopOf(time.encoder, batch.tokens, batch.squares);
    this.possible += time.peak * seconds;
    return seconds;
  }

  protected override encoded(call: number): void {
    this.trim(this.net.calls.request(call));
    const outcome = this.downstream.begin(call);
    if (outcome !== WAITING) this.net.conclude(call, outcome);
  }

  /** The request goes on with the best candidates only, and with a prompt that is shorter by the others. */
  private trim(request: number): void {
    const { requests } = this.net;
    const items = requests.items(request);
    const stays = kept(this.values, items);
    this.came += items;
    this.stayed += stays;
    if (stays === items) return;
    requests.setItems(request, stays);
    const input = requests.input(request);
    const shorter = Math.max(Math.min(input, requests.prefixInput(request) + 1), input - (items - stays) * this.values.rerankerTrims);
    if (shorter < input) requests.setWork(request, shorter, requests.output(request), requests.bytes(request));
  }

  override replied(child: number, parent: number): void {
    const outcome = this.downstream.replied(child, parent);
    if (outcome !== WAITING) this.net.conclude(parent, outcome);
  }

  spentUsd(now: number): number {
    return (this.scaling.paidArea(now) / 3600) * hourly(this.values);
  }
}

function byHand(v: RerankerValues, flow: Flow) {
  const time = timeOf(v);
  const { mean, cv, shape } = v.pairLength;
  const tokens = Math.min(mean, v.pairLimit);
  const scv = shape === 'constant' ? 0 : shape === 'exponential' ? 1 : cv * cv;
  const pairs = looked(v, flow.items);
  const most = Math.max(1, Math.min(v.pairBatchSize, Math.floor(v.pairBatchTokens / tokens)));
  const take = (n: number): number => (v.rerankerTiming === 'measured' ? n / v.rerankerRate : time.seconds(n * tokens, n * tokens * tokens * (1 + scv)));
  const capacity = (v.rerankerReplicas * most) / take(most);
  const batches = Math.ceil(pairs / most);
  const assumes = 'full batches without padding';
  return [
    { label: 'pairs', value: flow.rate * pairs, unit: 'items/second', formula: 'calls × candidates looked at', source: 'flow balance', measure: 'pairRate', assumes: 'nothing is refused' },
    { label: 'capacity', value: capacity, unit: 'items/second', formula: 'replicas × pairs per batch ÷ batch time', source: 'utilisation law', wall: computed(v) ? time.wall(most * tokens, most * tokens * tokens * (1 + scv)) : 'servers' },
    { label: 'load', value: (flow.rate * pairs) / capacity, unit: 'share', formula: 'pairs per second ÷ capacity', source: 'utilisation law', measure: 'utilisation', assumes },
    { label: 'one call alone', value: Math.ceil(batches / v.rerankerReplicas) * take(pairs / batches), unit: 'seconds', formula: 'batches of the call, side by side on the replicas', source: 'roofline (Williams et al. 2009)', measure: 'latency', assumes: 'an idle reranker, no padding, and nothing called after it' },
    { label: 'kept', value: flow.items > 0 ? kept(v, flow.items) / flow.items : 1, unit: 'share', formula: 'candidates kept ÷ candidates that came', source: 'arithmetic', measure: 'keptShare', assumes: 'calls alike' },
  ] as const;
}

/** Scores candidates with a cross-encoder and keeps the best. */
export const reranker = defineKind({
  id: 'reranker',
  label: 'Reranker',
  doc: 'a cross-encoder on GPUs that scores every candidate with the query and keeps the best',
  about: 'Every candidate of a call (an item of its request) is read together with the query, as one text of a length drawn here. Free replicas take pairs of any calls, oldest first, until a batch has its most tokens or pairs; the time of a batch follows from the arithmetic of the model over what the GPU sustains, or from a measured rate. Once all are scored the request keeps only the best, and its prompt is shortened by those dropped if wished: whoever is called afterwards, from here or by the caller, sees the smaller request, and so does a second attempt. A batch that has begun runs to its end even if nobody waits for it any more, or its replica is taken away or preempted; a replica lost in a fault drops it. Left out: tokenising, how good the ranking is, and losing a relevant candidate.',
  group: 'Compute',
  icon: 'list-ordered',
  params,
  ports: { in: 'call', out: [{ wire: 'call', max: 100 }] },
  scales: true,
  measures: {
    pairRate: { label: 'pairs scored', unit: 'items/second', help: 'candidates taken into batches', inputs: ['arrivals', 'rerankerTake'], total: (n: Reranker) => n.texts },
    batchPairs: { label: 'pairs per batch', unit: 'items', help: 'candidates in a batch as it starts', formula: 'candidates ÷ batches', inputs: ['pairRate', 'pairBatchSize', 'pairBatchTokens'], total: (n: Reranker) => n.texts, per: (n: Reranker) => n.batches },
    batchTime: { label: 'batch time', unit: 'seconds', help: 'time a replica is busy per batch', formula: '∫ busy replicas dt ÷ batches', origin: 'modelled', inputs: ['batchPairs', 'padding', 'pairLength', 'rerankerShare', 'rerankerJitter', 'rerankerRate'], constants: workings, total: (n: Reranker, now: number) => n.busyArea(now), per: (n: Reranker) => n.batches },
    padding: { label: 'padding', unit: 'share', help: 'tokens computed that belong to no pair', formula: 'tokens of padding ÷ tokens computed', inputs: ['batchPairs', 'pairLength', 'pairPacking'], total: (n: Reranker) => n.computed - n.tokens, per: (n: Reranker) => n.computed },
    keptShare: { label: 'kept', unit: 'share', help: 'candidates that stay, of those that came', formula: 'candidates that stay ÷ candidates that came', inputs: ['rerankerTake', 'rerankerKeep'], total: (n: Reranker) => n.stayed, per: (n: Reranker) => n.came },
    mfu: { label: 'share of peak', unit: 'share', help: 'arithmetic that served a pair, of what the GPUs at work could do; not where the time is a measured rate', formula: 'FLOP that served pairs ÷ ∫ peak FLOP/s of busy GPUs dt', origin: 'modelled', inputs: ['batchPairs', 'padding', 'rerankerShare'], constants: workings, total: (n: Reranker) => n.useful, per: (n: Reranker) => n.possible },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time until the last candidate of a call is in a batch, per call that arrived', formula: '∫ calls not yet in a batch dt ÷ calls that arrived', inputs: ['waiting', 'arrivals'], total: (n: Reranker, now: number) => n.queueArea(now), per: (n: Reranker) => n.arrivedTotal() },
  },
  common: {
    utilisation: { formula: '∫ busy replicas dt ÷ ∫ replicas dt', inputs: ['pairRate', 'batchPairs', 'batchTime', 'rerankerReplicas'], constants: workings },
    latency: { inputs: ['wait', 'batchTime'] },
  },
  evidence: {
    rerankerShare: shareEvidence,
    rerankerRate: published('MiniLM-L-6 on one V100 (model card of ms-marco-MiniLM-L-6-v2, 2021)'),
    rerankerJitter: assumed('batches of like size take nearly the same time'),
  },
  card: ['utilisation', 'pairRate'],
  face: { form: 'slots' },
  subtitle: (v) => `${v.rerankerKeep > 0 ? `best ${v.rerankerKeep.toLocaleString('en')}` : 'all kept'} · ${v.rerankerReplicas.toLocaleString('en')} × ${gpuOf(v.rerankerGpu).label.split(' ')[0]!}`,
  estimate: byHand,
  passes: (v, flow, weights) =>
    weights.map(() => {
      const stays = kept(v, flow.items);
      return { ...flow, items: stays, inputTokens: Math.max(Math.min(1, flow.inputTokens), flow.inputTokens - (flow.items - stays) * v.rerankerTrims) };
    }),
  cost: (v) => [{ label: counted(v.rerankerReplicas, 'replica'), usdPerHour: v.rerankerReplicas * hourly(v), ...priced(v.rerankerPrice, params.rerankerPrice, evidenceIn(gpuOf(v.rerankerGpu).priceSource)) }],
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new Reranker(values, site),
});
