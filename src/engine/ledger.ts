/** The books of requests: how fast and how well they were answered. What was offered and how it ended is counted at their source. */
import { given, Histogram } from './histogram.ts';
import type { Requests } from './requests.ts';

/** The source's own counts: arrivals by class, and endings by class and outcome code. */
interface Counted {
  arrivedOf(cls: number): number;
  endedOf(cls: number, code: number): number;
}

/** What requests of one class have in common. Classes of the same name but of different tenants are different classes. */
export interface RequestClass {
  readonly name: string;
  readonly tenant: string;
  /** Higher is served sooner where somebody looks at it. */
  readonly priority: number;
  /** The tenant's share where capacity is shared fairly, relative to others. */
  readonly weight: number;
}

/** A class without anything special. */
export const plainClass = { tenant: '', priority: 0, weight: 1 } as const;

/** The book of one class of requests from one source; `index` is its place in `Ledger.books`, `cls` the class number of its requests. */
export class Book {
  /** Answers that came before their deadline. */
  good = 0;
  /** Seconds from birth to answer; of streamed answers, until the first part, and per further unit of output. */
  readonly latency = new Histogram();
  readonly first = new Histogram();
  readonly perOutput = new Histogram();

  constructor(
    readonly name: string,
    readonly tenant: string,
    readonly index: number,
    readonly cls: number,
    private readonly source: Counted,
  ) {}

  offered(): number {
    return this.source.arrivedOf(this.cls);
  }

  /** How many ended with an outcome code (0 is answered). */
  ended(code: number): number {
    return this.source.endedOf(this.cls, code);
  }
}

/** Called with each request as it ends, before it is forgotten. */
export type Listener = (request: number, outcome: number, now: number) => void;

export class Ledger {
  /** Request classes; a class number is a place in this list. */
  readonly classes: RequestClass[] = [];
  readonly books: Book[] = [];
  /** Of streamed answers, in seconds: until the first part; per further unit of output. */
  readonly first = new Histogram();
  readonly perOutput = new Histogram();
  /** Work that went in and came out with streamed answers. */
  input = NaN;
  output = NaN;
  listener: Listener | null = null;
  private readonly merged = new Histogram();

  constructor(private readonly requests: Requests) {
    // Doubles from the first: see `Clock`.
    this.input = this.output = 0;
  }

  /** A new book; classes of the same name and tenant share their number, and are what was said of them last. */
  open(of: RequestClass, source: Counted): Book {
    const cls = this.define(of);
    const book = new Book(of.name, of.tenant, this.books.length, cls, source);
    this.books.push(book);
    return book;
  }

  /** The number of a class, which is from now on as described. */
  define(of: RequestClass): number {
    const known = this.classes.findIndex((c) => c.name === of.name && c.tenant === of.tenant);
    if (known < 0) return this.classes.push(of) - 1;
    this.classes[known] = of;
    return known;
  }

  /** Seconds from birth to answer, of all classes. Read at once: the next call may write into the same histogram. */
  latency(): Histogram {
    if (this.books.length === 1) return this.books[0]!.latency;
    this.merged.clear();
    for (const book of this.books) this.merged.merge(book.latency);
    return this.merged;
  }

  /** A request has ended with an outcome code; `book` is its source's for its class. */
  ended(book: Book, request: number, code: number): void {
    if (code === 0) this.answered(book, request);
    if (this.listener !== null) this.listener(request, code, this.requests.clock.now);
  }

  private answered(book: Book, request: number): void {
    const { requests } = this;
    const now = requests.clock.now;
    if (now <= requests.deadline(request)) book.good++;
    given[0] = now - requests.born(request);
    book.latency.take();
    if (requests.first(request) >= 0) this.streamed(book, request);
  }

  private streamed(book: Book, request: number): void {
    const { requests } = this;
    const now = requests.clock.now;
    const first = requests.first(request);
    const output = requests.output(request);
    this.first.add(first - requests.born(request));
    book.first.add(first - requests.born(request));
    if (output > 1) {
      this.perOutput.add((now - first) / (output - 1));
      book.perOutput.add((now - first) / (output - 1));
    }
    this.input += requests.input(request);
    this.output += output;
  }
}
