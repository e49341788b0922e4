// Names as Dagger's command line writes them.

/** testReport → test-report, asJSON → as-json; what is in this form stays as it is. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .replace(/[\s_.]+/g, "-")
    .toLowerCase()
}
