/** What the design promises: metrics of the whole run, held to limits. */
import { useState } from 'react';
import type { Objective } from '../../design/design.ts';
import { addObjective, removeObjective, setObjective } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import type { Unit } from '../../units/unit.ts';
import { isMoney, metricOf, metricsOf } from '../../run/metric-names.ts';
import type { Metric } from '../../run/metric-names.ts';
import { NumberField } from './number-field.tsx';
import styles from './inspector.module.css';

/** What a new objective promises until somebody says otherwise, by unit. */
const usual: Readonly<Partial<Record<Unit, readonly [Objective['relation'], number]>>> = {
  seconds: ['at most', 0.5],
  share: ['at most', 0.01],
  'requests/second': ['at least', 100],
  'tokens/second': ['at least', 1000],
  'usd/hour': ['at most', 50],
  'usd/million requests': ['at most', 100],
};

const isLoad = /utilisation|[uU]se|kept|full/;

function proposed({ metric, unit }: Metric): Objective {
  const [relation, limit] = usual[unit] ?? ['at most', 1];
  if (unit === 'share' && /[hH]it/.test(metric)) return { metric, relation: 'at least', limit: 0.5 };
  return { metric, relation, limit: unit === 'share' && isLoad.test(metric) ? 0.8 : limit };
}

function change(index: number, objective: Objective, merge?: string): void {
  session.getState().edit('Change objective', (design) => setObjective(design, index, objective), merge);
}

function chooseMetric(index: number, path: string): void {
  change(index, proposed(metricOf(path, session.getState().design)));
}

/** All metrics to choose from, the run's first, then each component's under its label; made when they are wanted, because they are more than all else on the sheet. */
function MetricChoice({ value, label, choose }: { value: string; label: string; choose: (path: string) => void }) {
  const design = session((state) => state.design);
  const [isWanted, setWanted] = useState(false);
  const groups = isWanted ? metricsOf(design) : [];
  const offered = groups.some(({ metrics }) => metrics.some(({ metric }) => metric === value));
  const options = (metrics: readonly Metric[]) => metrics.map(({ metric, label: name }) => <option key={metric} value={metric}>{name}</option>);
  const chosen = metricOf(value, design).label;
  return (
    <span className={styles['metric']} title={chosen}>
      <span aria-hidden="true">{chosen}</span>
      <select aria-label={label} value={value} onFocus={() => setWanted(true)} onPointerEnter={() => setWanted(true)} onChange={(event) => choose(event.target.value)}>
        {!offered && <option value={value}>{chosen}</option>}
        {groups.map(({ title, metrics }, i) => (title === null ? options(metrics) : <optgroup key={`${i} ${title}`} label={title}>{options(metrics)}</optgroup>))}
      </select>
    </span>
  );
}

/** Letters of a name that fit beside relation and limit; a longer one has a line of its own. */
const shortName = 15;

function Row({ objective, index }: { objective: Objective; index: number }) {
  const unit = session((state) => metricOf(objective.metric, state.design).unit);
  const long = session((state) => metricOf(objective.metric, state.design).label.length > shortName);
  const named = `objective ${index + 1}`;
  const limit = (value: number): string | null => {
    change(index, { ...objective, limit: value }, `objective:${index}`);
    return null;
  };
  return (
    <li className={styles['objective']} data-long={long || undefined}>
      <MetricChoice value={objective.metric} label={`Metric of ${named}`} choose={(path) => chooseMetric(index, path)} />
      <select aria-label={`Relation of ${named}`} value={objective.relation} onChange={(event) => change(index, { ...objective, relation: event.target.value as Objective['relation'] })}>
        <option value="at most">≤</option>
        <option value="at least">≥</option>
      </select>
      <NumberField label={`Limit of ${named}`} value={objective.limit} range={{ unit: isMoney(unit) ? 'usd' : unit, min: 0, max: 1e12, integer: false }} slider={false} onChange={limit} />
      <button type="button" aria-label={`Remove ${named}`} onClick={() => session.getState().edit('Remove objective', (design) => removeObjective(design, index))}>×</button>
    </li>
  );
}

function add(taken: readonly Objective[]): void {
  const { design, edit } = session.getState();
  const free = metricsOf(design)[0]!.metrics.filter(({ metric }) => !taken.some((objective) => objective.metric === metric));
  const next = free.find(({ metric }) => metric === 'latency.p99') ?? free[0] ?? metricOf('latency.p99', design);
  edit('Add objective', (before) => addObjective(before, proposed(next)));
}

/** The objectives of the design, each a metric, a relation and a limit. */
export function Objectives() {
  const objectives = session((state) => state.design.objectives);
  return (
    <section className={styles['block']} aria-label="Objectives">
      <h3>Objectives</h3>
      {objectives.length === 0 && <p className={styles['soft']}>What the design should hold to: shown in the top bar, green while it does.</p>}
      <ol className={styles['objectives']}>{objectives.map((objective, index) => <Row key={index} objective={objective} index={index} />)}</ol>
      <button type="button" className={styles['button']} onClick={() => add(objectives)}>Add an objective</button>
    </section>
  );
}
