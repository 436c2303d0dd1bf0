/**
 * The order in which constants are fitted, and to what. Hopper first, which has the most measurements; then what is new on other generations. Constants of
 * kernels are held to their own measurements; each stage moves only what its cases can tell.
 */
import type { Generation } from '../../src/kinds/gpu-pool/catalogue-gpus.ts';
import { software, unmeasured, type Engine, type Kernels, type Software, type SoftwareId } from '../../src/kinds/gpu-pool/constants.ts';
import type { Case } from './cases.ts';
import { fitted, type Knob } from './fit.ts';
import { trialOfKernel, type Kernel } from './micro.ts';
import { trialOfReplay, type Replay } from './replays.ts';
import type { Place, Table } from './table.ts';
import { trialOf, type Trial, type Weight } from './trials.ts';

/** All that is measured in a folder. */
export interface Measurements {
  readonly cases: readonly Case[];
  readonly replays: readonly Replay[];
  readonly kernels: readonly Kernel[];
}

/** Trials and what they may move. */
export interface Stage {
  readonly name: string;
  trials(m: Measurements): readonly Trial[];
  readonly knobs: readonly Knob[];
  /** Whether its figures jump where constants only turn. */
  readonly jumping?: boolean;
}

const ofCases = (of: (c: Case) => boolean, weight: Weight) => (m: Measurements): readonly Trial[] => m.cases.filter((c) => !mlperf(c) && of(c)).map((c) => trialOf(c, weight));

/** Enough to find what is common. */
const COMMONLY = 250;

const some = (of: (c: Case) => boolean, weight: Weight) => (m: Measurements): readonly Trial[] => {
  const trials = ofCases(of, weight)(m);
  const step = Math.ceil(trials.length / COMMONLY);
  return trials.filter((_, i) => i % step === 0);
};

type Key = keyof Engine;

/** Known to a few hundredths from measurements of kernels. */
const HELD = 600;

/** Pull of what all software has in common: host and layers can hardly be told apart, and neither is to vanish. */
const COMMON = 20;

/** Pull of what a software does alike on all generations. */
const WIDELY = 6;

/** Pull of software and generations that have nothing in common with others. */
const LOOSE = 0.5;

const kernel = (on: Generation, ...keys: Key[]): Knob[] => keys.map((key) => ({ on, key }));
const held = (on: Generation, ...keys: Key[]): Knob[] => keys.map((key) => ({ on, key, pull: HELD }));
const anywhere = (software: SoftwareId, ...keys: Key[]): Knob[] => keys.map((key) => ({ software, key }));
const engine = (software: SoftwareId, on: Generation, ...keys: Key[]): Knob[] => keys.map((key) => ({ software, on, key }));

const loose = (knobs: readonly Knob[]): Knob[] => knobs.map((knob) => ({ ...knob, pull: knob.pull ?? LOOSE }));

const overheads: readonly Key[] = ['layer', 'host', 'perSequence'];
const grouped: readonly Key[] = ['grouped', 'streamExperts', 'routing'];
const eager: readonly Key[] = [...grouped, 'launchExperts'];

const timed: readonly Generation[] = ['hopper', 'blackwell', 'ampere', 'ada', 'workstation'];

const dense = (c: Case): boolean => c.setup.model.experts === null;
const on = (c: Case, generation: Generation): boolean => c.setup.gpu.generation === generation;
const large = (c: Case): boolean => on(c, 'hopper') || on(c, 'blackwell');
const by = (c: Case, ...software: SoftwareId[]): boolean => software.includes(c.software);
const mlperf = (c: Case): boolean => c.family.startsWith('MLPerf');

/** A first token counts a third: queues and clients blur it; of sparse models a tenth, some servers still compiled kernels then. */
const all: Weight = (_, figure) => (figure === 'ttft' ? 0.3 : 1);
const perToken: Weight = (c, figure) => (figure !== 'ttft' ? 1 : dense(c) ? 0.3 : 0.1);

/** Products of 4 bits where TensorRT-LLM compiled engines beforehand are those of 1.0, which did not: no line that is fitted tells of them. */
const compiledToo: readonly Place[] = [{ software: 'tensorrt-llm-0.17', key: 'compute4' }];

/** Software of 2025 and 2026, and constants of them all that turn together, wherever they are told: what one of them has in common with the others. */
const recent: readonly SoftwareId[] = ['vllm', 'vllm-2025', 'sglang', 'sglang-2025', 'tensorrt-llm', 'tensorrt-llm-1.0', 'tensorrt-llm-1.0rc'];
const placed = (key: Key, of: readonly SoftwareId[]): Place[] =>
  of.flatMap((id) => {
    const { any, on: told }: Software = software[id];
    const own = [...(key in any ? [{ software: id, key }] : []), ...(Object.keys(told) as Generation[]).filter((g) => key in told[g]!).map((g) => ({ software: id, on: g, key }))];
    return id === 'tensorrt-llm-1.0' && key === 'compute4' ? [...own, ...compiledToo] : own;
  });
const tied = (places: readonly Place[], pull: number): Knob[] => (places.length === 0 ? [] : [{ ...places[0]!, also: places.slice(1), pull }]);
const together = (...keys: Key[]): Knob[] => keys.flatMap((key) => tied(placed(key, recent), COMMON));

/** What each of them has in common with itself on other generations: it then stands where it was not measured. */
const itself = (...keys: Key[]): Knob[] => recent.flatMap((id) => keys.flatMap((key) => tied(placed(key, [id]), WIDELY)));

/** What is fitted to dense models on Hopper, and to models of experts. */
const denseHopper: readonly Knob[] = [
  ...kernel('hopper', 'stream', 'compute16', 'compute8'),
  ...held('hopper', 'prefill'),
  ...anywhere('vllm', ...overheads, 'client', 'clientPerSequence', 'launchPrompt'),
  ...engine('vllm', 'hopper', 'kvRead8', 'reduceStart', 'reduceRate'),
  ...anywhere('vllm-2025', ...overheads, 'launchPrompt'),
  ...engine('vllm-2025', 'hopper', 'reduceStart', 'reduceRate'),
  ...anywhere('sglang-2025', ...overheads, 'launchPrompt'),
  ...engine('sglang-2025', 'hopper', 'compute16', 'kvRead'),
  ...anywhere('sglang', ...overheads, 'launchPrompt'),
  ...engine('sglang', 'hopper', 'kvRead'),
  ...anywhere('tensorrt-llm', ...overheads, 'client', 'launchPrompt'),
  ...engine('tensorrt-llm', 'hopper', 'compute8', 'kvRead8', 'reduceStart', 'reduceRate'),
  ...anywhere('tensorrt-llm-1.0rc', ...overheads, 'narrowing', 'launchPrompt'),
  ...engine('tensorrt-llm-1.0rc', 'hopper', 'compute8', 'compute16', 'kvRead8', 'reduceStart', 'reduceRate'),
  ...anywhere('tensorrt-llm-1.0', ...overheads, 'launchPrompt'),
  ...engine('tensorrt-llm-1.0', 'hopper', 'compute8', 'kvRead8'),
  ...loose(anywhere('tensorrt-llm-0.17', ...overheads, 'client', 'perStream')),
  ...loose(engine('tensorrt-llm-0.17', 'hopper', 'compute8', 'compute16', 'kvRead8', 'reduceStart', 'reduceRate')),
];

/** What an engine's kernels read of 8-bit experts in vain: its own, so that it does not pass for what all have in common. */
const kept: readonly Knob[] = recent.flatMap((id) => ('always8' in (software[id].on as Software['on']).hopper! ? engine(id, 'hopper', 'always8') : []));

const sparseHopper: readonly Knob[] = [
  ...anywhere('vllm', 'routing4'),
  ...engine('vllm-2025', 'hopper', ...grouped, 'always8'),
  { software: 'vllm-2025', key: 'gather', also: [{ software: 'vllm', key: 'gather' }] },
  ...engine('sglang', 'hopper', ...eager),
  ...engine('tensorrt-llm', 'hopper', ...eager),
  ...engine('tensorrt-llm-1.0', 'hopper', ...grouped),
  ...engine('tensorrt-llm-1.0rc', 'hopper', ...grouped, 'always8'),
  ...loose(anywhere('tensorrt-llm-0.17', 'streamExperts')),
  ...loose(engine('tensorrt-llm-0.17', 'hopper', 'grouped', 'routing')),
];

/** Hosts of A100 launch all kernels slower than those of H100, by one factor. */
const olderHosts: readonly Knob[] = [{ software: 'vllm-2023', on: 'ampere', key: 'launchLayer', also: [{ software: 'vllm-2023', on: 'ampere', key: 'launchRank' }] }];

/** Runs request by request: their figures jump where one request joins an iteration sooner. */
const replays: Stage = {
  name: 'replays on workstation cards',
  jumping: true,
  trials: (m) => m.replays.map(trialOfReplay),
  knobs: loose([...engine('vllm', 'workstation', ...overheads, ...eager, 'launchPrompt', 'clientPerSequence'), ...kernel('workstation', 'compute16'), ...held('workstation', 'stream')]),
};

/** All stages, in order. */
export const stages: readonly Stage[] = [
  {
    name: 'kernels alone',
    trials: (m) => m.kernels.map(trialOfKernel),
    knobs: loose(timed.flatMap((on) => kernel(on, 'burst', 'launch', 'stream', 'kvRead', 'kvRead8', 'attention', 'prefill', 'reduceStart', 'reduceRate'))),
  },
  {
    name: 'dense models, all software alike',
    trials: some((c) => large(c) && dense(c) && by(c, ...recent) && c.family !== 'static batch, vLLM 2024', all),
    knobs: [...kernel('hopper', 'stream', 'compute16', 'compute8'), ...kernel('blackwell', 'stream', 'stream4', 'compute8', 'compute4'), ...together(...overheads, 'client', 'launchPrompt')],
  },
  {
    name: 'dense models, each software alike everywhere',
    trials: some((c) => large(c) && dense(c) && by(c, ...recent) && c.family !== 'static batch, vLLM 2024', all),
    knobs: itself(...overheads, 'client', 'launchPrompt', 'compute8', 'compute4', 'reduceStart', 'reduceRate'),
  },
  {
    name: 'dense models on Hopper',
    trials: ofCases((c) => on(c, 'hopper') && dense(c) && !by(c, 'vllm-2023') && c.family !== 'static batch, vLLM 2024', all),
    knobs: denseHopper,
  },
  {
    name: 'experts, all software alike',
    trials: some((c) => large(c) && !dense(c) && by(c, ...recent), perToken),
    knobs: [...together(...eager), ...kept],
  },
  {
    name: 'experts, each software alike everywhere',
    trials: some((c) => large(c) && !dense(c) && by(c, ...recent), perToken),
    knobs: [...itself(...eager), ...kept],
  },
  {
    name: 'experts on Hopper',
    trials: ofCases((c) => on(c, 'hopper') && !dense(c), perToken),
    knobs: sparseHopper,
  },
  {
    name: 'all models on Hopper',
    trials: ofCases((c) => on(c, 'hopper') && !by(c, 'vllm-2023') && c.family !== 'static batch, vLLM 2024', perToken),
    knobs: [...denseHopper, ...sparseHopper],
  },
  {
    name: 'Ampere and Ada',
    trials: ofCases((c) => (on(c, 'ampere') || on(c, 'ada')) && by(c, 'tensorrt-llm-0.17'), all),
    knobs: loose([...kernel('ampere', 'compute16'), ...held('ampere', 'stream', 'prefill'), ...engine('tensorrt-llm-0.17', 'ampere', 'grouped', 'reduceStart', 'reduceRate'), ...kernel('ada', 'compute8'), ...kernel('ada', 'kvRead8'), ...engine('tensorrt-llm-0.17', 'ada', 'grouped')]),
  },
  {
    name: 'dense models on Blackwell',
    trials: ofCases((c) => on(c, 'blackwell') && dense(c), all),
    knobs: [
      ...kernel('blackwell', 'stream', 'stream4', 'compute8', 'compute4'),
      ...held('blackwell', 'prefill'),
      ...engine('vllm', 'blackwell', ...overheads, 'client', 'reduceStart', 'reduceRate'),
      ...engine('tensorrt-llm', 'blackwell', ...overheads, 'client', 'reduceStart', 'reduceRate', 'compute8', 'compute4'),
      ...engine('tensorrt-llm-1.0', 'blackwell', ...overheads),
      { software: 'tensorrt-llm-1.0', on: 'blackwell', key: 'compute4', also: compiledToo },
    ],
  },
  {
    name: 'experts on Blackwell',
    trials: ofCases((c) => on(c, 'blackwell') && !dense(c), perToken),
    knobs: [...engine('sglang-2025', 'blackwell', ...grouped, ...overheads), ...engine('sglang', 'blackwell', ...eager, ...overheads), ...engine('tensorrt-llm', 'blackwell', ...eager), ...anywhere('tensorrt-llm', 'gather'), ...engine('tensorrt-llm-1.0', 'blackwell', ...grouped)],
  },
  {
    name: 'vLLM of 2023',
    trials: ofCases((c) => by(c, 'vllm-2023'), all),
    knobs: loose([
      ...anywhere('vllm-2023', ...overheads, 'launchLayer', 'launchRank', 'client'),
      ...engine('vllm-2023', 'hopper', 'compute16', 'reduceRate', 'reduceStart', 'reduceLarge'),
      ...engine('vllm-2023', 'ampere', 'compute16', 'reduceRate', 'reduceStart', 'reduceLarge'),
      ...olderHosts,
    ]),
  },
  replays,
  { ...replays, name: 'replays once more' },
];

/** Every constant that some stage moves, but those of kernels that nothing measures, which stay where they are. */
export function fittedPlaces(): readonly Place[] {
  const all = stages.flatMap((stage) => stage.knobs.flatMap((knob) => [knob, ...(knob.also ?? [])]));
  const measured = all.filter((p) => p.software !== undefined || !unmeasured[p.on!].includes(p.key as keyof Kernels));
  return [...new Map(measured.map((p) => [[p.software, p.on, p.key].join(' '), p])).values()];
}

/** The table fitted to measurements, stage by stage; `told` hears of each. */
export function fittedTo(m: Measurements, table: Table, told: (stage: string, trials: number) => void = () => {}, rounds?: number): Table {
  let now = table;
  for (const stage of stages) {
    const trials = stage.trials(m);
    told(stage.name, trials.length);
    if (trials.length > 0) now = fitted(now, trials, stage.knobs, rounds, stage.jumping);
  }
  return now;
}
