/** The thin door between the page and the layout of a board: one question, one answer. */
import type { Wiring } from '../src/design/tidy.ts';
import { layered } from './layered.ts';

onmessage = ({ data }: MessageEvent<Wiring>) => postMessage(layered(data));
