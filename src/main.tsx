/** Where the page begins: which design to open, and the page drawn around it. The only file that knows all the doors. */
import { emptyDesign } from './design/design.ts';
import { breath } from './page/breath.ts';
import { openScenario } from './page/current.ts';
import { scenarioFiles } from './page/scenarios.ts';
import { startTheme } from './page/theme.ts';
import { session } from './session/store.ts';
import { isLink, openLink } from './share/link.ts';
import { presentOf } from './share/run-form.ts';

const firstScenario = 'llm-70b-endpoint';

/** Opens the design in the address, as a copy; answers whether there was one. */
async function openLinked(): Promise<boolean> {
  if (!isLink(location.hash)) return false;
  const { open, say } = session.getState();
  await breath();
  const read = await openLink(location.hash);
  if (!read.ok) {
    say(read.why, 'error');
    return false;
  }
  const { design: start, edits } = read.value;
  await breath();
  open(presentOf(read.value), 'link', undefined, { start, edits });
  if (edits.length > 0) say(`This link holds a run with ${edits.length === 1 ? 'one change' : `${edits.length} changes`} made as it went. It goes on where the last was made; “Repeat” shows it from the beginning.`);
  for (const repair of read.repairs) say(repair);
  // The copy is this browser's own from here on: loading the page again must bring it back as it was left.
  history.replaceState(history.state, '', location.pathname + location.search);
  return true;
}

/** Opens what was last worked on in this browser; answers whether there was anything. */
async function openLast(): Promise<boolean> {
  const saved = await session.getState().saved().catch(() => []);
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
  if (scenario) openScenario(scenario, 'reference');
  else open(emptyDesign, 'new');
}

async function begin(): Promise<void> {
  if (!(await openLinked()) && !(await openLast())) await openFirst();
}

startTheme();
// What stands above has just been evaluated, all of it in one task; what follows is another.
await breath();
// The page is fetched while the run is being started, not before: the first simulation waits for as little script as possible.
const page = import('./page/mount.tsx');
await begin().catch((error: unknown) => session.getState().say(`The last design could not be opened: ${String(error)}`, 'error'));
addEventListener('hashchange', () => void openLinked());

const root = document.getElementById('root');
const { mount } = await page;
await breath();
if (root) mount(root);
