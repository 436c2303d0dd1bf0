/** A search index: words to documents, in shards with replicas; time from the postings read, freshness from the refresh. */
import { pow } from '../engine/math.ts';
import type { Stream } from '../engine/random.ts';
import { Sampler, Zipf } from '../engine/sampler.ts';
import { Scatter, type Spreading } from '../engine/scatter.ts';
import { priced } from '../kit/cost.ts';
import { assumed, published } from '../kit/evidence.ts';
import { servingFaults } from '../kit/fault.ts';
import { defineKind, type Component, type EstimateRow, type Flow, type Site } from '../kit/kind.ts';
import { choice, distribution, real, whole, type Values } from '../kit/param.ts';
import { waitingTime } from '../kit/queueing.ts';
import { counted } from '../units/format.ts';

const params = {
  indexDocuments: real({ label: 'Documents', help: 'Documents indexed, over all shards.', unit: 'items', default: 10_000_000, min: 1, max: 1e12 }),
  indexShards: whole({ label: 'Shards', help: 'Parts the documents are split into; a query asks one replica of each and waits for the slowest.', unit: 'count', default: 5, min: 1, max: 1024 }),
  indexReplicas: whole({ label: 'Replicas per shard', help: 'Copies of every shard; more of them answer more queries.', unit: 'count', default: 2, min: 1, max: 64 }),
  indexMatch: choice({
    label: 'Documents match',
    help: 'What a query with several words asks for.',
    options: [
      { value: 'all', label: 'with all words', note: 'the rarest word decides; the others are skipped through' },
      { value: 'any', label: 'with any word', note: 'all postings are read, but for those that cannot reach the best' },
    ],
    default: 'all',
  }),
  indexTerms: distribution({ label: 'Words per query', help: 'At least one.', section: 'Queries', unit: 'count', default: { shape: 'gamma', mean: 3, cv: 0.5 }, min: 1, max: 100 }),
  indexVocabulary: whole({ label: 'Vocabulary', help: 'Different words, the most common first.', section: 'Queries', unit: 'count', default: 1_000_000, min: 1, max: 2_000_000_000 }),
  indexAskedSkew: real({ label: 'Skew of words asked', help: 'Zipf exponent of how often words are asked for; 0 asks for all alike (assumed).', section: 'Queries', unit: 'ratio', default: 0.8, min: 0, max: 3 }),
  indexCommonest: real({ label: 'Commonest word in', help: 'Share of documents that contain it, stop words left aside (assumed).', section: 'Queries', unit: 'share', default: 0.2, min: 1e-9, max: 1 }),
  indexWordSkew: real({ label: 'Skew of words written', help: 'The r-th word is in 1 ÷ r to this power as many documents as the commonest; 1 is Zipf’s law (Zipf 1949).', section: 'Queries', unit: 'ratio', default: 1, min: 0, max: 3 }),
  indexSkipped: real({ label: 'Postings skipped', help: 'Share of postings that a query for any word need not score, as their blocks cannot reach the best results (assumed; block-max WAND, Ding and Suel 2011).', section: 'Work', unit: 'share', default: 0.8, min: 0, max: 1, shownWhen: (v) => v.indexMatch === 'any' }),
  indexPostingTime: real({ label: 'Time per posting', help: 'For decoding and scoring one (assumed).', section: 'Work', unit: 'seconds', default: 2e-8, min: 0, max: 1 }),
  indexSegments: whole({ label: 'Segments per shard', help: 'Pieces of a shard that are searched one after another; merging leaves fewer.', section: 'Work', unit: 'count', default: 10, min: 1, max: 10_000 }),
  indexSegmentTime: real({ label: 'Time per segment', help: 'Looking the words up in one segment (assumed).', section: 'Work', unit: 'seconds', default: 0.0001, min: 0, max: 10 }),
  indexJitter: real({ label: 'Spread of search times', help: 'Standard deviation over mean of the time for the same postings (assumed).', section: 'Work', unit: 'ratio', default: 0.3, min: 0, max: 20 }),
  indexMergeTime: real({ label: 'Joining per shard', help: 'For merging one shard’s results into the answer (assumed).', section: 'Work', unit: 'seconds', default: 1e-5, min: 0, max: 1 }),
  // Elasticsearch and OpenSearch: index.refresh_interval is 1 s unless said otherwise.
  indexRefresh: real({ label: 'Refreshed every', help: 'New documents are seen by searches from the next refresh on (Elasticsearch: 1 s).', section: 'Freshness', unit: 'seconds', default: 1, min: 0.001, max: 1e6 }),
  indexRefreshTime: real({ label: 'A refresh takes', help: 'Building and opening the new segment (assumed); not longer than the interval.', section: 'Freshness', unit: 'seconds', default: 0.1, min: 0, max: 1e6 }),
  indexRefreshFactor: real({ label: 'Searches during it ×', help: 'How many times longer a search takes that begins while a refresh is under way: threads shared, caches cold (assumed).', section: 'Freshness', unit: 'ratio', default: 1.5, min: 1, max: 1000 }),
  indexThreads: whole({ label: 'Threads per node', help: 'Searches a node runs at the same time.', section: 'Node', unit: 'count', default: 13, min: 1, max: 1024 }),
  indexQueue: whole({ label: 'Queue per node', help: 'Searches that may wait. Beyond, the query is refused: queue full (Elasticsearch: 1,000).', section: 'Node', unit: 'requests', default: 1000, min: 0, max: 10_000_000 }),
  pricePerIndexNode: real({ label: 'Price per node', help: 'What one replica of one shard costs per hour.', section: 'Cost', unit: 'usd/hour', default: 0.504, min: 0, max: 1000 }),
};

type IndexValues = Values<typeof params>;

const JOINED = 2;
/** Postings that one piece of work can hold. */
const MOST_POSTINGS = 0x7fffffff;

const spreading = (v: IndexValues): Spreading => ({ replicas: v.indexReplicas, leastBusy: true, hedgeAfter: 0 });

/** Documents of one shard that contain the word of a rank (0 the commonest). */
const postingsOf = (v: IndexValues, rank: number): number => (v.indexDocuments / v.indexShards) * v.indexCommonest * pow(rank + 1, -v.indexWordSkew);

/** The part of a refresh interval during which the refresh is under way. */
const refreshing = (v: IndexValues): number => Math.min(1, v.indexRefreshTime / v.indexRefresh);

class SearchIndex extends Scatter implements Component<IndexValues> {
  private values: IndexValues;
  private readonly terms: Sampler;
  private readonly jitter = new Sampler({ shape: 'constant', mean: 1, cv: 0 });
  private word: Zipf;
  private readonly lengths: Stream;
  private readonly words: Stream;
  private readonly times: Stream;
  queries = 0;
  postings = 0;
  gathered = 0;
  slowestSeconds = 0;
  ageSeconds = 0;
  disturbed = 0;

  constructor(values: IndexValues, site: Site) {
    super(site.net, values.indexShards, spreading(values), values.indexThreads, values.indexQueue, site.stream('choice'));
    this.values = values;
    this.terms = new Sampler(values.indexTerms);
    this.jitter.set({ shape: 'lognormal', mean: 1, cv: values.indexJitter });
    this.word = new Zipf(values.indexVocabulary, values.indexAskedSkew);
    this.lengths = site.stream('lengths');
    this.words = site.stream('words');
    this.times = site.stream('service');
  }

  retune(values: IndexValues): void {
    this.values = values;
    this.terms.set(values.indexTerms);
    this.jitter.set({ shape: 'lognormal', mean: 1, cv: values.indexJitter });
    if (this.word.n !== values.indexVocabulary || this.word.s !== values.indexAskedSkew) this.word = new Zipf(values.indexVocabulary, values.indexAskedSkew);
    this.refit(values.indexShards, spreading(values), values.indexThreads, values.indexQueue);
  }

  arrive(call: number): void {
    const { net } = this;
    const { indexShards } = this.values;
    const postings = Math.min(MOST_POSTINGS, Math.round(this.drawPostings()));
    this.queries++;
    this.postings += postings;
    this.look();
    net.calls.setHandle(call, -1);
    net.calls.setCounter(call, indexShards);
    net.hold(call);
    for (let shard = 0; shard < indexShards && !net.concluded(call); shard++) this.ask(call, shard, postings);
    net.release(call);
  }

  /** Postings that a new query reads in each shard. */
  private drawPostings(): number {
    const terms = Math.max(1, Math.round(this.terms.draw(this.lengths)));
    let sum = 0;
    let rarest = Infinity;
    for (let k = 0; k < terms; k++) {
      const found = postingsOf(this.values, this.word.draw(this.words));
      sum += found;
      if (found < rarest) rarest = found;
    }
    return this.values.indexMatch === 'any' ? sum * (1 - this.values.indexSkipped) : rarest * terms;
  }

  /** Seconds since the last refresh began. */
  private sinceRefresh(): number {
    const { indexRefresh } = this.values;
    return this.net.now - Math.floor(this.net.now / indexRefresh) * indexRefresh;
  }

  /** Notes how old the view is that a query sees: since the beginning of the last refresh that is over. */
  private look(): void {
    const { indexRefresh, indexRefreshTime } = this.values;
    const since = this.sinceRefresh();
    this.ageSeconds += since >= Math.min(indexRefreshTime, indexRefresh) ? since : since + indexRefresh;
  }

  protected override seconds(p: number): number {
    const { indexSegments, indexSegmentTime, indexPostingTime, indexRefreshTime, indexRefreshFactor } = this.values;
    const seconds = (indexSegments * indexSegmentTime + this.fleet.amount(p) * indexPostingTime) * this.jitter.draw(this.times);
    if (this.sinceRefresh() >= indexRefreshTime) return seconds;
    this.disturbed++;
    return seconds * indexRefreshFactor;
  }

  protected override joined(call: number, left: number): void {
    if (left > 0) return;
    const { net } = this;
    this.gathered++;
    this.slowestSeconds += net.now - net.calls.start(call);
    net.calls.setHandle(call, net.after(this.values.indexShards * this.values.indexMergeTime * net.pace[this.index]!, this.index, JOINED, call));
  }

  override wake(what: number, arg: number): void {
    if (what === JOINED) this.net.answer(arg);
    else super.wake(what, arg);
  }

  override cancelled(call: number): void {
    if (!this.net.health.up(this.index)) return;
    if (this.net.calls.handle(call) >= 0) this.net.agenda.cancel(this.net.calls.handle(call));
    super.cancelled(call);
  }
}

/** Words by rank in groups, the first ones alone: the chance that a word asked for is no rarer than the group's last, and the postings of its middle. */
function ranks(v: IndexValues): { readonly upTo: number; readonly postings: number }[] {
  const groups: { weight: number; postings: number }[] = [];
  let total = 0;
  for (let first = 1; first <= v.indexVocabulary; ) {
    const last = first <= 64 ? first : Math.min(v.indexVocabulary, Math.floor(first * 1.02));
    const middle = (first + last) / 2;
    const weight = (last - first + 1) * pow(middle, -v.indexAskedSkew);
    groups.push({ weight, postings: postingsOf(v, middle - 1) });
    total += weight;
    first = last + 1;
  }
  let sum = 0;
  return groups.map(({ weight, postings }) => ({ upTo: (sum += weight) / total, postings }));
}

/** Mean postings a query of so many words reads in a shard. All words: that of the rarest of them, the largest rank of t drawn, t times over. */
function meanPostings(v: IndexValues, terms: number): number {
  const all = v.indexMatch === 'all';
  let before = 0;
  let mean = 0;
  for (const { upTo, postings } of ranks(v)) {
    const now = all ? pow(upTo, terms) : upTo;
    mean += (now - before) * postings;
    before = now;
  }
  return mean * terms * (all ? 1 : 1 - v.indexSkipped);
}

function byHand(v: IndexValues, flow: Flow): EstimateRow[] {
  const postings = meanPostings(v, v.indexTerms.mean);
  const plain = v.indexSegments * v.indexSegmentTime + postings * v.indexPostingTime;
  const time = plain * (1 + refreshing(v) * (v.indexRefreshFactor - 1));
  const searches = flow.rate * v.indexShards;
  const servers = v.indexShards * v.indexReplicas * v.indexThreads;
  const age = v.indexRefresh / 2 + Math.min(v.indexRefreshTime, v.indexRefresh);
  const assumes = 'every query has the mean number of words';
  return [
    { label: 'postings per shard', value: postings, unit: 'items', formula: v.indexMatch === 'all' ? 't × Σ (F(r)ᵗ − F(r−1)ᵗ) · postings(r)' : 't × Σ p(r) · postings(r) × (1 − skipped)', source: 'order statistics; Zipf 1949', measure: 'postingsRead', assumes },
    { label: 'search in one shard', value: time, unit: 'seconds', formula: 'segments × time per segment + postings × time per posting, × the slow-down of refreshes', source: 'arithmetic', measure: 'shardTime', assumes: `${assumes}; no waiting` },
    { label: 'shard searches', value: searches, unit: 'requests/second', formula: 'queries × shards', source: 'flow balance', measure: 'indexSearches', assumes: 'nothing is refused' },
    { label: 'capacity', value: servers / (time * v.indexShards), unit: 'requests/second', formula: 'threads ÷ (search time × shards)', source: 'utilisation law', assumes, wall: 'threads' },
    { label: 'utilisation', value: Math.min(1, (searches * time) / servers), unit: 'share', formula: 'searches × time ÷ threads', source: 'utilisation law', measure: 'utilisation', assumes },
    { label: 'mean wait', value: waitingTime(searches / (v.indexShards * v.indexReplicas), time, v.indexThreads, 1, v.indexJitter * v.indexJitter), unit: 'seconds', formula: '(1 + Cs²)/2 × Erlang-C wait at one node', source: 'Allen and Cunneen 1990', measure: 'wait', assumes: 'queries of the same work, replicas chosen at random' },
    { label: 'age of the view', value: age, unit: 'seconds', formula: 'half the interval + time of a refresh', source: 'arithmetic (mean of a uniform)', measure: 'viewAge', assumes: 'queries at all moments alike' },
  ];
}

/** Full-text search over shards and replicas. */
export const searchIndex = defineKind({
  id: 'search-index',
  label: 'Search index',
  doc: 'full-text search over shards and replicas: postings read, the slowest shard, and how fresh the results are',
  about:
    'Every query draws its words by popularity; a word’s postings follow from how common it is. A query asks one replica of each shard, which keeps one thread busy for its segments and the postings it reads: with all words, the list of the rarest word, once for each word; with any word, all lists but for the share that is skipped. It is answered when the slowest shard is back and the results are joined. Documents are seen from the end of the next refresh on, and searches that begin during a refresh take longer. Words do not depend on the key of a request. Searches that have begun are not stopped. Left out: indexing as load of its own, merges, caches of queries and filters, phrases, aggregations, and fetching the documents themselves.',
  group: 'Data',
  icon: 'text-search',
  params,
  slices: ['indexReplicas'],
  ports: { in: 'call', out: [], refusal: 'a search index is where searches end' },
  measures: {
    postingsRead: { label: 'postings per query', unit: 'items', help: 'postings read in each shard', formula: 'postings read in a shard ÷ queries', origin: 'modelled', inputs: ['indexDocuments', 'indexShards', 'indexTerms', 'indexVocabulary', 'indexAskedSkew', 'indexCommonest', 'indexWordSkew', 'indexSkipped'], total: (n: SearchIndex) => n.postings, per: (n: SearchIndex) => n.queries },
    indexSearches: { label: 'shard searches', unit: 'requests/second', help: 'searches in single shards', inputs: ['arrivals', 'indexShards'], total: (n: SearchIndex) => n.asked },
    shardTime: { label: 'time in one shard', unit: 'seconds', help: 'from asking to the answer, waiting included', formula: 'Σ time from asking a shard to its answer ÷ answers', inputs: ['wait', 'postingsRead', 'indexPostingTime', 'indexSegments', 'indexSegmentTime', 'indexRefreshFactor'], total: (n: SearchIndex) => n.backSeconds, per: (n: SearchIndex) => n.back },
    slowestShard: { label: 'slowest shard', unit: 'seconds', help: 'until the last shard was back', formula: 'Σ time until the last shard was back ÷ queries', inputs: ['shardTime', 'indexShards', 'indexJitter'], total: (n: SearchIndex) => n.slowestSeconds, per: (n: SearchIndex) => n.gathered },
    viewAge: { label: 'age of the view', unit: 'seconds', help: 'how long ago the last refresh began whose documents a query sees', formula: 'Σ age of what a query sees ÷ queries', inputs: ['indexRefresh', 'indexRefreshTime'], total: (n: SearchIndex) => n.ageSeconds, per: (n: SearchIndex) => n.queries },
    disturbedShare: { label: 'met a refresh', unit: 'share', help: 'shard searches that began during a refresh', formula: 'searches begun during a refresh ÷ searches', inputs: ['indexRefresh', 'indexRefreshTime'], total: (n: SearchIndex) => n.disturbed, per: (n: SearchIndex) => n.asked },
    wait: { label: 'mean wait', unit: 'seconds', help: 'time in a node’s queue per search', formula: '∫ searches in line dt ÷ searches', inputs: ['waiting', 'indexSearches', 'indexThreads'], total: (n: SearchIndex, now: number) => n.queueArea(now), per: (n: SearchIndex) => n.asked },
  },
  common: {
    utilisation: { formula: '∫ busy threads dt ÷ ∫ threads dt', inputs: ['indexSearches', 'indexThreads', 'indexReplicas', 'postingsRead', 'indexPostingTime', 'indexSegmentTime'] },
    latency: { inputs: ['slowestShard', 'indexMergeTime'] },
  },
  evidence: {
    indexAskedSkew: assumed('words are asked for less unevenly than they are written'),
    indexCommonest: assumed('stop words left aside'),
    indexWordSkew: published('Zipf’s law (Zipf 1949)'),
    indexSkipped: assumed('block-max WAND (Ding and Suel 2011) skips most'),
    indexPostingTime: assumed('decoding and scoring one'),
    indexSegmentTime: assumed('looking the words up'),
    indexRefresh: published('Elasticsearch, default refresh interval: 1 s'),
    indexRefreshTime: assumed('building and opening a small segment'),
    indexRefreshFactor: assumed('threads shared, caches cold'),
    indexJitter: assumed('searches of the same postings'),
    indexMergeTime: assumed('merging one shard’s results'),
  },
  card: ['utilisation', 'viewAge'],
  face: { form: 'cells' },
  subtitle: (v) => `${v.indexShards} × ${v.indexReplicas} nodes, ${v.indexMatch} words`,
  estimate: byHand,
  cost: (v) => [{ label: counted(v.indexShards * v.indexReplicas, 'node'), usdPerHour: v.indexShards * v.indexReplicas * v.pricePerIndexNode, ...priced(v.pricePerIndexNode, params.pricePerIndexNode, published('AWS EC2 r6i.2xlarge (8 vCPU, 64 GiB), us-east-1 on-demand list price, 2025 (not verified)')) }],
  faults: [...servingFaults],
  migrations: [],
  build: (values, site) => new SearchIndex(values, site),
});
