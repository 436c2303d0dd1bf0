/** What can go wrong with one component, wire or area: faults to fire now, and those on the timeline with their figures. */
import { Trash2 } from 'lucide-react';
import type { DesignFault } from '../../design/design.ts';
import { changeFault, removeItems } from '../../design/edit.ts';
import { inFlightChoices, type InFlight } from '../../engine/health.ts';
import { faultDoc, faultInfo, faultText, type FaultName } from '../../kit/fault.ts';
import { session } from '../../session/store.ts';
import { faultsOf, heal, strike } from '../breaking.ts';
import { NumberField } from './number-field.tsx';
import fields from './fields.module.css';
import styles from './inspector.module.css';

const repeats: Readonly<Record<DesignFault['repeat'], string>> = { once: 'once', every: 'every so often', random: 'at random' };
const inFlightWords: Readonly<Record<InFlight, string>> = { fail: 'fails at once', vanish: 'vanishes; only a timeout tells', resume: 'waits and goes on afterwards' };

function change(fault: DesignFault, what: Partial<DesignFault>, part: string): null {
  session.getState().edit(`Change “${faultInfo[fault.fault].label}”`, (design) => changeFault(design, fault.id, what), `fault:${fault.id}:${part}`);
  return null;
}

function Figure({ label, value, min, max, unit, put }: { label: string; value: number; min: number; max: number; unit: 'seconds' | 'ratio' | 'share' | 'count' | 'requests'; put: (value: number) => null }) {
  return (
    <div className={fields['field']}>
      <span className={fields['label']}>{label}</span>
      <NumberField label={label} value={value} range={{ unit, min, max, integer: unit === 'count' || unit === 'requests' }} slider={false} onChange={(next) => (next < min || next > max ? 'That lies outside what is possible.' : put(next))} />
    </div>
  );
}

function Choice<T extends string>({ label, value, words, put }: { label: string; value: T; words: Readonly<Record<T, string>>; put: (value: T) => void }) {
  return (
    <label className={fields['field']}>
      <span className={fields['label']}>{label}</span>
      <select aria-label={label} value={value} onChange={(event) => put(event.target.value as T)}>
        {(Object.keys(words) as T[]).map((each) => <option key={each} value={each}>{words[each]}</option>)}
      </select>
    </label>
  );
}

function FaultFields({ fault }: { fault: DesignFault }) {
  const info = faultInfo[fault.fault];
  const { amount } = info;
  return (
    <details className={styles['fold']} data-fault={fault.id}>
      <summary>{faultText(fault.fault, fault.amount)} at {fault.at.toFixed(1)} s{info.instant ? '' : `, ${Number(fault.seconds.toPrecision(3))} s long`}</summary>
      <p>{info.instant ? 'When it comes' : 'While it lasts'}, {faultDoc(fault.fault, fault.amount)}.</p>
      <Figure label="Begins at" unit="seconds" value={fault.at} min={0} max={1e8} put={(at) => change(fault, { at }, 'at')} />
      {!info.instant && <Figure label={fault.repeat === 'random' ? 'Lasts on average' : 'Lasts'} unit="seconds" value={fault.seconds} min={0} max={1e8} put={(seconds) => change(fault, { seconds }, 'seconds')} />}
      {amount && <Figure label={amount.label} unit={amount.unit as 'ratio'} value={fault.amount} min={amount.min} max={amount.max} put={(value) => change(fault, { amount: value }, 'amount')} />}
      <Choice label="Comes" value={fault.repeat} words={repeats} put={(repeat) => change(fault, { repeat, every: Math.max(fault.every, 2 * fault.seconds) }, 'repeat')} />
      {fault.repeat !== 'once' && <Figure label={fault.repeat === 'random' ? 'Time between, on average' : 'Every'} unit="seconds" value={fault.every} min={0.001} max={1e8} put={(every) => change(fault, { every }, 'every')} />}
      {fault.fault === 'crash' && <Choice label="Work in flight" value={fault.inFlight} words={inFlightWords} put={(inFlight) => change(fault, { inFlight: inFlightChoices.find((one) => one === inFlight)! }, 'inFlight')} />}
      <button type="button" className={styles['button']} onClick={() => session.getState().edit(`Take “${info.label}” off the timeline`, (design) => removeItems(design, [fault.id]))}><Trash2 size={14} aria-hidden="true" />Take it off the timeline</button>
    </details>
  );
}

/** The section of one target; nothing where nothing can go wrong with it. */
export function FaultSection({ target }: { target: string }) {
  const design = session((state) => state.design);
  const can = faultsOf(design, target);
  const own = design.faults.filter((fault) => fault.target === target);
  if (can.length === 0) return null;
  return (
    <details className={styles['fold']} open={own.length > 0 || undefined}>
      <summary>Break it</summary>
      <div className={styles['faults']} role="group" aria-label="Faults to fire now">
        {can.map((fault: FaultName) => <button key={fault} type="button" title={`While it lasts, ${faultDoc(fault)}.`} onClick={() => strike(target, fault)}>{faultInfo[fault].label}</button>)}
      </div>
      {own.map((fault) => <FaultFields key={fault.id} fault={fault} />)}
      {own.length > 0 && <button type="button" className={styles['button']} onClick={() => heal(target)}>Heal</button>}
    </details>
  );
}
