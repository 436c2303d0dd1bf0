/** Break it: what is most worth breaking on this board, at the present moment of the run, and how to end it. */
import { HeartPulse, Zap } from 'lucide-react';
import type { Design } from '../../design/design.ts';
import { faultDoc, faultInfo, type FaultName } from '../../kit/fault.ts';
import { session } from '../../session/store.ts';
import { faultsOf, heal, nameOf, strike } from '../breaking.ts';
import { Menu, type Entry } from './menu.tsx';

/** Most entries of the menu; whatever else can go wrong stands in the inspector of each part. */
const most = 14;

/** The faults worth a place in the menu, the most instructive first. */
const telling: readonly FaultName[] = ['load', 'replicas', 'crash', 'flush', 'partition', 'slow', 'herd'];

/** What the menu offers: of what is selected everything, otherwise the most telling of each part. */
export function offers(design: Design, selected: readonly string[]): readonly { readonly target: string; readonly fault: FaultName }[] {
  if (selected.length === 1 && faultsOf(design, selected[0]!).length > 0) return faultsOf(design, selected[0]!).map((fault) => ({ target: selected[0]!, fault }));
  const targets = [...design.groups.filter((group) => group.level !== 'area'), ...design.nodes].map((item) => item.id);
  const ranked = targets.flatMap((target) => telling.flatMap((fault, rank) => (faultsOf(design, target).includes(fault) ? [{ target, fault, rank }] : [])));
  const perTarget = new Map<string, number>();
  const first = ranked.filter(({ target }) => {
    const seen = perTarget.get(target) ?? 0;
    perTarget.set(target, seen + 1);
    return seen < 2;
  });
  return first.sort((a, b) => a.rank - b.rank).slice(0, most);
}

function entriesOf(design: Design, selection: ReadonlySet<string>): readonly Entry[] {
  const lasting = design.faults.length > 0;
  return [
    ...offers(design, [...selection]).map(({ target, fault }): Entry => ({
      label: `${faultInfo[fault].label}: ${nameOf(design, target)}`,
      note: faultDoc(fault),
      icon: <Zap size={15} aria-hidden="true" />,
      run: () => strike(target, fault),
    })),
    { label: 'Heal everything', note: 'what lasts now is over', icon: <HeartPulse size={15} aria-hidden="true" />, disabled: !lasting, run: () => heal() },
  ];
}

/** Nothing on an empty board. */
export function BreakMenu() {
  const design = session((state) => state.design);
  const selection = session((state) => state.selection);
  if (design.nodes.length === 0) return null;
  return <Menu label="Break it" icon={<Zap size={15} aria-hidden="true" />} entries={() => entriesOf(design, selection)} />;
}
