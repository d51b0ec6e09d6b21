// Sums over the rounds of a run. A machine that others share is slower in some rounds than in others, for all clients
// alike: a ratio is therefore taken within a round, and what a run reports is the middle and the range of its rounds.

/** @param {number[]} numbers - One of each round. */
export function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const middle = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { middle, low: sorted[0], high: sorted.at(-1) };
}

/** The middle over the rounds of one figure of a row. */
export function middle(row, figure) {
  return spread(row.rounds.map((round) => round[figure])).middle;
}

/** One row's figure divided by another's, round by round. */
export function ratio(row, divisor, figure) {
  return spread(row.rounds.map((round, at) => round[figure] / divisor.rounds[at][figure]));
}
