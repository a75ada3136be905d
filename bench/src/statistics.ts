/** The middle value, or the mean of the two middle ones; `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of the pairwise ratios: what one round slowed down, it slowed down for both. */
export function pairedRatio(ours: readonly number[], baseline: readonly number[]): number {
  const rounds = Math.min(ours.length, baseline.length);
  return median(Array.from({ length: rounds }, (_, round) => ours[round]! / baseline[round]!));
}
