/** What stands there when the page itself breaks: the sentence of the error, and the design to take along. */
import { Component, type ReactNode } from 'react';
import { saveFile } from './files.ts';
import styles from './app.module.css';

function RescueScreen({ error }: { error: Error }) {
  return (
    <main className={styles['rescue']}>
      <h1>The page broke, the design did not</h1>
      <p>Something on the page failed: <code>{error.message}</code>. Take your design along as a file, then load the page again; what this browser has kept is still there.</p>
      <div>
        <button type="button" onClick={saveFile}>Download the design</button>
        <button type="button" onClick={() => location.reload()}>Load the page again</button>
      </div>
    </main>
  );
}

/** Shows the rescue screen in place of a page that failed to draw. */
export class Rescue extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: Error } {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render(): ReactNode {
    return this.state.error ? <RescueScreen error={this.state.error} /> : this.props.children;
  }
}
