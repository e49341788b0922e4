// Times and figures as people read them.

const upToThreeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3, useGrouping: false })
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0, useGrouping: false })

/** No more digits than a measurement is good for. */
export function numberText(value: number): string {
  return (Math.abs(value) >= 100 ? whole : upToThreeDigits).format(value)
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
