/** What the lines of MLPerf leave to its rules, its data sets and the configurations that its submitters publish. */
import type { Lengths } from './cases.ts';
import { numberIn, type Line } from './csv.ts';

/** What is asked: tokens of a prompt on average, how many different ones, and how lengths lie about their means. */
export interface DataSet {
  readonly of: RegExp;
  readonly input: number;
  readonly samples: number;
  readonly lengths: Lengths;
}

/**
 * Sizes from the rules, whose longest answers are four or five times the mean but for summaries of 128 tokens. Input: 5,463,976 tokens of 24,576 prompts of OpenOrca (counted by HBFSim, which names the digest of the file); 405B and
 * R1 as announced by their task forces; assumed for the others: articles of CNN and Daily Mail; for Mixtral a third OpenOrca, a third GSM8K with five worked
 * examples before each question (about 850), a third MBXP (about 200).
 */
const dataSets: readonly DataSet[] = [
  { of: /^llama-2-70b|^llama-3.1-70b/, input: 222, samples: 24_576, lengths: 'conversation' },
  { of: /mixtral/, input: 424, samples: 15_000, lengths: 'conversation' },
  { of: /llama-3.1-8b/, input: 778, samples: 13_368, lengths: 'alike' },
  { of: /405b/, input: 9400, samples: 8_313, lengths: 'even' },
  { of: /deepseek/, input: 800, samples: 4_388, lengths: 'conversation' },
];

/** Whether a line comes from MLPerf, whose organisation publishes its results. */
export const isMlperf = (r: Line): boolean => /^mlcommons\/|\bMLPerf\b/i.test(r.source!);

/**
 * Whether TensorRT-LLM ran a model's engine in C++, compiled beforehand, as all in round 4.1; in 5.1 DeepSeek-R1 and Llama 3.1 8B were served by its later way, from
 * PyTorch behind an endpoint (published: NVIDIA's submissions).
 */
export const compiled = (r: Line): boolean => !(/^v5/.test(r.version!) && /deepseek|8b/i.test(r.model!));

/** What a model is asked; undefined where it is no part of MLPerf. */
export const dataSetOf = (model: string): DataSet | undefined => dataSets.find(({ of }) => of.test(model));

/** Sequences at a time where a line leaves them out: round 4.1, from the submitters' configurations. */
const sequences: readonly (readonly [gpu: string, model: RegExp, sequences: number])[] = [
  ['h100', /./, 896],
  ['h100-nvl', /llama/, 1300],
  ['h100-nvl', /mixtral/, 896],
  ['h200', /mixtral/, 3072],
];

/** Sequences that an engine took on at a time; undefined where nothing is known. */
export const sequencesOf = (gpu: string, model: string): number | undefined => sequences.find(([on, of]) => on === gpu && of.test(model))?.[2];

/** Seconds that a run shall last at the rate its submitter expects, a tenth more than the least allowed. */
const LASTING = 660;

/** Requests of one replica beyond which a run only goes on as before. */
const ENOUGH = 30_000;

/** Requests that came to each of so many replicas: the data set at least once. */
export function requestsOf(r: Line, set: DataSet, replicas: number): number {
  return Math.min(ENOUGH, Math.ceil(Math.max(set.samples, LASTING * numberIn(r, 'req_s')) / replicas));
}
