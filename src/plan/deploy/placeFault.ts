// What is wrong with a place of backups: restic's own words for it are long, repeated, and cut by a time limit.

export interface PlaceFault {
  what: string
  next: string
}

const settings = "BACKUP_REMOTE_USER and BACKUP_REMOTE_PASSWORD in .env"

/** The first that matches is the reason; what a place says about itself comes before what the network says. */
const known: [RegExp, string, string][] = [
  [/Host key verification failed|No \S+ host key is known/, "its host key is not known", "ssh-keyscan HOST > backup-ssh/known_hosts"],
  [
    /Load key "[^"]*": (?<detail>[^\r\n]*)/,
    "the key in backup-ssh/id cannot be used",
    "put a key without a passphrase there, and chmod 600 it",
  ],
  [
    /Permission denied \((?:publickey|password|keyboard)/,
    "it refuses the key in backup-ssh/id",
    "add the public key of backup-ssh/id to the user's authorized_keys there; a key with a passphrase does not work",
  ],
  [
    /no credentials found|Secret \(\$AWS_SECRET_ACCESS_KEY\) is empty|Key ID \(\$AWS_ACCESS_KEY_ID\) is empty/,
    "it needs an access key and a secret key",
    `set ${settings}`,
  ],
  [
    /The request signature we calculated|Access Key Id you provided|Access Denied|AccessDenied|\b401 Unauthorized|\b403 Forbidden|InvalidAccessKeyId/,
    "it refuses the user or the password",
    `check ${settings}, and what that user may do there`,
  ],
  [/gave HTTP response to HTTPS client/, "it answers without TLS", "write http:// in BACKUP_REMOTE, or switch on TLS there"],
  [
    /(?<detail>(?:x509|tls): [^\r\n]*)/,
    "its certificate is not accepted",
    "use the name that the certificate is for, and a certificate of an authority that everybody knows",
  ],
  [
    /No space left on device|no space left on device|507 Insufficient Storage|XMinioStorageFull|QuotaExceeded|Storage backend has reached|Disk quota exceeded/,
    "it is full",
    "make room there, or lower BACKUP_DAYS",
  ],
  [/read-only file system|Read-only file system|403 append-only/, "nothing can be written there", "check the disk and its rights there"],
  [
    /no such host|server misbehaving|Could not resolve hostname|Temporary failure in name resolution/,
    "its name cannot be resolved",
    "check the name in BACKUP_REMOTE, and the DNS of this machine",
  ],
  [/[Cc]onnection refused/, "nothing listens there (connection refused)", "start the server, or correct the port in BACKUP_REMOTE"],
  [
    /no route to host|No route to host|network is unreachable|Network is unreachable|i\/o timeout|Connection timed out|Connection reset|connection reset/,
    "it cannot be reached over the network",
    "check the address in BACKUP_REMOTE, and firewalls between this machine and it",
  ],
]

const sshEnded = "unable to start the sftp session"

/** restic may end before it has printed why ssh did. Nothing was done then. */
export const withoutReason = (output: string): boolean => output.includes(sshEnded) && reasonIn(output) === undefined

/** Of what restic printed, where one of its reasons is known. */
export function placeFault(output: string): PlaceFault | undefined {
  if (!withoutReason(output)) return reasonIn(output)
  return { what: "ssh ended before SFTP began", next: "ssh -i backup-ssh/id USER@HOST says why; the user needs the right to use SFTP" }
}

function reasonIn(output: string): PlaceFault | undefined {
  for (const [pattern, what, next] of known) {
    const found = pattern.exec(output)
    if (found) return { what: found.groups?.["detail"] ? `${what}: ${found.groups["detail"].trim()}` : what, next }
  }
  return undefined
}

/** restic asks again for 15 minutes, so it was ended. It says before each new try why the last one failed. */
export function unansweredFault(output: string, seconds: number): PlaceFault {
  const why = [...output.matchAll(/retrying after [^:\r\n]*: ([^\r\n]*)/g)].at(-1)?.[1]?.trim()
  return (
    placeFault(why ?? "") ??
    placeFault(output) ?? {
      what: `no answer within ${seconds} s${why ? `: ${why}` : ""}`,
      next: "check the address in BACKUP_REMOTE, and firewalls between this machine and it",
    }
  )
}

/** The store answers, and the first backup makes the bucket. */
export const lacksBucket = (output: string): boolean => output.includes("bucket does not exist")

/** What a place needs that .env or the folder does not have: restic would ask elsewhere for it, without a word, until its time is up. */
export function missingOf(address: string, given: { user: boolean; password: boolean; sshKey: boolean }): PlaceFault | undefined {
  if (address.startsWith("s3:") && !(given.user && given.password))
    return { what: "it needs an access key and a secret key", next: `set ${settings}` }
  if (address.startsWith("sftp:") && !given.sshKey)
    return {
      what: "it needs a key, and backup-ssh/id is missing",
      next: "put a key without a passphrase there, and the server's key into backup-ssh/known_hosts (ssh-keyscan HOST)",
    }
  return undefined
}
