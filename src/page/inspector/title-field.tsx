/** A heading that can be written in: keeps what is typed, gives every version that holds water to the design. */
import { useEffect, useState } from 'react';
import styles from './inspector.module.css';

/** `onChange` is called with every keystroke; an empty name is not taken, and the old one returns when the field is left. */
export function TitleField({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [draft, setDraft] = useState<string | null>(null);
  useEffect(() => setDraft((typed) => (typed?.trim() === value ? typed : null)), [value]);
  const type = (text: string): void => {
    setDraft(text);
    if (text.trim()) onChange(text);
  };
  return (
    <input className={styles['title']} aria-label={label} value={draft ?? value} maxLength={120} spellCheck={false}
      onChange={(event) => type(event.target.value)} onBlur={() => setDraft(null)} onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()} />
  );
}
