// Times and figures as people read them.

/** No more digits than a measurement is good for. The first format that a process makes takes 30 ms, which few calls need. */
export function numberText(value: number): string {
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }
  return new Intl.NumberFormat("en", { ...digits, useGrouping: false }).format(value)
}

export function durationText(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const all = Math.round(seconds)
  return all < 60 ? `${all} s` : `${Math.floor(all / 60)} min ${String(all % 60).padStart(2, "0")} s`
}

/** As registries count them: 1 MB is a million bytes. */
export function sizeText(bytes?: number): string {
  if (bytes === undefined) return "unknown"
  const [value, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : bytes >= 1e6 ? [bytes / 1e6, "MB"] : [bytes / 1e3, "kB"]
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)} ${unit}`
}

export function percentText(ratio: number): string {
  return `${numberText(ratio * 100)} %`
}
