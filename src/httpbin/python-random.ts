/**
 * Python's `random.Random(seed)`: the Mersenne Twister MT19937, seeded and read as CPython does, so that
 * `/bytes/<n>?seed=` gives the bytes that the Python httpbin gives.
 *
 * @see https://github.com/python/cpython/blob/main/Modules/_randommodule.c
 */
const SIZE = 624;
const SHIFT = 397;

/** A reproducible source of randomness. */
export class PythonRandom {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed - any integer; its sign is ignored, as in Python. */
  constructor(seed: bigint) {
    const key: number[] = [];
    for (let rest = seed < 0n ? -seed : seed; rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));
    this.#seedByArray(key.length === 0 ? [0] : key);
  }

  /** `random.randint(0, 255)`: nine bits, drawn again while they are 256 or more. */
  byte(): number {
    let value = this.#word() >>> 23;
    while (value >= 256) value = this.#word() >>> 23;
    return value;
  }

  /** `random.random()`: 53 bits in [0, 1). */
  random(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  #seedByNumber(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1812433253, mix(state[i - 1] ?? 0)) + i;
  }

  #seedByArray(key: readonly number[]): void {
    const state = this.#state;
    this.#seedByNumber(19650218);
    let i = 1;
    let j = 0;
    const advance = (): void => {
      if (++i < SIZE) return;
      state[0] = state[SIZE - 1] ?? 0;
      i = 1;
    };
    for (let k = Math.max(SIZE, key.length); k > 0; k--) {
      state[i] = ((state[i] ?? 0) ^ Math.imul(mix(state[i - 1] ?? 0), 1664525)) + (key[j] ?? 0) + j;
      j = (j + 1) % key.length;
      advance();
    }
    for (let k = SIZE - 1; k > 0; k--) {
      state[i] = ((state[i] ?? 0) ^ Math.imul(mix(state[i - 1] ?? 0), 1566083941)) - i;
      advance();
    }
    state[0] = 0x80000000;
  }

  #word(): number {
    if (this.#next === SIZE) this.#refill();
    let word = this.#state[this.#next++] ?? 0;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const joined = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % SIZE] ?? 0) & 0x7fffffff);
      state[i] = (state[(i + SHIFT) % SIZE] ?? 0) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

const mix = (word: number): number => word ^ (word >>> 30);
