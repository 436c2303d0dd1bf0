/** One line of comma-separated values per request, written as the requests end. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { outcomes } from '../engine/reasons.ts';
import type { Network } from '../engine/network.ts';
import { BadInput } from './failure.ts';
import { pathOf, reason } from './open.ts';

const header = 'arrival_s,class,outcome,reason,ttft_s,end_to_end_s,input,output\n';

/** Lines gathered before they are written. */
const batch = 4096;

/** A cell that may hold commas or quotes. */
const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Seconds to the nanosecond: the sums of a simulation carry noise behind that. */
const seconds = (value: number): string => String(Math.round(value * 1e9) / 1e9);

/** A file of requests, in the order in which they ended. */
export class RequestLog {
  private readonly file: number;
  private readonly lines: string[] = [];
  private net: Network | null = null;

  /** Opens the file; throws `BadInput` where it cannot be written. */
  constructor(path: string) {
    try {
      this.file = openSync(pathOf(path), 'w');
    } catch (error) {
      throw new BadInput(`${path} cannot be written: ${reason(error)}.`);
    }
    this.lines.push(header);
  }

  /** The network whose requests are noted. */
  watch(net: Network): void {
    this.net = net;
  }

  /** Notes a request that ended now with an outcome code. */
  note(request: number, outcome: number, now: number): void {
    const { requests, ledger } = this.net!;
    const born = requests.born(request);
    const first = requests.first(request);
    const name = quoted(ledger.books[requests.class(request)]!.name);
    const [word, why] = outcome === 0 ? ['answered', ''] : ['failed', outcomes[outcome]!];
    this.lines.push(`${seconds(born)},${name},${word},${why},${first < 0 ? '' : seconds(first - born)},${seconds(now - born)},${requests.input(request)},${requests.output(request)}\n`);
    if (this.lines.length >= batch) this.flush();
  }

  /** Writes what is left and closes the file. */
  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    writeSync(this.file, this.lines.join(''));
    this.lines.length = 0;
  }
}
