/** Ids that need no meaning: correlation ids, cycle ids. Never order identity. Seeded in simulations and replays. */
export interface Ids {
  /** 16 lower-case hex characters, unique in practice; sorted by creation is not promised. */
  next(): string;
}
