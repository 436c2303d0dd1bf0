/** A field for one number: reads it as a person writes it, refuses what is out of range with a sentence, and has a slim slider. */
import { useEffect, useId, useState, type KeyboardEvent } from 'react';
import { format, unitSuffix } from '../../units/format.ts';
import { parse } from '../../units/parse.ts';
import type { Unit } from '../../units/unit.ts';
import styles from './fields.module.css';

/** What a number may be. */
export interface NumberRange {
  readonly unit: Unit;
  readonly min: number;
  readonly max: number;
  readonly integer: boolean;
}

interface Props {
  readonly label: string;
  readonly value: number;
  readonly range: NumberRange;
  /** Takes the number, or answers why not. */
  readonly onChange: (value: number) => string | null;
  readonly slider?: boolean;
  readonly describedBy?: string | undefined;
}

const counted: ReadonlySet<Unit> = new Set<Unit>(['count', 'requests', 'items', 'tokens']);

/** The number as the field shows it: whole counts in full, everything else in its friendliest prefix. */
function shown(value: number, range: NumberRange): string {
  if (counted.has(range.unit) && Math.abs(value) < 1e7) return String(Number(value.toPrecision(6)));
  if (range.unit === 'count' || range.unit === 'ratio') return String(Number(value.toPrecision(6)));
  return format(value, range.unit, 5);
}

/** Where a number lies along the slider (0…1): even steps where the range is narrow, even factors where it is wide. */
function along(value: number, { min, max }: NumberRange): number {
  if (!isWide(min, max)) return (value - min) / (max - min);
  const floor = floorOf(min, max);
  return Math.log(Math.max(value, floor) / floor) / Math.log(max / floor);
}

function fromAlong(share: number, range: NumberRange): number {
  const { min, max } = range;
  if (!isWide(min, max)) return tidy(min + share * (max - min), range);
  const floor = floorOf(min, max);
  return share === 0 ? min : tidy(floor * (max / floor) ** share, range);
}

const isWide = (min: number, max: number): boolean => min >= 0 && max > 0 && (min === 0 ? max > 20 : max / min >= 50);
const floorOf = (min: number, max: number): number => (min > 0 ? min : max / 1e6);

function tidy(value: number, { min, max, integer }: NumberRange): number {
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(2));
  return Math.min(max, Math.max(min, rounded));
}

/** One step up or down from the keyboard: ones for small whole numbers, about a tenth elsewhere. */
function stepped(value: number, direction: 1 | -1, range: NumberRange): number {
  const size = Math.max(Math.abs(value), range.max <= 1 ? 0.05 : 0) || 1;
  const step = 10 ** Math.floor(Math.log10(size) - 0.3);
  const next = value + direction * (range.integer ? Math.max(1, Math.round(step)) : step);
  return Math.min(range.max, Math.max(range.min, Number(next.toPrecision(6))));
}

/** Text under the hand of a person: follows the value until edited, and keeps what was typed while it is refused. */
function useDraft(value: number, range: NumberRange, onChange: (value: number) => string | null) {
  const [draft, setDraft] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    setDraft(null);
    setError(null);
  }, [value]);
  const take = (next: number): void => setError(onChange(next));
  const type = (text: string): void => {
    setDraft(text);
    const read = parse(text, range.unit);
    if (!read.ok) setError(`${read.why.charAt(0).toUpperCase()}${read.why.slice(1)}.`);
    else if (read.value === value) setError(null);
    else take(read.value);
  };
  const settle = (): void => {
    if (!error) setDraft(null);
  };
  const revert = (): void => {
    setDraft(null);
    setError(null);
  };
  return { text: draft ?? shown(value, range), error, type, settle, revert, take };
}

function arrowOf(event: KeyboardEvent): 1 | -1 | 0 {
  return event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0;
}

/** A number with its unit, its slider and its complaint. */
export function NumberField({ label, value, range, onChange, slider = true, describedBy }: Props) {
  const draft = useDraft(value, range, onChange);
  const errorId = useId();
  const onKeyDown = (event: KeyboardEvent): void => {
    const arrow = arrowOf(event);
    if (event.key === 'Escape') draft.revert();
    if (event.key === 'Enter') draft.settle();
    if (arrow === 0) return;
    event.preventDefault();
    draft.take(stepped(value, arrow, range));
  };
  return (
    <span className={styles['number']} data-wrong={draft.error ? true : undefined}>
      <span className={styles['box']}>
        <input
          type="text" inputMode="decimal" autoComplete="off" spellCheck={false} aria-label={label} value={draft.text}
          aria-invalid={draft.error ? true : undefined} aria-describedby={`${draft.error ? errorId : ''} ${describedBy ?? ''}`.trim() || undefined}
          title={`in ${unitSuffix(range.unit) || 'numbers'}, from ${format(range.min, range.unit)} to ${format(range.max, range.unit)}`}
          onChange={(event) => draft.type(event.target.value)} onBlur={draft.settle} onFocus={(event) => event.target.select()} onKeyDown={onKeyDown}
        />
        {slider && (
          <input
            className={styles['slider']} type="range" min={0} max={1} step={0.002} aria-label={`${label}, slider`} tabIndex={-1}
            value={Math.min(1, Math.max(0, along(value, range)))} onChange={(event) => draft.take(fromAlong(Number(event.target.value), range))}
          />
        )}
      </span>
      {draft.error && <span id={errorId} role="alert" className={styles['error']}>{draft.error}</span>}
    </span>
  );
}
