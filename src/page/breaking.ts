/** Breaking things: faults fired, ended and named from anywhere on the page. A fault is an edit like any other: undo, links and replays know it. */
import { catalogue } from '../design/catalogue.ts';
import type { Design, DesignFault } from '../design/design.ts';
import { addFault, changeFault, removeItems } from '../design/edit.ts';
import { faultDefaults, faultsFor, insidesOf } from '../design/faults.ts';
import { faultInfo, faultText, type FaultName } from '../kit/fault.ts';
import { frames } from '../session/frames.ts';
import { session } from '../session/store.ts';

/** The present moment of the run, in simulated seconds. */
export const presentMoment = (): number => frames.latest?.time ?? 0;

/** What a component, wire or area is called. */
export function nameOf(design: Design, id: string): string {
  const item = design.nodes.find((one) => one.id === id) ?? design.groups.find((one) => one.id === id);
  if (item) return item.label;
  const wire = design.links.find((one) => one.id === id);
  return wire ? `${nameOf(design, wire.from)} → ${nameOf(design, wire.to)}` : id;
}

/** What can go wrong with it, as the design is. */
export const faultsOf = (design: Design, id: string): readonly FaultName[] => faultsFor(design, id, catalogue);

/** Brings a fault about now. */
export function strike(target: string, fault: FaultName): void {
  const at = presentMoment();
  const { edit, design } = session.getState();
  const fresh = { ...faultDefaults(fault), target, at };
  edit(`${faultText(fault, fresh.amount)}: ${nameOf(design, target)}`, (before) => addFault(before, fresh));
}

/** Whether a fault that comes once, as written, lasts at a moment. */
export const lastsAt = (fault: DesignFault, time: number): boolean => time >= fault.at && time < fault.at + fault.seconds;

/** Ends what lasts now at these targets (all of them, where none are named): what comes once is over, what comes back is taken off the timeline. */
export function heal(target?: string): void {
  const now = presentMoment();
  const lasting = new Set(frames.latest?.lasting ?? []);
  const { edit, design } = session.getState();
  const ending = design.faults.filter((fault) => (target === undefined || fault.target === target) && (lasting.has(fault.id) || lastsAt(fault, now)));
  if (ending.length === 0) return;
  edit(target === undefined ? 'Heal everything' : `Heal ${nameOf(design, target)}`, (before) =>
    ending.reduce((healed, fault) => (fault.repeat === 'once' ? changeFault(healed, fault.id, { seconds: Math.max(0, now - fault.at) }) : removeItems(healed, [fault.id])), before));
}

let known: { readonly design: Design; readonly insides: ReadonlyMap<string, readonly DesignFault[]> } | null = null;

/** The faults of a design that can befall a component: its own, and those of the areas around it. */
export function befalling(design: Design, id: string): readonly DesignFault[] {
  if (known?.design.faults !== design.faults || known.design.nodes !== design.nodes || known.design.groups !== design.groups) known = { design, insides: byNode(design) };
  return known.insides.get(id) ?? [];
}

function byNode(design: Design): ReadonlyMap<string, readonly DesignFault[]> {
  const insides = insidesOf(design);
  const hits = (fault: DesignFault, node: string): boolean =>
    fault.target === node || design.groups.some((group) => group.id === fault.target && faultInfo[fault.fault].by !== 'wire' && insides.get(group)!.has(node));
  return new Map(design.nodes.map((node) => [node.id, design.faults.filter((fault) => hits(fault, node.id))]));
}
