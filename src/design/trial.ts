/** What a lesson or a what-if makes of a scenario's design, and whether a lesson's claim holds. */
import { catalogue, type Catalogue } from './catalogue.ts';
import type { Design } from './design.ts';
import { addFault, setLinkParam, setNodeParam } from './edit.ts';
import { faultRefusal } from './faults.ts';
import { fullParams } from './params.ts';
import { split, type Lesson, type LessonSide, type Scenario, type Setting, type WhatIf } from './scenario.ts';

/** A design with some parameters set otherwise; names it does not have and values it refuses are passed over. */
export function withParams(design: Design, setting: Setting, book: Catalogue = catalogue): Design {
  let changed = design;
  for (const [path, value] of Object.entries(setting)) {
    const [id, name] = split(path);
    changed = setLinkParam(setNodeParam(changed, id, name, value, book), id, name, value, book);
  }
  return withoutSums(design, changed, book);
}

/** How an area says what it comes to: `760 × 8 = 6,080 H100s`. */
const sum = / = [\d,]+ /;

/** What all components of a design are priced at, in USD per hour. */
const priced = ({ nodes }: Design, { kindOf }: Catalogue): number =>
  nodes.reduce((all, node) => {
    const kind = kindOf(node.kind);
    return kind === undefined ? all : kind.cost(fullParams(kind, node.params)).reduce((usd, row) => usd + row.usdPerHour, all);
  }, 0);

/** Where more or less is there than before, sums in the names of areas no longer hold, and go. */
function withoutSums(before: Design, after: Design, book: Catalogue): Design {
  if (!after.groups.some(({ label }) => sum.test(label)) || priced(before, book) === priced(after, book)) return after;
  return { ...after, groups: after.groups.map((group) => (sum.test(group.label) ? { ...group, label: '' } : group)) };
}

/** The design that a lesson's side runs. */
export function sideDesign(scenario: Scenario, of: LessonSide, book: Catalogue = catalogue): Design {
  const design = withParams(scenario[of.design], of.set ?? {}, book);
  return of.faults === undefined ? design : { ...design, faults: of.faults };
}

/** The same to look at: as long as the lesson looks, and what it holds to a limit among the objectives, first. */
export function lessonDesign(scenario: Scenario, { metric, relation, limit, seconds }: Lesson, of: LessonSide, book: Catalogue = catalogue): Design {
  const design = sideDesign(scenario, of, book);
  const others = design.objectives.filter((one) => one.metric !== metric);
  // What ends before the warm-up does is counted from its start.
  const warmupSeconds = seconds > design.run.warmupSeconds ? design.run.warmupSeconds : 0;
  return { ...design, objectives: limit === undefined ? design.objectives : [{ metric, relation, limit }, ...others], run: { ...design.run, seconds, warmupSeconds } };
}

/** A design in which a what-if has come true at a moment of the run, in seconds. */
export function withWhatIf(design: Design, whatIf: WhatIf, now: number, book: Catalogue = catalogue): Design {
  const fits = (whatIf.faults ?? []).map((fault) => ({ ...fault, at: fault.at + now })).filter((fault) => faultRefusal(design, fault, book) === null);
  return fits.reduce(addFault, withParams(design, whatIf.set, book));
}

/** Whether a claim holds for the measured values of its sides; a value that was not observed (null) proves nothing. */
export function holds(lesson: Lesson, a: number | null, b: number | null): boolean {
  const bound = lesson.b === null ? lesson.limit : b === null ? null : (lesson.factor ?? 1) * b;
  if (a === null || bound === null || bound === undefined) return false;
  return lesson.relation === 'at most' ? a <= bound : a >= bound;
}
