// How the setting of a service's memory is called. On its own, because openimctl reads it and has no library of the catalogue.

export function limitSetting(service: string): string {
  return `${service.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_MEMORY`
}
