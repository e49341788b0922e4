// Work on many things, some of them at the same time.

/** The result of each item, in their order; never more than `most` are worked on at the same time. */
export async function inPool<T, R>(most: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: most }, worker))
  return results
}
