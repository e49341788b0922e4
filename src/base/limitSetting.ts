// How the setting of a service's memory is called: the catalogue checks the name, and openimctl reads the value on a server.

export function limitSetting(service: string): string {
  return `${service.toUpperCase().replace(/[^A-Z0-9]+/g, "_")}_MEMORY`
}
