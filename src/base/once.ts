// Work that several callers wait for, done by the first of them.

/** Makes it at the first call; later calls get the same. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
