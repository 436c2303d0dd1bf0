/** From key presses to commands: the first command whose chord fits and which makes sense at the moment. */
import { isTyping, matches, type Command } from '../command.ts';

function fitting(commands: readonly Command[], event: KeyboardEvent): Command | undefined {
  const typing = isTyping(event.target);
  return commands.find((command) => {
    if (command.native || (typing && !command.whileTyping)) return false;
    return command.keys.some((chord) => matches(chord, event)) && (command.when?.() ?? true);
  });
}

/** Listens to the keyboard for these commands; answers how to stop. Keys in an open dialog belong to the dialog. */
export function listenToKeys(commands: readonly Command[]): () => void {
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog:modal')) return;
    const command = fitting(commands, event);
    if (!command) return;
    event.preventDefault();
    command.run();
  };
  addEventListener('keydown', onKeyDown);
  return () => removeEventListener('keydown', onKeyDown);
}
