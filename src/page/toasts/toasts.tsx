/** Short messages at the foot of the page: news leaves by itself, errors stay until they are dismissed. */
import { CircleAlert, Info, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Toast, ToastAction } from '../../session/session.ts';
import { session } from '../../session/store.ts';
import styles from './toasts.module.css';

const newsMilliseconds = 6000;

/** Counts down while the message is news and nobody is reading it. */
function useLeaving({ id, tone }: Toast, held: boolean): void {
  const dismiss = session((state) => state.dismiss);
  useEffect(() => {
    if (tone === 'error' || held) return;
    const timer = window.setTimeout(() => dismiss(id), newsMilliseconds);
    return () => window.clearTimeout(timer);
  }, [id, tone, held, dismiss]);
}

/** What can be done about it; doing it dismisses the message. */
function Act({ toast, action }: { toast: Toast; action: ToastAction }) {
  const dismiss = session((state) => state.dismiss);
  const act = (): void => {
    dismiss(toast.id);
    action.run();
  };
  return <button type="button" className={styles['act']} onClick={act}>{action.label}</button>;
}

function Message({ toast }: { toast: Toast }) {
  const [held, hold] = useState(false);
  const dismiss = session((state) => state.dismiss);
  useLeaving(toast, held);
  const Icon = toast.tone === 'error' ? CircleAlert : Info;
  return (
    <li className={styles['toast']} data-tone={toast.tone} onPointerEnter={() => hold(true)} onPointerLeave={() => hold(false)}
      onFocus={() => hold(true)} onBlur={() => hold(false)}>
      <Icon size={16} aria-hidden="true" />
      <span>{toast.text}</span>
      {toast.action !== null && <Act toast={toast} action={toast.action} />}
      <button type="button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}><X size={15} aria-hidden="true" /></button>
    </li>
  );
}

function Stack({ role, toasts }: { role: 'status' | 'alert'; toasts: readonly Toast[] }) {
  return (
    <div role={role}>
      {toasts.length > 0 && <ul>{toasts.map((toast) => <Message key={toast.id} toast={toast} />)}</ul>}
    </div>
  );
}

/** All messages of the session; both regions are always on the page, so that screen readers hear what arrives in them. */
export function Toasts() {
  const toasts = session((state) => state.toasts);
  return (
    <div className={styles['stack']}>
      <Stack role="alert" toasts={toasts.filter(({ tone }) => tone === 'error')} />
      <Stack role="status" toasts={toasts.filter(({ tone }) => tone === 'info')} />
    </div>
  );
}
