/** What the times of a task come to. */

/** As many as the histograms of a running program have. */
const BUCKETS = 32;

/** How many of the durations, in ms, fall into each bucket. */
export function countTimes(durations: Iterable<number>): number[] {
  const counts = Array.from({ length: BUCKETS }, () => 0);
  for (const ms of durations) {
    const bucket = counts.findIndex((_, i) => ms < bucketEnd(i));
    counts[bucket < 0 ? BUCKETS - 1 : bucket]!++;
  }
  return counts;
}

/** The upper end, in ms, of a bucket of a histogram: 1 µs, 2 µs, 4 µs … */
export function bucketEnd(bucket: number): number {
  return 2 ** bucket / 1000;
}

/** About the time below which `share` (0 to 1) of the counted ones are, in ms; 0 when nothing was counted. */
export function percentile(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  let left = total * share;
  for (const [bucket, count] of counts.entries()) {
    if (count >= left) {
      const begin = bucket === 0 ? 0 : bucketEnd(bucket - 1);
      return begin + (bucketEnd(bucket) - begin) * (left / count);
    }
    left -= count;
  }
  return bucketEnd(counts.length - 1);
}
