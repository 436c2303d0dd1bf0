/**
 * A scenario: a brief with a naive and a reference design, changes to try while they run, and lessons: claims about the two
 * designs that are measured by running them.
 */
import * as z from 'zod/mini';
import { catalogue, type Catalogue } from './catalogue.ts';
import { limits, type Design, type DesignFault, type Gated } from './design.ts';
import { admitFault, faultShape, gateDesign, guarded } from './gate.ts';
import { inspect, readJson, Refusal } from './json.ts';
import { checkParam } from './params.ts';
import type { Params } from '../kit/param.ts';

/** Parameter values by `nodeId.paramName` (or `linkId.paramName`). */
export type Setting = Readonly<Record<string, unknown>>;

/** One side of a claim: which of the two designs, changed how; `faults`, where given, are instead of its own. */
export interface LessonSide {
  readonly design: 'naive' | 'reference';
  readonly set?: Setting;
  readonly faults?: readonly DesignFault[];
}

/**
 * A claim: after `seconds` of simulated time, `metric` (a dotted path into the result) of `a` is at most or at least `factor`
 * times that of `b`; with no `b`, it is held to `limit` in the metric's base unit.
 */
export interface Lesson {
  readonly claim: string;
  readonly a: LessonSide;
  readonly b: LessonSide | null;
  readonly metric: string;
  readonly relation: 'at most' | 'at least';
  readonly factor?: number;
  readonly limit?: number;
  readonly seconds: number;
}

/** A change to try while it runs: parameters, and faults whose `at` counts from that moment. */
export interface WhatIf {
  readonly label: string;
  readonly set: Setting;
  readonly faults?: readonly DesignFault[];
}

export interface Scenario {
  readonly slug: string;
  readonly title: string;
  readonly brief: string;
  readonly constraints: readonly string[];
  readonly naive: Design;
  readonly reference: Design;
  readonly whatIfs: readonly WhatIf[];
  readonly lessons: readonly Lesson[];
  readonly sources: readonly string[];
}

const line = z.string().check(z.maxLength(1000));
const set = z.record(z.string(), z.unknown());
const faults = z.optional(z.array(faultShape).check(z.maxLength(limits.faults)));
const side = z.strictObject({ design: z.enum(['naive', 'reference']), set: z.optional(set), faults });
const finite = z.number();

const shape = z.strictObject({
  slug: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,63}$/)),
  title: line,
  brief: z.string().check(z.maxLength(5000)),
  constraints: z.array(line).check(z.maxLength(50)),
  naive: z.unknown(),
  reference: z.unknown(),
  whatIfs: z.array(z.strictObject({ label: line, set, faults })).check(z.maxLength(50)),
  lessons: z.array(z.strictObject({
    claim: line,
    a: side,
    b: z.nullable(side),
    metric: z.string().check(z.maxLength(120)),
    relation: z.enum(['at most', 'at least']),
    factor: z.optional(finite),
    limit: z.optional(finite),
    seconds: z.number().check(z.gt(0), z.lte(1e8)),
  })).check(z.maxLength(50)),
  sources: z.optional(z.array(line).check(z.maxLength(50))),
});

/** Takes the text of a scenario file. */
export function gateScenarioText(text: string, book: Catalogue = catalogue): Gated<Scenario> {
  return guarded((repairs) => admit(readJson(text), book, repairs));
}

/** Takes a parsed value that claims to be a scenario. */
export function gateScenario(value: unknown, book: Catalogue = catalogue): Gated<Scenario> {
  return guarded((repairs) => {
    inspect(value);
    return admit(value, book, repairs);
  });
}

function admit(value: unknown, book: Catalogue, repairs: string[]): Scenario {
  const parsed = z.safeParse(shape, value);
  if (!parsed.success) throw new Refusal(complaint(parsed.error.issues[0]!));
  const { naive, reference, lessons, sources = [], ...rest } = parsed.data;
  const designs = { naive: designOf(naive, 'naive', book, repairs), reference: designOf(reference, 'reference', book, repairs) };
  const sideOf = ({ design, set, faults }: z.infer<typeof side>): LessonSide => ({
    design,
    ...(set === undefined ? {} : { set }),
    ...(faults === undefined ? {} : { faults: faults.map((fault) => admitFault(designs[design], fault, book)) }),
  });
  const scenario: Scenario = {
    ...rest,
    ...designs,
    whatIfs: rest.whatIfs.map(({ label, set, faults }) => ({ label, set, ...(faults === undefined ? {} : { faults: faults.map((fault) => admitEither(designs, fault, book)) }) })),
    lessons: lessons.map(({ a, b, ...lesson }) => asLesson({ ...lesson, a: sideOf(a), b: b && sideOf(b) })),
    sources,
  };
  for (const lesson of scenario.lessons) checkLesson(lesson, scenario, book);
  for (const whatIf of scenario.whatIfs) checkWhatIf(whatIf, scenario, book);
  return scenario;
}

/** A fault that fits at least one of the two designs. */
function admitEither(designs: { readonly naive: Design; readonly reference: Design }, fault: z.infer<typeof faultShape>, book: Catalogue): DesignFault {
  const first = guarded(() => admitFault(designs.reference, fault, book));
  return first.ok ? first.value : admitFault(designs.naive, fault, book);
}

function complaint(issue: z.core.$ZodIssue): string {
  const stray = issue.code === 'unrecognized_keys' ? `has a field “${issue.keys[0]?.slice(0, 64)}” that is not known here` : 'is missing or not as it should be';
  return `The scenario’s ${issue.path.map(String).join('.') || 'outermost level'} ${stray}.`;
}

function designOf(value: unknown, which: string, book: Catalogue, repairs: string[]): Design {
  const gated = gateDesign(value, book);
  if (!gated.ok) throw new Refusal(`The ${which} design: ${gated.why}`);
  repairs.push(...gated.repairs.map((repair) => `The ${which} design: ${repair}`));
  return gated.value;
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** Optional fields are either there or not, never `undefined`. */
function asLesson({ factor, limit, a, b, ...rest }: Loose<Pick<Lesson, 'factor' | 'limit'>> & Omit<Lesson, 'factor' | 'limit'>): Lesson {
  return { ...rest, a, b, ...(factor === undefined ? {} : { factor }), ...(limit === undefined ? {} : { limit }) };
}

function checkLesson(lesson: Lesson, scenario: Scenario, book: Catalogue): void {
  if (lesson.b === null && lesson.limit === undefined) throw new Refusal(`The lesson “${lesson.claim}” has neither another side nor a limit.`);
  for (const one of [lesson.a, lesson.b]) {
    const refusal = one && settingRefusal(scenario[one.design], one.set ?? {}, book);
    if (refusal) throw new Refusal(`The lesson “${lesson.claim}”: ${refusal}.`);
  }
}

/** Each change must fit at least one of the two designs. */
function checkWhatIf(whatIf: WhatIf, scenario: Scenario, book: Catalogue): void {
  const refusal = settingRefusal(scenario.reference, whatIf.set, book);
  if (refusal && settingRefusal(scenario.naive, whatIf.set, book)) throw new Refusal(`The what-if “${whatIf.label}”: ${refusal}.`);
}

/** Why parameters cannot be set so in a design, as the end of a sentence; null where they can. */
export function settingRefusal(design: Design, setting: Setting, book: Catalogue = catalogue): string | null {
  for (const [path, value] of Object.entries(setting)) {
    const [id, name] = split(path);
    const params = paramsAt(design, id, book);
    if (!params) return `there is no component or wire “${id}”`;
    if (!Object.hasOwn(params, name)) return `“${id}” has no parameter “${name}”`;
    const checked = checkParam(params[name]!, value);
    if (!checked.ok) return `“${id}”: ${checked.why}`;
  }
  return null;
}

function paramsAt(design: Design, id: string, book: Catalogue): Params | null {
  const node = design.nodes.find((one) => one.id === id);
  if (node) return (book.kindOf(node.kind)?.params as Params | undefined) ?? null;
  return design.links.some((one) => one.id === id) ? book.link : null;
}

/** `users.arrivalRate` as the id of a node or wire and the name of a parameter. */
export function split(path: string): readonly [id: string, name: string] {
  const dot = path.indexOf('.');
  return [path.slice(0, Math.max(0, dot)), path.slice(dot + 1)];
}
