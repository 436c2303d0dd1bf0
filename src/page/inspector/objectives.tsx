/** What the design promises: metrics of the whole run, held to limits. */
import type { Objective } from '../../design/design.ts';
import { addObjective, removeObjective, setObjective } from '../../design/edit.ts';
import { session } from '../../session/store.ts';
import type { Unit } from '../../units/unit.ts';
import { NumberField } from './number-field.tsx';
import styles from './inspector.module.css';

interface Metric {
  readonly metric: string;
  readonly label: string;
  readonly unit: Unit;
  readonly relation: Objective['relation'];
  readonly limit: number;
}

const metrics: readonly Metric[] = [
  { metric: 'latency.p50', label: 'latency, p50', unit: 'seconds', relation: 'at most', limit: 0.1 },
  { metric: 'latency.p95', label: 'latency, p95', unit: 'seconds', relation: 'at most', limit: 0.3 },
  { metric: 'latency.p99', label: 'latency, p99', unit: 'seconds', relation: 'at most', limit: 0.5 },
  { metric: 'latency.p999', label: 'latency, p99.9', unit: 'seconds', relation: 'at most', limit: 1 },
  { metric: 'llm.ttft.p50', label: 'first token, p50', unit: 'seconds', relation: 'at most', limit: 0.3 },
  { metric: 'llm.ttft.p99', label: 'first token, p99', unit: 'seconds', relation: 'at most', limit: 1 },
  { metric: 'llm.tpot.p99', label: 'time per token, p99', unit: 'seconds', relation: 'at most', limit: 0.05 },
  { metric: 'llm.outputTokensPerSecond', label: 'tokens out', unit: 'tokens/second', relation: 'at least', limit: 1000 },
  { metric: 'requests.failedShare', label: 'failed share', unit: 'share', relation: 'at most', limit: 0.01 },
  { metric: 'requests.goodputPerSecond', label: 'goodput', unit: 'requests/second', relation: 'at least', limit: 100 },
  { metric: 'cost.usdPerHour', label: 'cost per hour', unit: 'usd/hour', relation: 'at most', limit: 50 },
  { metric: 'cost.usdPerMillionTokens', label: 'cost per 1M tokens', unit: 'usd/million tokens', relation: 'at most', limit: 1 },
  { metric: 'cost.usdPerMillionRequests', label: 'cost per 1M requests', unit: 'usd/million requests', relation: 'at most', limit: 100 },
];

const metricOf = (name: string): Metric => metrics.find((one) => one.metric === name) ?? { metric: name, label: name, unit: 'count', relation: 'at most', limit: 1 };

function change(index: number, objective: Objective, merge?: string): void {
  session.getState().edit('Change objective', (design) => setObjective(design, index, objective), merge);
}

function chooseMetric(index: number, name: string): void {
  const { metric, relation, limit } = metricOf(name);
  change(index, { metric, relation, limit });
}

function Row({ objective, index }: { objective: Objective; index: number }) {
  const known = metricOf(objective.metric);
  const named = `objective ${index + 1}`;
  const limit = (value: number): string | null => {
    change(index, { ...objective, limit: value }, `objective:${index}`);
    return null;
  };
  return (
    <li className={styles['objective']}>
      <select aria-label={`Metric of ${named}`} value={objective.metric} onChange={(event) => chooseMetric(index, event.target.value)}>
        {metrics.some((one) => one.metric === objective.metric) || <option value={objective.metric}>{objective.metric}</option>}
        {metrics.map((one) => <option key={one.metric} value={one.metric}>{one.label}</option>)}
      </select>
      <select aria-label={`Relation of ${named}`} value={objective.relation} onChange={(event) => change(index, { ...objective, relation: event.target.value as Objective['relation'] })}>
        <option value="at most">≤</option>
        <option value="at least">≥</option>
      </select>
      <NumberField label={`Limit of ${named}`} value={objective.limit} range={{ unit: known.unit, min: 0, max: 1e12, integer: false }} slider={false} onChange={limit} />
      <button type="button" aria-label={`Remove ${named}`} onClick={() => session.getState().edit('Remove objective', (design) => removeObjective(design, index))}>×</button>
    </li>
  );
}

function add(taken: readonly Objective[]): void {
  const next = metrics.filter((one) => !taken.some((objective) => objective.metric === one.metric));
  const { metric, relation, limit } = next.find((one) => one.metric === 'latency.p99') ?? next[0] ?? metrics[2]!;
  session.getState().edit('Add objective', (design) => addObjective(design, { metric, relation, limit }));
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
