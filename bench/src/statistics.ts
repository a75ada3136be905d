/** The middle value, or the mean of the two middle ones; `NaN` of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Round by round: what slowed a round down, it slowed down for both. */
export function pairedRatios(ours: readonly number[], baseline: readonly number[]): number[] {
  const rounds = Math.min(ours.length, baseline.length);
  return Array.from({ length: rounds }, (_, round) => ours[round]! / baseline[round]!);
}

/** The median of the pairwise ratios. */
export function pairedRatio(ours: readonly number[], baseline: readonly number[]): number {
  return median(pairedRatios(ours, baseline));
}

/** Holds the true median in 95 of 100 cases, whatever the distribution: the two order statistics around it. */
export function medianInterval(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.toSorted((a, b) => a - b);
  const reach = 0.98 * Math.sqrt(sorted.length);
  const low = Math.max(0, Math.floor(sorted.length / 2 - reach));
  const high = Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + reach));
  return [sorted[low]!, sorted[high]!];
}
