/** A recorded stream of requests to be replayed, column by column. */
export interface Trace {
  readonly name: string;
  /** Seconds since the first request, ascending. */
  readonly arrival: Float64Array;
  /** Amounts of work going in and coming out (tokens, for language models). */
  readonly input: Float64Array;
  readonly output: Float64Array;
  /**
   * Identities of shared prefix blocks, all requests' one after another; request i owns
   * `blocks[blockStart[i]] … blocks[blockStart[i + 1] - 1]`. Empty where the trace has none.
   */
  readonly blockStart: Int32Array;
  readonly blocks: Int32Array;
  /** Units of input that one block stands for (512 tokens in Mooncake's traces); 0 without blocks. */
  readonly blockSize: number;
}
