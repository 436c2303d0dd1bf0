/** Quotas by tenant or class: a token bucket or a window of fixed length for each. */
import type { Clock } from '../../engine/clock.ts';
import { enlarged } from '../../engine/agenda.ts';
import type { Ledger, RequestClass } from '../../engine/ledger.ts';

/** How much whom. */
export interface QuotaRules {
  readonly method: 'none' | 'bucket' | 'window';
  readonly scope: 'tenant' | 'class' | 'everybody';
  /** Per second, and at once after a quiet time (bucket), of those not named; both are multiplied by a tenant's weight. */
  readonly rate: number;
  readonly burst: number;
  /** Seconds of a window, in which rate × window may pass. */
  readonly window: number;
  /** Own quotas of some tenants or classes; these are not multiplied. */
  readonly own: readonly { readonly name: string; readonly rate: number; readonly burst: number }[];
}

/** Rounding may leave a quota this share short of what is exactly left; nobody is refused for that. */
const ROUNDING = 1e-9;

/** The state of all quotas of one gateway. */
export class Quotas {
  private readonly keys = new Map<string, number>();
  /** By class number: the class as last seen, and its quota. */
  private readonly seen: RequestClass[] = [];
  private readonly quotaOf: number[] = [];
  private readonly rates: number[] = [];
  private readonly bursts: number[] = [];
  /** Left in the bucket or used in the window; when that was true, or the window's number. */
  private amount = new Float64Array(8);
  private last = new Float64Array(8);

  constructor(
    private readonly clock: Clock,
    private readonly ledger: Ledger,
    private rules: QuotaRules,
  ) {}

  /** Takes changed rules; buckets keep what is in them, as far as it fits. */
  retune(rules: QuotaRules): void {
    if (rules.scope !== this.rules.scope || rules.method !== this.rules.method) this.keys.clear();
    this.rules = rules;
    this.seen.length = 0;
  }

  /** Draws `cost` from the quota of a class; false, and nothing is drawn, if that is more than is left. */
  allows(cls: number, cost: number): boolean {
    if (this.rules.method === 'none') return true;
    const quota = this.ledger.classes[cls] === this.seen[cls] && this.seen[cls] !== undefined ? this.quotaOf[cls]! : this.look(cls);
    return this.rules.method === 'bucket' ? this.drawn(quota, cost) : this.counted(quota, cost);
  }

  private drawn(quota: number, cost: number): boolean {
    const now = this.clock.now;
    const level = Math.min(this.bursts[quota]!, this.amount[quota]! + (now - this.last[quota]!) * this.rates[quota]!);
    const enough = level >= cost * (1 - ROUNDING);
    this.amount[quota] = enough ? Math.max(0, level - cost) : level;
    this.last[quota] = now;
    return enough;
  }

  private counted(quota: number, cost: number): boolean {
    const { window } = this.rules;
    const number = Math.floor(this.clock.now / window);
    const used = number === this.last[quota] ? this.amount[quota]! : 0;
    const enough = used + cost <= this.rates[quota]! * window * (1 + ROUNDING);
    this.amount[quota] = enough ? used + cost : used;
    this.last[quota] = number;
    return enough;
  }

  /** Finds the quota of a class not seen before, or described anew. */
  private look(cls: number): number {
    const of = this.ledger.classes[cls] ?? { name: '', tenant: '', priority: 0, weight: 1 };
    const { scope, own, rate, burst } = this.rules;
    const key = scope === 'tenant' ? of.tenant : scope === 'class' ? `${of.tenant}\n${of.name}` : '';
    const quota = this.keys.get(key) ?? this.open(key);
    const named = scope === 'everybody' ? undefined : own.find((row) => row.name === of.tenant || (scope === 'class' && row.name === of.name));
    const weight = scope === 'everybody' ? 1 : of.weight;
    this.rates[quota] = named?.rate ?? rate * weight;
    const holds = named?.burst ?? burst * weight;
    // A bucket that is there at all holds one request.
    this.bursts[quota] = holds > 0 ? Math.max(1, holds) : 0;
    if (this.amount[quota]! < 0) this.amount[quota] = this.rules.method === 'bucket' ? this.bursts[quota]! : 0;
    this.seen[cls] = of;
    this.quotaOf[cls] = quota;
    return quota;
  }

  /** A new quota; its bucket is filled once its size is known. */
  private open(key: string): number {
    const quota = this.rates.length;
    if (quota === this.amount.length) {
      this.amount = enlarged(this.amount, new Float64Array(quota * 2));
      this.last = enlarged(this.last, new Float64Array(quota * 2));
    }
    this.keys.set(key, quota);
    this.amount[quota] = -1;
    this.last[quota] = this.clock.now;
    this.rates[quota] = 0;
    return quota;
  }
}
