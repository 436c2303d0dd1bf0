/** Designs on their way between the page and a person's files, and the empty board to begin anew. */
import { emptyDesign } from '../design/design.ts';
import { session } from '../session/store.ts';
import { fileName, toFile } from '../share/file.ts';

/** Starts with an empty board, as a document of its own. */
export function newDesign(): void {
  session.getState().open(emptyDesign, 'new');
}

/** Opens a file, a design or a request trace, and says what came of it; answers whether it was taken. */
export async function take(file: File): Promise<boolean> {
  const { takeFile, say } = session.getState();
  const read = await takeFile(file);
  if (read.ok) say(read.value);
  else say(`${file.name}: ${read.why}`, 'error');
  return read.ok;
}

/** Asks for a file and opens it, a design or a request trace; answers whether one was taken. Call it from a click. */
export function pickFile(): Promise<boolean> {
  const input = Object.assign(document.createElement('input'), { type: 'file', accept: '.json,.jsonl,.ndjson,.csv,.txt' });
  return new Promise((resolve) => {
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      resolve(file ? take(file) : false);
    });
    input.addEventListener('cancel', () => resolve(false));
    input.click();
  });
}

/** Hands the open design to the browser as a file to keep, with how its run went so far. */
export function saveFile(): void {
  const { design, sharedRun } = session.getState();
  const run = sharedRun();
  const url = URL.createObjectURL(new Blob([toFile(design, run && { design: run.start, edits: run.edits })], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: url, download: fileName(design) }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
