/** Where the page begins: which design to open, and the page drawn around it. The only file that knows all the doors. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@xyflow/react/dist/base.css';
import './page/theme/tokens.css';
import './page/theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { emptyDesign } from './design/design.ts';
import { App } from './page/app.tsx';
import { scenarioFiles } from './page/library/scenarios.ts';
import { Rescue } from './page/rescue.tsx';
import { startTheme } from './page/theme/theme.ts';
import { session } from './session/store.ts';
import { fromLink, isLink } from './share/link.ts';

const firstScenario = 'llm-70b-endpoint';

/** Opens the design in the address, as a copy; answers whether there was one. */
async function openLinked(): Promise<boolean> {
  if (!isLink(location.hash)) return false;
  const { open, say } = session.getState();
  const read = await fromLink(location.hash);
  if (!read.ok) {
    say(read.why, 'error');
    return false;
  }
  open(read.value, 'link');
  for (const repair of read.repairs) say(repair);
  // The copy is this browser's own from here on: loading the page again must bring it back as it was left.
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

/** Opens what was last worked on in this browser; answers whether there was anything. */
async function openLast(): Promise<boolean> {
  const saved = await session.getState().saved();
  const last = [...saved].sort((a, b) => b.savedAt - a.savedAt)[0];
  if (!last) return false;
  const before = session.getState().documentId;
  await session.getState().openSaved(last.id);
  return session.getState().documentId !== before;
}

/** Opens the first scenario, or an empty board where the copy came without scenarios. */
async function openFirst(): Promise<void> {
  const { open, say } = session.getState();
  const files = scenarioFiles();
  const load = files[firstScenario] ?? Object.values(files)[0];
  const scenario = await load?.().catch((error: unknown) => say(`The first scenario cannot be opened: ${String(error)}`, 'error'));
  if (scenario) open(scenario.reference, 'scenario');
  else open(emptyDesign, 'new');
}

async function begin(): Promise<void> {
  if (!(await openLinked()) && !(await openLast())) await openFirst();
}

startTheme();
await begin().catch((error: unknown) => session.getState().say(`The last design could not be opened: ${String(error)}`, 'error'));
addEventListener('hashchange', () => void openLinked());

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Rescue>
        <App />
      </Rescue>
    </StrictMode>,
  );
}
