// Names of the volumes that compilers keep things in. Whoever may write one decides what the next build finds there.

/** Whose builds share one: those that run code of a caller's own source, or those of tools that get passwords and keys. */
export type Trust = "custom" | "tools"

export interface CacheUse {
  /** Everything comes from an offline bundle. */
  bundle: boolean
  /** Pinned sources and tools share one when not given. */
  trust?: Trust
  /** One build alone. */
  only?: string
}

export function cacheName(name: string, { bundle, trust, only }: CacheUse): string {
  return [name, bundle ? "bundle" : undefined, trust, only].filter((part) => part !== undefined).join("-")
}
