// What only openimctl knows of a deployment, as Prometheus reads it.

export interface Known {
  release: string
  /** Place → when the last good backup began, in milliseconds; 0 where there is none. */
  backups: Record<string, number>
  /** Whether the last one failed. */
  backupFailed: boolean
  /** The last change of each kind. */
  changes: { verb: string; ok: boolean; time: number }[]
}

export function knownMetrics({ release, backups, backupFailed, changes }: Known): string {
  const label = (text: string) => JSON.stringify(text)
  const seconds = (time: number) => Math.round(time / 1000)
  return [
    `openimctl_release{release=${label(release)}} 1`,
    ...Object.entries(backups).map(([place, time]) => `openimctl_backup_timestamp_seconds{place=${label(place)}} ${seconds(time)}`),
    ...(Object.keys(backups).length === 0 ? [] : [`openimctl_backup_failed ${backupFailed ? 1 : 0}`]),
    ...changes.map(
      ({ verb, ok, time }) => `openimctl_change_timestamp_seconds{verb=${label(verb)},result="${ok ? "ok" : "failed"}"} ${seconds(time)}`,
    ),
    "",
  ].join("\n")
}
