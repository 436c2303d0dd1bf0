/** Draws any declared parameter: the declaration says what it is, and nothing here knows a parameter by name. */
import { useEffect, useId, useState, type ReactNode } from 'react';
import { checkParam } from '../../design/params.ts';
import type { ChoiceParam, Distribution, DistributionParam, Param, Params, TableParam, TextParam } from '../../kit/param.ts';
import { session } from '../../session/store.ts';
import { take } from '../files.ts';
import { panels } from '../panels.ts';
import { NumberField } from './number-field.tsx';
import styles from './fields.module.css';

/** Takes a value that has passed its declaration; `part` names the piece of it under the hand, so that a gesture is one undo step. */
export type Put = (value: unknown, part?: string) => void;

interface FieldProps<P extends Param> {
  readonly param: P;
  readonly value: unknown;
  readonly put: Put;
  readonly describedBy?: string | undefined;
}

const sentence = (why: string): string => `${why.charAt(0).toUpperCase()}${why.slice(1)}${/[.!?]$/.test(why) ? '' : '.'}`;

/** Puts a value that the declaration accepts; otherwise answers why not. */
function offer(param: Param, value: unknown, put: Put, part?: string): string | null {
  const checked = checkParam(param, value);
  if (!checked.ok) return sentence(checked.why);
  put(checked.value, part);
  return null;
}

function ChoiceField({ param, value, put, describedBy }: FieldProps<ChoiceParam>) {
  const note = param.options.find((option) => option.value === value)?.note;
  return (
    <select aria-label={param.label} aria-describedby={describedBy} value={String(value)} onChange={(event) => offer(param, event.target.value, put)} title={note}>
      {param.options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
    </select>
  );
}

function TextField({ param, value, put, describedBy }: FieldProps<TextParam>) {
  const [refused, setRefused] = useState<{ text: string; why: string } | null>(null);
  const errorId = useId();
  const type = (text: string): void => {
    const why = offer(param, text, put);
    setRefused(why ? { text, why } : null);
  };
  return (
    <span className={styles['number']} data-wrong={refused ? true : undefined}>
      <span className={styles['box']}><input
        type="text" aria-label={param.label} aria-invalid={refused ? true : undefined} aria-describedby={refused ? errorId : describedBy}
        value={refused?.text ?? String(value)} onChange={(event) => type(event.target.value)}
      /></span>
      {refused && <span id={errorId} role="alert" className={styles['error']}>{refused.why}</span>}
    </span>
  );
}

function DistributionField({ param, value, put }: FieldProps<DistributionParam>) {
  const current = { ...param.default, ...(value as Distribution) };
  const set = (part: Partial<Distribution>, name: string): string | null => offer(param, { ...current, ...part }, put, name);
  const spread = current.shape !== 'constant' && current.shape !== 'exponential';
  return (
    <span className={styles['distribution']}>
      <select aria-label={`${param.label}, shape`} value={current.shape} onChange={(event) => set({ shape: event.target.value as Distribution['shape'] }, 'shape')}>
        {param.shapes.map((shape) => <option key={shape} value={shape}>{shape}</option>)}
      </select>
      <span className={styles['labelled']}>
        <em>mean</em>
        <NumberField label={`${param.label}, mean`} value={current.mean} range={{ ...param, integer: false }} onChange={(mean) => set({ mean }, 'mean')} />
      </span>
      {spread && (
        <span className={styles['labelled']}>
          <em title="standard deviation divided by mean">cv</em>
          <NumberField label={`${param.label}, coefficient of variation`} value={current.cv} range={{ unit: 'count', min: 0, max: 10, integer: false }} onChange={(cv) => set({ cv }, 'cv')} />
        </span>
      )}
    </span>
  );
}

type Row = Readonly<Record<string, unknown>>;

function TableField({ param, value, put }: FieldProps<TableParam>) {
  const rows = value as readonly Row[];
  const columns = param.columns as Params;
  const blank = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.default]));
  const replace = (index: number, row: Row, part: string): void => void offer(param, rows.map((old, i) => (i === index ? row : old)), put, part);
  return (
    <div className={styles['table']} role="group" aria-label={param.label}>
      {rows.map((row, index) => (
        <div key={index} className={styles['tableRow']}>
          {Object.entries(columns).map(([name, column]) => (
            <Cell key={name} column={column} value={row[name]} put={(next) => replace(index, { ...row, [name]: next }, `${index}.${name}`)} />
          ))}
          <button type="button" className={styles['drop']} aria-label={`Remove row ${index + 1} of ${param.label}`} onClick={() => offer(param, rows.filter((_, i) => i !== index), put, 'rows')}>×</button>
        </div>
      ))}
      {rows.length < param.maxRows && (
        <button type="button" className={styles['add']} onClick={() => offer(param, [...rows, blank], put, 'rows')}>Add a row</button>
      )}
    </div>
  );
}

function Cell({ column, value, put }: { column: Param; value: unknown; put: Put }) {
  return (
    <label className={styles['cell']}>
      <em title={column.help}>{column.label}</em>
      <Control param={column} value={value} put={put} slider={false} />
    </label>
  );
}

function TraceField({ param, value, put }: FieldProps<Extract<Param, { type: 'trace' }>>) {
  const traces = session((state) => state.traces);
  const load = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const taken = await take(file);
    const name = session.getState().traces.find((one) => file.name.startsWith(one));
    if (taken && name !== undefined) put(name);
  };
  const chosen = String(value);
  return (
    <span className={styles['distribution']}>
      <select aria-label={param.label} value={chosen} onChange={(event) => put(event.target.value)}>
        <option value="">none</option>
        {[...new Set([...traces, ...(chosen ? [chosen] : [])])].map((name) => <option key={name} value={name}>{name}{traces.includes(name) ? '' : ' (not loaded)'}</option>)}
      </select>
      <label className={styles['file']}>
        {traces.length === 0 ? 'Load a trace' : 'Load another'}
        <input type="file" className="visually-hidden" accept=".csv,.jsonl,.json,.txt" onChange={(event) => void load(event.target.files?.[0])} />
      </label>
    </span>
  );
}

interface ControlProps extends FieldProps<Param> {
  readonly slider?: boolean;
}

function Control({ param, value, put, describedBy, slider = true }: ControlProps): ReactNode {
  switch (param.type) {
    case 'number':
      return <NumberField label={param.label} value={Number(value)} range={param} slider={slider} describedBy={describedBy} onChange={(next) => offer(param, next, put)} />;
    case 'choice': return <ChoiceField param={param} value={value} put={put} describedBy={describedBy} />;
    case 'toggle':
      return <input type="checkbox" role="switch" className={styles['switch']} aria-label={param.label} aria-describedby={describedBy} checked={value === true} onChange={(event) => put(event.target.checked)} />;
    case 'text': return <TextField param={param} value={value} put={put} describedBy={describedBy} />;
    case 'distribution': return <DistributionField param={param} value={value} put={put} />;
    case 'table': return <TableField param={param} value={value} put={put} />;
    case 'trace': return <TraceField param={param} value={value} put={put} />;
  }
}

const wide: ReadonlySet<Param['type']> = new Set<Param['type']>(['distribution', 'table', 'text', 'trace']);

/** One parameter with its label, its control and its help. `changed` marks a value that is not the default. */
export function ParamField({ param, value, put, changed }: { param: Param; value: unknown; put: Put; changed: boolean }) {
  const helpId = useId();
  const explain = panels((state) => state.explain);
  return (
    <div className={styles['field']} data-wide={wide.has(param.type) || undefined} data-type={param.type}>
      <span className={styles['label']} title={param.help}>
        {param.label}
        {changed && (
          <button type="button" className={styles['reset']} title="Back to the default" aria-label={`Put ${param.label} back to its default`} onClick={() => put(param.default)}>•</button>
        )}
      </span>
      <Control param={param} value={value} put={put} describedBy={helpId} />
      <small id={helpId} data-quiet={!explain || undefined}>{param.help}</small>
    </div>
  );
}

interface SheetProps {
  readonly params: Params;
  readonly stored: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
  readonly put: (name: string, value: unknown, part?: string) => void;
}

function bySection(params: Params, values: Readonly<Record<string, unknown>>): [string, [string, Param][]][] {
  const sections = new Map<string, [string, Param][]>([['', []]]);
  for (const [name, param] of Object.entries(params)) {
    if (param.shownWhen && !param.shownWhen(values)) continue;
    const section = param.section ?? '';
    sections.set(section, [...(sections.get(section) ?? []), [name, param]]);
  }
  return [...sections].filter(([, fields]) => fields.length > 0);
}

/** A sheet with no more fields than this is taken in at a glance: nothing in it is folded. */
const glance = 9;

/** A section under its heading: folded unless it belongs to the sheet's first things or something in it is set; never folded under the hand. */
function Section({ title, set, first, children }: { title: string; set: number; first: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(first || set > 0);
  const some = set > 0;
  useEffect(() => {
    if (some) setOpen(true);
  }, [some]);
  return (
    <details className={styles['section']} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><h3>{title}</h3>{set > 0 && <span>{set} set</span>}</summary>
      {children}
    </details>
  );
}

/** All parameters of a declaration, under their section headings. */
export function ParamSheet({ params, stored, values, put }: SheetProps) {
  const sections = bySection(params, values);
  const short = sections.reduce((sum, [, fields]) => sum + fields.length, 0) <= glance;
  return sections.map(([section, fields], index) => {
    const rows = fields.map(([name, param]) => (
      <ParamField key={name} param={param} value={values[name]} changed={Object.hasOwn(stored, name)} put={(value, part) => put(name, value, part)} />
    ));
    if (section === '') return <section key={section} className={styles['section']}>{rows}</section>;
    return <Section key={section} title={section} set={fields.filter(([name]) => Object.hasOwn(stored, name)).length} first={short || index === 0}>{rows}</Section>;
  });
}
