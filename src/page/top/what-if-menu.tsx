/** What if …? The open scenario's questions; each is one edit, so that it can be undone and stands as a line in the charts. */
import { Check, FlaskConical } from 'lucide-react';
import type { Design } from '../../design/design.ts';
import { settingRefusal } from '../../design/scenario.ts';
import { withParams, withWhatIf } from '../../design/trial.ts';
import type { WhatIf } from '../../design/scenario.ts';
import { frames } from '../../session/frames.ts';
import { session } from '../../session/store.ts';
import { current } from '../current.ts';
import { Menu } from './menu.tsx';
import type { Entry } from './menu.tsx';
import styles from './top.module.css';

function entryOf(whatIf: WhatIf, design: Design): Entry {
  const { label, set, faults = [] } = whatIf;
  const fits = settingRefusal(design, set) === null;
  const holds = fits && faults.length === 0 && withParams(design, set) === design;
  return {
    label,
    disabled: !fits || holds,
    ...(fits ? {} : { note: 'This design has no such part.' }),
    ...(holds ? { icon: <Check size={15} aria-hidden="true" />, note: 'as it is now' } : {}),
    run: () => session.getState().edit(label, (before) => withWhatIf(before, whatIf, frames.latest?.time ?? 0)),
  };
}

/** Nothing where no scenario is open or it asks nothing. */
export function WhatIfMenu() {
  const scenario = current((state) => state.scenario);
  const design = session((state) => state.design);
  if (!scenario || scenario.whatIfs.length === 0) return null;
  return <Menu label="What if" icon={<FlaskConical size={15} aria-hidden="true" />} entries={() => scenario.whatIfs.map((each) => entryOf(each, design))} className={styles['next']} />;
}
