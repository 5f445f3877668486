/** State of the generator: four unsigned 32-bit words. */
export type RandomState = [number, number, number, number];

/**
 * Chris Doty-Humphrey's sfc32: small, fast, passes PractRand, and whole-number arithmetic only, so that a seed gives the
 * same numbers on every machine. Its state is readable, so that a saved market goes on exactly where it stopped.
 */
export class SeededRandom {
  #state: RandomState;

  constructor(seed: number, stream: string) {
    // FNV-1a of the stream's name keeps the symbols' numbers independent of how many symbols there are.
    let hash = 0x811c9dc5;
    for (let i = 0; i < stream.length; i += 1) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193);
    this.#state = [hash >>> 0, seed >>> 0, Math.floor(seed / 4_294_967_296) >>> 0, 1];
    for (let i = 0; i < 15; i += 1) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const s = this.#state;
    const sum = (s[0] + s[1] + s[3]) >>> 0;
    s[3] = (s[3] + 1) >>> 0;
    s[0] = (s[1] ^ (s[1] >>> 9)) >>> 0;
    s[1] = (s[2] + (s[2] << 3)) >>> 0;
    s[2] = (((s[2] << 21) | (s[2] >>> 11)) + sum) >>> 0;
    return sum / 4_294_967_296;
  }

  /** About normal, mean 0, deviation 1: the sum of four uniforms. No logarithm or cosine, whose last digits differ between machines. */
  normal(): number {
    return (this.next() + this.next() + this.next() + this.next() - 2) * Math.sqrt(3);
  }

  state(): RandomState {
    return [...this.#state];
  }

  restore(state: RandomState): void {
    this.#state = [...state];
  }
}
