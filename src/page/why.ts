/** Which number somebody asks about: set by whatever shows a figure, answered by the panel that explains it. */
import { create } from 'zustand';

/** A figure of a component, and the button it was asked from. */
export interface Question {
  readonly node: string;
  readonly measure: string;
  readonly from: HTMLElement;
}

/** The open question as a hook; none, most of the time. */
export const why = create<{ readonly asked: Question | null }>(() => ({ asked: null }));

/** Asks why a component's figure is what it is. */
export const askWhy = (node: string, measure: string, from: HTMLElement): void => why.setState({ asked: { node, measure, from } });

/** Is done with the question. */
export const closeWhy = (): void => why.setState({ asked: null });
