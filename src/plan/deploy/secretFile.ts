/** The file of a secret, below secrets/ on the machine and /run/secrets in containers. */
export function secretFile(setting: string): string {
  return setting.toLowerCase()
}
