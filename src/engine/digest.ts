/** A fingerprint of numbers: equal digests mean equal bits. For comparing runs, not for secrets. */

/** Takes numbers and words in any amount; `text()` gives 16 hexadecimal digits. (Two lanes of MurmurHash3-style mixing.) */
export class Digest {
  private a = 0x9e3779b9;
  private b = 0x85ebca6b;
  private readonly one = new Float64Array(1);
  private readonly words = new Int32Array(this.one.buffer);

  private mix(word: number): void {
    this.a = Math.imul(this.a ^ word, 0xcc9e2d51);
    this.a = (this.a << 15) | (this.a >>> 17);
    this.b = Math.imul(this.b ^ this.a ^ word, 0x1b873593);
    this.b = ((this.b << 13) | (this.b >>> 19)) + 0xe6546b64;
  }

  number(value: number): this {
    this.one[0] = value;
    this.mix(this.words[0]!);
    this.mix(this.words[1]!);
    return this;
  }

  numbers(values: ArrayLike<number>, count = values.length): this {
    for (let i = 0; i < count; i++) this.number(values[i]!);
    return this;
  }

  word(text: string): this {
    for (let i = 0; i < text.length; i++) this.mix(text.charCodeAt(i));
    this.mix(text.length);
    return this;
  }

  text(): string {
    const hex = (x: number): string => (x >>> 0).toString(16).padStart(8, '0');
    return hex(this.a ^ (this.a >>> 16)) + hex(this.b ^ (this.b >>> 13));
  }
}
