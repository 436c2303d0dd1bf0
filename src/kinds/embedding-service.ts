/** An embedding service: replicas of an encoder that turn texts into vectors, in batches shared by many calls. */
import type { Stream } from '../engine/random.ts';
import { Code } from '../engine/reasons.ts';
import { Sampler } from '../engine/sampler.ts';
import type { TakesBatches } from '../kit/batch.ts';
import { priced } from '../kit/cost.ts';
import { assumed, evidenceIn, type Constant, type Evidence } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type Flow, type Site } from '../kit/kind.ts';
import { longestOf } from '../kit/longest.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { BatchingNode, type Batch, type BatchRules } from './encoder/batching.ts';
import { embedders, encoderOf, EncoderTime, flopOf, measuredShare, type Setup, shareEvidence, workingsOf } from './encoder/models.ts';
import { gpuOf, gpus } from './gpu-pool/catalogue-gpus.ts';

const params = {
  embedderModel: choice({ label: 'Model', help: 'Which encoder; time goes with its weights and the tokens.', options: embedders.map((m) => ({ value: m.id, label: m.label, note: `${Math.round(m.weights / 1e6).toLocaleString('en')} M weights in layers` })), default: 'bge-large' }),
  embedderGpu: choice({ label: 'GPU', help: 'What each replica runs on.', options: gpus.map((g) => ({ value: g.id, label: g.label, note: `${Math.round(g.peak16 / 1e12).toLocaleString('en')} TFLOP/s` })), default: 'l4' }),
  embedderReplicas: whole({ label: 'Replicas', help: 'GPUs with a copy of the model; each encodes one batch at a time.', unit: 'count', default: 2, min: 1, max: 100_000 }),
  embedderPrecision: choice({
    label: 'Arithmetic',
    help: 'Narrower is faster where the GPU has units for it.',
    options: [
      { value: 'bf16', label: '16 bit' },
      { value: 'fp8', label: '8 bit' },
    ],
    default: 'bf16',
  }),
  textLength: distribution({ label: 'Text length', help: 'Tokens of one text; how many texts a request brings is set at the users (items).', section: 'Texts', unit: 'tokens', default: { shape: 'lognormal', mean: 200, cv: 0.8 }, min: 1, max: 1e6 }),
  textLimit: whole({ label: 'Longest text', help: 'Tokens the model can take.', section: 'Texts', unit: 'tokens', default: 512, min: 1, max: 1_000_000 }),
  textTooLong: choice({
    label: 'When longer',
    help: 'What becomes of a text that is too long.',
    section: 'Texts',
    options: [
      { value: 'cut', label: 'cut it', note: 'what is beyond the limit is not seen' },
      { value: 'refuse text', label: 'refuse the text', note: 'the other texts of the call are answered' },
      { value: 'refuse call', label: 'refuse the call', note: 'with all its texts' },
      { value: 'fail batch', label: 'no check', note: 'the batch it is in runs out of memory, with all calls in it' },
    ],
    default: 'refuse text',
  }),
  textsPerCall: whole({ label: 'Most texts per call', help: 'A call with more is refused: invalid.', section: 'Texts', unit: 'items', default: 2048, min: 1, max: 1_000_000 }),
  textPacking: choice({
    label: 'Texts of different length',
    help: 'How they share a batch.',
    section: 'Batches',
    options: [
      { value: 'longest', label: 'padded to the longest', note: 'padding is computed like text' },
      { value: 'buckets', label: 'by length', note: 'padded, but only with texts of at most twice the length' },
      { value: 'ragged', label: 'without padding', note: 'kernels for texts of any length' },
    ],
    default: 'longest',
  }),
  textBatchTokens: whole({ label: 'Most tokens per batch', help: 'Padding included. A text longer than this goes alone.', section: 'Batches', unit: 'tokens', default: 16_384, min: 1, max: 100_000_000 }),
  textBatchSize: whole({ label: 'Most texts per batch', help: 'Larger batches fill the GPU and keep the first text waiting.', section: 'Batches', unit: 'items', default: 256, min: 1, max: 1_000_000 }),
  textDelay: real({ label: 'Batching delay', help: 'A free replica waits this long for more to come. 0 takes what is there.', section: 'Batches', unit: 'seconds', default: 0, min: 0, max: 3600 }),
  embedderRoom: whole({ label: 'Queue', help: 'Calls that may wait while all replicas are busy. Beyond, they are refused: queue full.', section: 'Batches', unit: 'requests', default: 1000, min: 0, max: 100_000_000 }),
  embedderShare: real({ label: 'Share of peak', help: 'Part of the GPU’s peak that large batches reach: 0.31–0.33 measured with common servers at 16 bit, 0.42–0.5 with TensorRT at 8 bit.', section: 'Batches', unit: 'share', default: measuredShare, min: 0.001, max: 1 }),
  embedderJitter: real({ label: 'Jitter', help: 'Coefficient of variation of the time of like batches (lognormal; assumed).', section: 'Batches', unit: 'ratio', default: 0.05, min: 0, max: 10 }),
  embedderStart: distribution({ label: 'Start of a replica', help: 'How long a replica that is added takes until it serves (assumed: container and weights, 30 s).', section: 'Scaling', unit: 'seconds', default: { shape: 'constant', mean: 30, cv: 0 }, min: 0, max: 1e5 }),
  embedderPrice: real({ label: 'Price per replica', help: '0 takes the list price of the GPU.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 10_000 }),
};

type EmbedderValues = Values<typeof params>;

const rulesOf = (v: EmbedderValues): BatchRules => ({ packing: v.textPacking, mostTokens: v.textBatchTokens, mostTexts: v.textBatchSize, delay: v.textDelay, room: v.embedderRoom });
const setupOf = (v: EmbedderValues): Setup => ({ encoder: encoderOf(embedders, v.embedderModel), gpu: v.embedderGpu, precision: v.embedderPrecision, share: v.embedderShare });
const timeOf = (v: EmbedderValues): EncoderTime => new EncoderTime(setupOf(v));
const workings = (v: EmbedderValues): Constant[] => workingsOf(setupOf(v));
const hourly = (v: EmbedderValues): number => (v.embedderPrice > 0 ? v.embedderPrice : gpuOf(v.embedderGpu).usdPerHour);
const listPrice = (v: EmbedderValues): Evidence => priced(v.embedderPrice, params.embedderPrice, evidenceIn(gpuOf(v.embedderGpu).priceSource));
const priceEach = (v: EmbedderValues): Constant[] => [{ label: 'Price of a replica', value: hourly(v), unit: 'usd/hour', ...listPrice(v) }];

class EmbeddingService extends BatchingNode implements Component<EmbedderValues>, TakesBatches {
  readonly takesBatches = true;
  private time: EncoderTime;
  private readonly length: Sampler;
  private readonly lengths: Stream;
  private drawn = new Int32Array(64);
  /** Texts asked for in calls that have ended or been taken in; texts refused; those cut; FLOP that served a text, and at the peak of the replicas at work. */
  asked = 0;
  refused = 0;
  cut = 0;
  useful = 0;
  possible = 0;

  constructor(
    private values: EmbedderValues,
    site: Site,
  ) {
    super(site, values.embedderReplicas, new Sampler(values.embedderStart), rulesOf(values));
    this.batchBy(rulesOf(values), values.embedderJitter);
    this.time = timeOf(values);
    this.length = new Sampler(values.textLength);
    this.lengths = site.stream('lengths');
  }

  retune(values: EmbedderValues): void {
    const before = this.values;
    this.values = values;
    this.time = timeOf(values);
    this.length.set(values.textLength);
    this.batchBy(rulesOf(values), values.embedderJitter);
    this.scaling.start = new Sampler(values.embedderStart);
    if (values.embedderReplicas !== before.embedderReplicas) this.scaling.set(values.embedderReplicas);
    else this.pump();
  }

  arrive(call: number): void {
    const { net, values } = this;
    const texts = net.requests.items(net.calls.request(call));
    this.asked += texts;
    const tooLong = this.draw(texts);
    const refused = texts > values.textsPerCall || (tooLong > 0 && (values.textTooLong === 'refuse call' || (values.textTooLong === 'refuse text' && tooLong === texts)));
    if (refused) return this.refuse(call, texts, Code.invalid);
    if (!this.hasRoom()) return this.refuse(call, texts, Code.queueFull);
    this.enter(call, texts, tooLong);
  }

  /** Draws the lengths of a call’s texts; returns how many are too long. */
  private draw(texts: number): number {
    while (this.drawn.length < texts) this.drawn = new Int32Array(this.drawn.length * 2);
    let tooLong = 0;
    for (let k = 0; k < texts; k++) {
      this.drawn[k] = Math.max(1, Math.round(this.length.draw(this.lengths)));
      if (this.drawn[k]! > this.values.textLimit) tooLong++;
    }
    return tooLong;
  }

  private refuse(call: number, texts: number, code: number): void {
    this.refused += texts;
    this.net.fail(call, code);
  }

  private enter(call: number, texts: number, tooLong: number): void {
    const { textLimit, textTooLong } = this.values;
    const skipped = textTooLong === 'refuse text' ? tooLong : 0;
    this.refused += skipped;
    if (textTooLong === 'cut') this.cut += tooLong;
    for (let k = 0; k < texts; k++) {
      const tokens = this.drawn[k]!;
      if (tokens <= textLimit || textTooLong === 'fail batch') this.line(call, tokens);
      else if (textTooLong === 'cut') this.line(call, textLimit);
    }
    this.admit(call, texts - skipped);
  }

  protected override seconds(batch: Batch): number {
    const { time } = this;
    const seconds = time.seconds(batch.computed, batch.computedSquares);
    this.useful += flopOf(time.encoder, batch.tokens, batch.squares);
    this.possible += time.peak * seconds;
    return seconds;
  }

  protected override encoded(call: number): void {
    this.net.answer(call);
  }

  protected override spoils(longest: number): boolean {
    return this.values.textTooLong === 'fail batch' && longest > this.values.textLimit;
  }

  protected override spoilt(call: number): void {
    this.refused += this.net.requests.items(this.net.calls.request(call));
  }

  spentUsd(now: number): number {
    return (this.scaling.paidArea(now) / 3600) * hourly(this.values);
  }
}

/** Mean tokens of a text as it is encoded, its squared coefficient of variation taken as that of the uncut text. */
function textOf(v: EmbedderValues): { tokens: number; scv: number } {
  const { mean, cv, shape } = v.textLength;
  const scv = shape === 'constant' ? 0 : shape === 'exponential' ? 1 : cv * cv;
  return { tokens: Math.min(mean, v.textLimit), scv };
}

/** A full batch: texts, and mean tokens and squares of tokens that are computed for each, padding included where all are padded to the longest. */
function fullBatch(v: EmbedderValues): { texts: number; tokens: number; squares: number } {
  const { tokens, scv } = textOf(v);
  const most = (each: number): number => Math.max(1, Math.min(v.textBatchSize, Math.floor(v.textBatchTokens / each)));
  if (v.textPacking !== 'longest') return { texts: most(tokens), tokens, squares: tokens * tokens * (1 + scv) };
  let longest = tokens;
  for (let k = 0; k < 20; k++) longest = (longest + Math.min(v.textLimit, tokens * longestOf(v.textLength, most(longest)))) / 2;
  return { texts: most(longest), tokens: longest, squares: longest * longest };
}

function byHand(v: EmbedderValues, flow: Flow) {
  const time = timeOf(v);
  const { tokens, scv } = textOf(v);
  const { texts, ...computed } = fullBatch(v);
  const squares = tokens * tokens * (1 + scv);
  const full = texts / time.seconds(texts * computed.tokens, texts * computed.squares);
  const asked = flow.rate * flow.items;
  const assumes = `full batches${v.textPacking === 'longest' ? ', each text padded to the longest' : v.textPacking === 'buckets' ? ' of texts about as long as each other' : ''}, and texts within the limit`;
  return [
    { label: 'work per text', value: flopOf(time.encoder, tokens, squares) / 1e9, unit: 'count', formula: '(2 × weights × tokens + 4 × layers × width × mean of tokens²) ÷ 10⁹, without padding', source: 'Kaplan et al. 2020; GFLOP. BERT-large with 384 tokens: 246 (247 published, OpenVINO)' },
    { label: 'capacity', value: full * v.embedderReplicas, unit: 'items/second', formula: `replicas × texts per batch ÷ batch time = ${v.embedderReplicas.toLocaleString('en')} × ${texts.toLocaleString('en')} ÷ batch time`, source: 'utilisation law', assumes, wall: time.wall(texts * computed.tokens, texts * computed.squares) },
    { label: 'load', value: asked / (full * v.embedderReplicas), unit: 'share', formula: 'texts per second ÷ capacity', source: 'utilisation law', measure: 'utilisation', assumes },
    { label: 'texts', value: asked, unit: 'items/second', formula: 'calls × texts of a call', source: 'flow balance', measure: 'textRate', assumes: 'nothing refused' },
    { label: 'tokens', value: asked * tokens, unit: 'tokens/second', formula: 'texts per second × tokens of a text', source: 'flow balance', measure: 'tokenRate', assumes: 'all texts within the limit, and nothing refused' },
    { label: 'one text alone', value: time.seconds(tokens, squares), unit: 'seconds', formula: 'layers × 24 µs + max(work ÷ (peak × share), weights ÷ bandwidth)', source: 'roofline (Williams et al. 2009)' },
    { label: 'cost', value: ((hourly(v) * v.embedderReplicas) / 3600 / Math.max(1e-12, Math.min(asked, full * v.embedderReplicas) * tokens)) * 1e6, unit: 'usd/million tokens', formula: 'replicas × price ÷ tokens per hour', source: 'arithmetic', measure: 'perMillion', assumes: 'all texts within the limit, and nothing refused' },
  ] as const;
}

/** Turns texts into vectors, in batches of tokens. */
export const embeddingService = defineKind({
  id: 'embedding-service',
  label: 'Embedding service',
  doc: 'an encoder on GPUs that turns texts into vectors, in batches of tokens',
  about: 'Every call brings as many texts as its request has items, each of a length drawn here. A free replica takes texts of any calls, oldest first, until a batch has its most tokens or texts; the time of a batch follows from the arithmetic of the model (two operations per weight and token, and attention) over what the GPU sustains. Padding is computed like text and counted as waste. A call is answered when its last text is encoded; a text that is too long can be cut, refused alone, or take its call or its batch with it. A batch that has begun runs to its end even if nobody waits for it any more, or its replica is taken away or preempted; a replica lost in a fault drops it. Left out: tokenising on the processor, the size of the vectors on the wire, memory.',
  group: 'Compute',
  icon: 'braces',
  params,
  ports: { in: 'call', out: [], refusal: 'an embedding service computes its answers itself' },
  scales: true,
  measures: {
    padding: { label: 'padding', unit: 'share', help: 'tokens computed that belong to no text', formula: 'tokens of padding ÷ tokens computed', inputs: ['batchTexts', 'textLength', 'textPacking'], total: (n: EmbeddingService) => n.computed - n.tokens, per: (n: EmbeddingService) => n.computed },
    textRate: { label: 'texts', unit: 'items/second', help: 'texts taken into batches', inputs: ['arrivals'], total: (n: EmbeddingService) => n.texts },
    tokenRate: { label: 'tokens', unit: 'tokens/second', help: 'tokens of texts taken into batches, without padding', inputs: ['textRate', 'textLength'], total: (n: EmbeddingService) => n.tokens },
    batchTexts: { label: 'texts per batch', unit: 'items', help: 'texts in a batch as it starts', formula: 'texts ÷ batches', inputs: ['textRate', 'textBatchSize', 'textBatchTokens', 'textDelay'], total: (n: EmbeddingService) => n.texts, per: (n: EmbeddingService) => n.batches },
    batchTokens: { label: 'tokens per batch', unit: 'tokens', help: 'tokens computed in a batch, padding included', formula: 'tokens computed ÷ batches', inputs: ['batchTexts', 'padding', 'textBatchTokens'], total: (n: EmbeddingService) => n.computed, per: (n: EmbeddingService) => n.batches },
    textsFailed: { label: 'texts failed', unit: 'share', help: 'texts refused, alone or with their call, of those asked for', formula: 'texts refused ÷ texts asked for', inputs: ['textLimit', 'textTooLong'], total: (n: EmbeddingService) => n.refused, per: (n: EmbeddingService) => n.asked },
    textsCut: { label: 'texts cut', unit: 'share', help: 'texts of which a part was not seen', formula: 'texts cut ÷ texts asked for', inputs: ['textLimit', 'textTooLong'], total: (n: EmbeddingService) => n.cut, per: (n: EmbeddingService) => n.asked },
    mfu: { label: 'share of peak', unit: 'share', help: 'arithmetic that served a text, of what the GPUs at work could do', formula: 'FLOP that served texts ÷ ∫ peak FLOP/s of busy GPUs dt', origin: 'modelled', inputs: ['batchTokens', 'padding', 'embedderShare'], constants: workings, total: (n: EmbeddingService) => n.useful, per: (n: EmbeddingService) => n.possible },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time until the last text of a call is in a batch, per call that arrived', formula: '∫ calls not yet in a batch dt ÷ calls that arrived', inputs: ['waiting', 'arrivals'], total: (n: EmbeddingService, now: number) => n.queueArea(now), per: (n: EmbeddingService) => n.arrivedTotal() },
    perMillion: { label: 'cost', unit: 'usd/million tokens', help: 'what the replicas cost per million tokens of texts', formula: '10⁶ × price × replica-hours ÷ tokens of texts', origin: 'modelled', inputs: ['tokenRate', 'embedderReplicas'], constants: priceEach, total: (n: EmbeddingService, now: number) => n.spentUsd(now) * 1e6, per: (n: EmbeddingService) => n.tokens },
  },
  common: {
    utilisation: { formula: '∫ busy replicas dt ÷ ∫ replicas dt', inputs: ['textRate', 'batchTexts', 'embedderReplicas', 'embedderShare'], constants: workings },
    latency: { inputs: ['wait', 'batchTokens', 'embedderShare', 'embedderJitter'], constants: workings },
  },
  evidence: { embedderShare: shareEvidence, embedderJitter: assumed('batches of like size take nearly the same time') },
  card: ['textRate', 'padding'],
  face: { form: 'slots' },
  subtitle: (v) => `${encoderOf(embedders, v.embedderModel).label} · ${v.embedderReplicas.toLocaleString('en')} × ${gpuOf(v.embedderGpu).label.split(' ')[0]!}`,
  estimate: byHand,
  cost: (v) => [{ label: `${v.embedderReplicas.toLocaleString('en')} × 1 = ${v.embedderReplicas.toLocaleString('en')} ${gpuOf(v.embedderGpu).label}`, usdPerHour: v.embedderReplicas * hourly(v), ...listPrice(v) }],
  faults: [...servingFaults, 'replicas', 'preemption'],
  migrations: [],
  build: (values, site) => new EmbeddingService(values, site),
});
