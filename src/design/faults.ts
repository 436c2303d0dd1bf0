/** Faults of a design: what they are without being told more, what they may befall, and which areas lie around what. */
import { faultInfo, type FaultName } from '../kit/fault.ts';
import { format } from '../units/format.ts';
import type { Catalogue } from './catalogue.ts';
import type { Design, DesignFault, DesignGroup } from './design.ts';
import { membersOf } from './edit.ts';

/** What a fault is like unless said otherwise: a minute long, once, callers hear of it at once. */
export function faultDefaults(fault: FaultName): Omit<DesignFault, 'id' | 'target' | 'at'> {
  return { fault, seconds: faultInfo[fault].instant ? 0 : 60, amount: faultInfo[fault].amount?.default ?? 0, inFlight: 'fail', repeat: 'once', every: 600 };
}

/** The faults that a component, wire or area can suffer; none for what does not exist. An area suffers what befalls all its members, or the wires that leave it. */
export function faultsFor(design: Design, target: string, book: Catalogue): readonly FaultName[] {
  const node = design.nodes.find((one) => one.id === target);
  if (node !== undefined) return book.kindOf(node.kind)?.faults ?? [];
  if (design.links.some((link) => link.id === target)) return wireFaults;
  const group = design.groups.find((one) => one.id === target);
  if (group === undefined) return [];
  const members = membersOf(design, group).flatMap((one) => book.kindOf(one.kind)?.faults ?? []);
  return [...new Set<FaultName>([...members, ...wireFaults])];
}

const wireFaults = (Object.keys(faultInfo) as FaultName[]).filter((name) => faultInfo[name].by === 'wire');

/** Why a fault cannot be: one sentence, or null if it can. */
export function faultRefusal(design: Design, fault: DesignFault, book: Catalogue): string | null {
  const info = faultInfo[fault.fault];
  const can = faultsFor(design, fault.target, book);
  if (can.length === 0 && !exists(design, fault.target)) return `there is nothing called “${fault.target}” on the board.`;
  if (!can.includes(fault.fault)) return `“${fault.target}” cannot suffer “${info.label}”.`;
  if (info.amount !== null && !(fault.amount >= info.amount.min && fault.amount <= info.amount.max)) return `${info.amount.label} of “${info.label}” must be from ${info.amount.min} to ${info.amount.max.toLocaleString('en')} (you gave ${fault.amount.toLocaleString('en')}).`;
  if (fault.repeat === 'every' && fault.every <= fault.seconds) return `it lasts ${format(fault.seconds, 'seconds')} and comes back every ${format(fault.every, 'seconds')}; it must be over before it comes back.`;
  return null;
}

function exists(design: Design, id: string): boolean {
  return [...design.nodes, ...design.links, ...design.groups].some((one) => one.id === id);
}

/** The areas whose inside one end of a wire is in and the other is not. */
export function crossed(design: Design, link: { readonly from: string; readonly to: string }, insides: ReadonlyMap<DesignGroup, ReadonlySet<string>>): readonly DesignGroup[] {
  return design.groups.filter((group) => insides.get(group)!.has(link.from) !== insides.get(group)!.has(link.to));
}

/** Which components lie inside each area. */
export function insidesOf(design: Design): ReadonlyMap<DesignGroup, ReadonlySet<string>> {
  return new Map(design.groups.map((group) => [group, new Set(membersOf(design, group).map((node) => node.id))]));
}
