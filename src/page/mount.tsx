/** Draws the page into the document; everything React and all styles come with this part. */
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import '@xyflow/react/dist/base.css';
import './theme/tokens.css';
import './theme/base.css';
import { startTransition, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { Rescue } from './rescue.tsx';

/** Draws the page: a bit at a time, so that what is done meanwhile is not held up. */
export function mount(root: HTMLElement): void {
  startTransition(() => createRoot(root).render(
    <StrictMode>
      <Rescue>
        <App />
      </Rescue>
    </StrictMode>,
  ));
}
