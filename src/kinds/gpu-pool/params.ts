/** What can be set on a GPU pool. */
import { choice, real, toggle, whole, type Values } from '../../kit/param.ts';
import { gpus, linkedAmong, type Gpu } from './catalogue-gpus.ts';
import { models } from './catalogue-models.ts';
import { software, type SoftwareId } from './constants.ts';

type Shown = (values: Readonly<Record<string, unknown>>) => boolean;

const modelByHand: Shown = (v) => v.languageModel === 'custom';
const expertsByHand: Shown = (v) => v.languageModel === 'custom' && Number(v.customExperts) > 0;
const sparse: Shown = (v) => (modelByHand(v) ? expertsByHand(v) : models.some((m) => m.id === v.languageModel && m.experts !== null));
const gpuByHand: Shown = (v) => v.gpuType === 'custom';
const overPcie: Shown = (v) => Number(v.tensorParallel) > 2 && (gpuByHand(v) ? v.customLinked === false : (gpus as readonly Gpu[]).some((g) => g.id === v.gpuType && !linkedAmong(g, Number(v.tensorParallel))));
const exchanges: Shown = (v) => Number(v.tensorParallel) > 1;
const joined = (v: Readonly<Record<string, unknown>>): number => (gpuByHand(v) && v.customLinked === true ? Number(v.customJoined) : ((gpus as readonly Gpu[]).find((g) => g.id === v.gpuType)?.joined ?? 8));
const overNetwork: Shown = (v) => Number(v.tensorParallel) * Number(v.pipelineStages) > joined(v);
const latentByHand: Shown = (v) => modelByHand(v) && Number(v.customLatent) > 0;
const apart: Shown = (v) => Number(v.promptReplicas) > 0 && v.engineScheduling !== 'static';
/** Whether prompts may wait for company: not where batches are static, nor where they push others out to join at once. */
export const mayWait: Shown = (v) => v.engineScheduling !== 'static' && v.engineOrder !== 'pushing';
/** Whether sequences that give way are kept. */
export const keeps: Shown = (v) => v.preemptedTo !== 'nowhere';
const drafts: Shown = (v) => Number(v.draftLength) > 0 && v.engineScheduling !== 'static';

/** The declaration of all parameters. */
export const params = {
  languageModel: choice({ label: 'Model', help: 'The language model that every replica serves.', options: [...models.map((m) => ({ value: m.id, label: m.label })), { value: 'custom' as const, label: 'by hand', note: 'its sizes below' }], default: 'llama-3.1-8b' }),
  gpuType: choice({ label: 'GPU', help: 'The accelerator: its memory, bandwidth and arithmetic set what is possible.', options: [...gpus.map((g) => ({ value: g.id, label: g.label, note: `${(g.bandwidth / 1e12).toFixed(1)} TB/s, ${Math.round(g.peak16 / 1e12).toLocaleString('en')} TFLOP/s` })), { value: 'custom' as const, label: 'by hand', note: 'its rates below' }], default: 'h100' }),
  tensorParallel: choice({
    label: 'GPUs per replica',
    help: 'Tensor parallelism: so many GPUs share every layer. More make steps faster and room for the cache larger, at the price of exchange between them.',
    options: [
      { value: '1', label: '1' },
      { value: '2', label: '2' },
      { value: '4', label: '4' },
      { value: '8', label: '8' },
      { value: '16', label: '16', note: 'two servers, over the network; or part of a rack of NVL72' },
      { value: '32', label: '32', note: 'four servers, or part of a rack' },
    ],
    default: '1',
  }),
  pipelineStages: choice({
    label: 'Pipeline stages',
    help: 'Pipeline parallelism: the layers are divided among so many groups of GPUs that follow one another. Room for the cache grows, and exchange is small; a single answer gets no faster.',
    options: [
      { value: '1', label: '1' },
      { value: '2', label: '2' },
      { value: '4', label: '4' },
      { value: '8', label: '8' },
      { value: '16', label: '16' },
    ],
    default: '1',
  }),
  attentionSpread: choice({
    label: 'Attention',
    help: 'How the GPUs of a replica share attention. With sequences of their own (attention data parallel), only experts are shared out: a latent cache is kept once instead of on every GPU.',
    options: [
      { value: 'sliced', label: 'a slice on each GPU' },
      { value: 'own', label: 'sequences of their own', note: 'attention data parallel, as DeepSeek is served' },
    ],
    default: 'sliced',
    shownWhen: sparse,
  }),
  pcieRoutes: choice({
    label: 'PCIe routes',
    help: 'How GPUs without fast links reach each other in their server. Through the memory of the host, four and eight of them share one way; a pair is as fast either way.',
    options: [
      { value: 'switches', label: 'through switches' },
      { value: 'host', label: 'through the host', note: 'four and eight GPUs exchange at a fifth to a tenth of the rate' },
    ],
    default: 'switches',
    shownWhen: overPcie,
  }),
  networkRate: real({ label: 'Network of a GPU', help: 'How fast each GPU of a replica sends to other servers, by the line rate of its adapter: 50 GB/s is 400 Gbit/s, 12.5 is 100. Nine tenths of it are reached. GPUs of a rack that NVLink joins (NVL72) do without.', unit: 'bytes/second', default: 50e9, min: 1e6, max: 1e14, shownWhen: overNetwork }),
  // Published: fused kernels (Flux, Chang et al. 2024, arXiv 2406.06858) hide up to 0.96 of it; engines as they come hide next to none.
  exchangeBeside: real({ label: 'Exchange hidden', help: 'Share of the exchange between the GPUs of a layer that runs beside its matrix products instead of after them, as far as these take long enough. 0 is one after the other, as most engines do; fused kernels hide up to 0.96 (Flux, 2024).', unit: 'share', default: 0, min: 0, max: 1, shownWhen: exchanges }),
  poolReplicas: whole({ label: 'Replicas', help: 'Engines side by side, each with the whole model.', unit: 'count', default: 1, min: 1, max: 100_000 }),
  weightPrecision: choice({
    label: 'Weights',
    help: 'How weights are stored. Narrower ones are read faster and leave more room; where the GPU has no arithmetic for them, it computes at 16 bit.',
    options: [
      { value: 'bf16', label: 'bf16', note: '2 bytes' },
      { value: 'fp8', label: 'fp8', note: '1 byte; int8 weights alone read alike' },
      { value: 'fp4', label: 'fp4', note: '0.56 bytes; int4 weights alone (AWQ, GPTQ) read alike' },
      { value: 'mxfp4', label: 'mxfp4', note: 'experts at 0.53 bytes, all else at 2, as gpt-oss was released' },
    ],
    default: 'bf16',
  }),
  cachePrecision: choice({
    label: 'KV cache',
    help: 'How keys and values are stored; 8 bits hold twice as many tokens.',
    options: [
      { value: '16', label: '16 bit' },
      { value: '8', label: 'fp8' },
    ],
    default: '16',
  }),
  engineSoftware: choice({
    label: 'Engine',
    help: 'The serving software and its age; they differ in what an iteration costs beside the GPU’s work, and in how well they use the GPU.',
    section: 'Engine',
    options: (Object.keys(software) as SoftwareId[]).map((id) => ({ value: id, label: software[id].label, note: software[id].vintage })),
    default: 'vllm',
  }),
  engineScheduling: choice({
    label: 'Prompts',
    help: 'How prompts and running answers share the engine.',
    section: 'Engine',
    options: [
      { value: 'chunked', label: 'in chunks beside decodes', note: 'Sarathi, vLLM since 2024' },
      { value: 'prompts first', label: 'whole, before decodes', note: 'vLLM of 2023: answers stall meanwhile' },
      { value: 'static', label: 'in static batches', note: 'gathered, padded, and kept until the longest answer is done' },
    ],
    default: 'chunked',
  }),
  batchGathering: real({ label: 'Wait for a batch', help: 'An idle engine waits this long after the first request for its batch to fill.', section: 'Engine', unit: 'seconds', default: 0, min: 0, max: 3600, shownWhen: (v) => v.engineScheduling === 'static' }),
  iterationTokens: whole({ label: 'Tokens per iteration', help: 'Budget of one iteration. In chunks: decodes first, the rest for prompts; smaller keeps answers smooth, larger gets prompts done; GPUs with sequences of their own, and stages of a pipeline, have as many each. Whole prompts: padded to the longest, a single one may exceed it.', section: 'Engine', unit: 'tokens', default: 2048, min: 16, max: 1_000_000, shownWhen: (v) => v.engineScheduling !== 'static' }),
  queueLooks: whole({ label: 'Looks at the queue every', help: 'Decode iterations from one look at the queue to the next; after prompts it looks at once. Seldom looking spares the host, lets prompts come in bunches, and keeps newcomers waiting (SGLang: scheduler receive interval).', section: 'Engine', unit: 'count', default: 1, min: 1, max: 10_000, shownWhen: (v) => v.engineScheduling !== 'static' }),
  companyIterations: whole({ label: 'Prompts wait for company', help: 'Decode iterations that prompts wait at most: until there is one for each group of GPUs with sequences of its own, and the tokens below come together. Fewer iterations with prompts stall fewer answers, and first tokens come later (TensorRT-LLM: batch waiting, balance of attention data parallel).', section: 'Engine', unit: 'count', default: 0, min: 0, max: 10_000, shownWhen: mayWait }),
  companyTokens: whole({ label: 'Tokens to wait for', help: 'Tokens of prompts and decodes together that are enough for an iteration; 0 waits for one prompt of each group alone.', section: 'Engine', unit: 'tokens', default: 0, min: 0, max: 1_000_000, shownWhen: (v) => mayWait(v) && v.companyIterations !== 0 }),
  sequenceLimit: whole({ label: 'Largest batch', help: 'Sequences that run at the same time in one replica.', section: 'Engine', unit: 'count', default: 256, min: 1, max: 100_000 }),
  engineRoom: whole({ label: 'Queue per replica', help: 'Requests that may wait for a place in the batch. When the places are taken, requests are refused: queue full.', section: 'Engine', unit: 'requests', default: 1000, min: 1, max: 10_000_000 }),
  poolSpreading: choice({
    label: 'Choice of replica',
    help: 'Which replica gets the next request.',
    section: 'Engine',
    options: [
      { value: 'least requests', label: 'fewest requests' },
      { value: 'round robin', label: 'round robin' },
      { value: 'least cache', label: 'least KV cache', note: 'in use and waited for' },
    ],
    default: 'least requests',
  }),
  engineOrder: choice({
    label: 'Order',
    help: 'Who joins the batch next. Priorities are those of the request classes, 0 to 9, higher first.',
    section: 'Engine',
    options: [
      { value: 'arrival', label: 'first come' },
      { value: 'priority', label: 'by priority', note: 'when the cache is full, the lowest gives way' },
      { value: 'pushing', label: 'by priority, preempting', note: 'running answers of lower priority make room' },
    ],
    default: 'arrival',
  }),
  draftLength: whole({ label: 'Tokens drafted', help: 'Speculative decoding: a small model drafts so many tokens, the large one checks them in one pass. 0 is without.', section: 'Speculation', unit: 'tokens', default: 0, min: 0, max: 16, shownWhen: (v) => v.engineScheduling !== 'static' }),
  // Leviathan et al. 2023 measure acceptance of 0.5 to 0.9 and costs of 0.02 to 0.11 (T5 small to large as drafts for T5 XXL).
  draftAcceptance: real({ label: 'Accepted', help: 'Chance that a drafted token is what the large model would have said, given that those before it were; 0.5 to 0.9 is usual.', section: 'Speculation', unit: 'share', default: 0.7, min: 0, max: 1, shownWhen: drafts }),
  draftCost: real({ label: 'Cost of drafting', help: 'Time of one drafted token, as a share of a plain iteration: 0.02 to 0.1, by the size of the small model.', section: 'Speculation', unit: 'ratio', default: 0.05, min: 0, max: 10, shownWhen: drafts }),
  promptReplicas: whole({ label: 'Replicas for prompts', help: 'So many of the replicas only work through prompts and hand keys and values over to the others, which only answer. 0: every replica does both. At least one is left to answer.', section: 'Prompts apart', unit: 'count', default: 0, min: 0, max: 100_000, shownWhen: (v) => v.engineScheduling !== 'static' }),
  handoverBandwidth: real({ label: 'Link between replicas', help: 'How fast keys and values leave a replica: 50 GB/s is one 400 Gbit/s card.', section: 'Prompts apart', unit: 'bytes/second', default: 50e9, min: 1e6, max: 1e14, shownWhen: apart }),
  handoverLatency: real({ label: 'Delay of a handover', help: 'On top of bytes ÷ bandwidth, for each request (Splitwise 2024: 5 ms on H100, 8 on A100).', section: 'Prompts apart', unit: 'seconds', default: 0.005, min: 0, max: 60, shownWhen: apart }),
  memoryShare: real({ label: 'GPU memory to use', help: 'Share of the memory the engine may take for weights, activations and cache.', section: 'Memory', unit: 'share', default: 0.9, min: 0.1, max: 1 }),
  cacheBlock: whole({ label: 'Cache block', help: 'Tokens of one block of the paged cache.', section: 'Memory', unit: 'tokens', default: 16, min: 1, max: 512 }),
  cacheClaim: choice({
    label: 'A request joins',
    help: 'What must have room in the cache before a request joins the batch.',
    section: 'Memory',
    options: [
      { value: 'prompt', label: 'when its prompt fits', note: 'more at a time; when answers fill the cache, somebody gives way (vLLM, SGLang)' },
      { value: 'answer', label: 'when its answer fits too', note: 'fewer at a time, and nobody gives way (TensorRT-LLM unless told otherwise)' },
    ],
    default: 'prompt',
    shownWhen: (v) => v.engineScheduling !== 'static' && v.draftLength === 0,
  }),
  preemptedTo: choice({
    label: 'When the cache is full',
    help: 'What becomes of the keys and values of a sequence that has to give way.',
    section: 'Memory',
    options: [
      { value: 'nowhere', label: 'thrown away', note: 'prompt and answer so far are worked through again' },
      { value: 'host', label: 'to host memory', note: 'and back when there is room; the engine waits for both' },
      { value: 'disk', label: 'to host memory, then to disk', note: 'a disk takes what the host has no room for' },
    ],
    default: 'nowhere',
  }),
  hostMemory: real({ label: 'Host memory per GPU', help: 'For keys and values of sequences that gave way; when it is full, they go to the disk if there is one, and are thrown away otherwise.', section: 'Memory', unit: 'bytes', default: 32e9, min: 0, max: 1e13, shownWhen: keeps }),
  // PCIe 5.0 × 16 carries 63 GB/s each way, 4.0 half of it; copies of blocks reach some 80 % (assumed).
  hostBandwidth: real({ label: 'To host and back', help: 'Per GPU: about 50 GB/s over PCIe 5, 25 over PCIe 4.', section: 'Memory', unit: 'bytes/second', default: 50e9, min: 1e6, max: 1e13, shownWhen: keeps }),
  // Published: a DGX H100 has eight NVMe drives of 3.84 TB beside its eight GPUs; such drives read 7 GB/s and write 4 (Samsung PM1733), and the engine waits for both.
  diskMemory: real({ label: 'Disk per GPU', help: 'For keys and values that the host has no room for; when it is full, they are thrown away.', section: 'Memory', unit: 'bytes', default: 1e12, min: 0, max: 1e15, shownWhen: (v) => v.preemptedTo === 'disk' }),
  diskBandwidth: real({ label: 'To disk and back', help: 'Per GPU: about 5 GB/s with an NVMe drive of its own, reading and writing taken together.', section: 'Memory', unit: 'bytes/second', default: 5e9, min: 1e6, max: 1e13, shownWhen: (v) => v.preemptedTo === 'disk' }),
  replicaLoss: choice({
    label: 'Work of a lost replica',
    help: 'What becomes of requests that a replica was working on when it is lost.',
    section: 'Coming and going',
    options: [
      { value: 'fail', label: 'fails', note: 'callers hear of it and may ask again' },
      { value: 'restart', label: 'starts over elsewhere', note: 'from the prompt; what had been answered is thrown away' },
      { value: 'resume', label: 'goes on elsewhere', note: 'prompt and answer so far are read again, then it goes on' },
    ],
    default: 'fail',
  }),
  // Measured: 65.5 GB of safetensors from disk into an H100 in 19–21 s, 3.2–3.4 GB/s (ServerlessLLM, 2025); 12 s from the page cache, 3 s with a loader of its own.
  weightLoadRate: real({ label: 'Loading weights', help: 'How fast weights come into a GPU when a replica starts: 3.3 GB/s from disk, 20 with a fast loader.', section: 'Coming and going', unit: 'bytes/second', default: 3.3e9, min: 1e6, max: 1e13 }),
  engineStartup: real({ label: 'Engine start', help: 'What a replica needs beside its weights until it serves: process, graphs, profiling (assumed, 30 s).', section: 'Coming and going', unit: 'seconds', default: 30, min: 0, max: 1e5 }),
  customLayers: whole({ label: 'Layers', help: 'Transformer layers.', section: 'Model by hand', unit: 'count', default: 32, min: 1, max: 1000, shownWhen: modelByHand }),
  customHidden: whole({ label: 'Hidden size', help: 'Width of the residual stream.', section: 'Model by hand', unit: 'count', default: 4096, min: 64, max: 200_000, shownWhen: modelByHand }),
  customHeads: whole({ label: 'Query heads', help: 'Attention heads for queries.', section: 'Model by hand', unit: 'count', default: 32, min: 1, max: 1024, shownWhen: modelByHand }),
  customKvHeads: whole({ label: 'KV heads', help: 'Heads for keys and values: fewer than query heads is grouped-query attention, and a smaller cache.', section: 'Model by hand', unit: 'count', default: 8, min: 1, max: 1024, shownWhen: modelByHand }),
  customHeadSize: whole({ label: 'Head size', help: 'Numbers per head.', section: 'Model by hand', unit: 'count', default: 128, min: 8, max: 1024, shownWhen: modelByHand }),
  customLatent: whole({ label: 'Latent of keys and values', help: 'Multi-head latent attention keeps one compressed vector of so many numbers for each token and layer instead of keys and values, on every GPU; 0 is without (DeepSeek V3: 512).', section: 'Model by hand', unit: 'count', default: 0, min: 0, max: 65_536, shownWhen: modelByHand }),
  customLatentQueries: whole({ label: 'Latent of queries', help: 'Numbers to which queries are compressed on their way (DeepSeek V3: 1,536).', section: 'Model by hand', unit: 'count', default: 1536, min: 1, max: 65_536, shownWhen: latentByHand }),
  customRotary: whole({ label: 'Rotary part', help: 'Numbers beside the latent that tell positions (DeepSeek V3: 64).', section: 'Model by hand', unit: 'count', default: 64, min: 0, max: 4096, shownWhen: latentByHand }),
  customSliding: whole({ label: 'Layers with a window', help: 'Layers that look back only so far; at least one looks back all the way.', section: 'Model by hand', unit: 'count', default: 0, min: 0, max: 999, shownWhen: modelByHand }),
  customWindow: whole({ label: 'Window', help: 'How far those layers look back; short, as a rule: what they keep is left out of the room for keys and values.', section: 'Model by hand', unit: 'tokens', default: 4096, min: 1, max: 10_000_000, shownWhen: (v) => modelByHand(v) && Number(v.customSliding) > 0 }),
  customFeedForward: whole({ label: 'Feed-forward size', help: 'Inner size of a layer’s feed-forward part, which has three matrices (SwiGLU). Where there are experts, of the layers before them.', section: 'Model by hand', unit: 'count', default: 14336, min: 0, max: 1_000_000, shownWhen: (v) => modelByHand(v) && (!expertsByHand(v) || Number(v.customDenseLayers) > 0) }),
  customVocabulary: whole({ label: 'Vocabulary', help: 'Words it knows; embedding and output matrix have so many rows.', section: 'Model by hand', unit: 'count', default: 128_256, min: 2, max: 10_000_000, shownWhen: modelByHand }),
  customExperts: whole({ label: 'Experts', help: 'Experts per layer; 0 is a dense model.', section: 'Model by hand', unit: 'count', default: 0, min: 0, max: 4096, shownWhen: modelByHand }),
  customVisited: whole({ label: 'Experts per token', help: 'How many of them each token visits.', section: 'Model by hand', unit: 'count', default: 2, min: 1, max: 4096, shownWhen: expertsByHand }),
  customShared: whole({ label: 'Shared experts', help: 'Experts that every token visits beside its own.', section: 'Model by hand', unit: 'count', default: 0, min: 0, max: 64, shownWhen: expertsByHand }),
  customDenseLayers: whole({ label: 'Layers before experts', help: 'First layers that have an ordinary feed-forward part instead (DeepSeek V3: 3).', section: 'Model by hand', unit: 'count', default: 0, min: 0, max: 999, shownWhen: expertsByHand }),
  customExpertSize: whole({ label: 'Expert size', help: 'Inner size of one expert.', section: 'Model by hand', unit: 'count', default: 2048, min: 1, max: 1_000_000, shownWhen: expertsByHand }),
  customLikeness: choice({
    label: 'Behaves like',
    help: 'The generation whose shares of peak and overheads it is taken to have.',
    section: 'GPU by hand',
    options: [
      { value: 'hopper', label: 'Hopper' },
      { value: 'blackwell', label: 'Blackwell' },
      { value: 'ampere', label: 'Ampere' },
      { value: 'ada', label: 'Ada' },
      { value: 'workstation', label: 'Blackwell workstation' },
      { value: 'cdna3', label: 'CDNA 3' },
    ],
    default: 'hopper',
    shownWhen: gpuByHand,
  }),
  customPeak16: real({ label: 'Peak at 16 bit', help: 'Dense matrix products.', section: 'GPU by hand', unit: 'flop/second', default: 989e12, min: 1e9, max: 1e18, shownWhen: gpuByHand }),
  customPeak8: real({ label: 'Peak at 8 bit', help: 'The same at 8 bit; 0 where it has no units for it and computes at 16.', section: 'GPU by hand', unit: 'flop/second', default: 1979e12, min: 0, max: 1e18, shownWhen: gpuByHand }),
  customPeak4: real({ label: 'Peak at 4 bit', help: 'The same at 4 bit; 0 where it has none.', section: 'GPU by hand', unit: 'flop/second', default: 0, min: 0, max: 1e18, shownWhen: gpuByHand }),
  customMemory: real({ label: 'Memory', help: 'Bytes of one GPU.', section: 'GPU by hand', unit: 'bytes', default: 80 * 2 ** 30, min: 1e9, max: 1e14, shownWhen: gpuByHand }),
  customBandwidth: real({ label: 'Memory bandwidth', help: 'By the data sheet.', section: 'GPU by hand', unit: 'bytes/second', default: 3.35e12, min: 1e9, max: 1e15, shownWhen: gpuByHand }),
  customLinked: toggle({ label: 'Fast links', help: 'Whether the GPUs of a server are joined by NVLink or the like, and not by PCIe (4 on Ampere and Ada, else 5).', section: 'GPU by hand', default: true, shownWhen: gpuByHand }),
  customJoined: whole({ label: 'Joined by them', help: 'How many GPUs fast links join: 8 in most servers, 72 in a rack of GB200.', section: 'GPU by hand', unit: 'count', default: 8, min: 2, max: 1024, shownWhen: (v) => gpuByHand(v) && v.customLinked === true }),
  customLinkRate: real({ label: 'Link rate', help: 'What a GPU sends over them, one way, by the data sheet: 300 GB/s is NVLink 3, 450 NVLink 4, 900 NVLink 5. An all-reduce reaches the share of it that it does on GPUs of its likeness.', section: 'GPU by hand', unit: 'bytes/second', default: 450e9, min: 1e9, max: 1e14, shownWhen: (v) => gpuByHand(v) && v.customLinked === true }),
  customWatts: real({ label: 'Power', help: 'Of one GPU at full load.', section: 'GPU by hand', unit: 'watts', default: 700, min: 0, max: 100_000, shownWhen: gpuByHand }),
  priceOverride: real({ label: 'Price per GPU', help: 'What one GPU costs per hour; 0 takes the list price.', section: 'Cost', unit: 'usd/hour', default: 0, min: 0, max: 1000 }),
};

/** Values of all parameters. */
export type PoolValues = Values<typeof params>;
