// The shop with backups: what kits of these tests are made of.
import { shopDeployment } from "../unit/deployment.fixture"

export const backupImage = "docker.io/shop/backup:1.0"
export const backupPart = { service: "database", environment: {}, secrets: [] as string[] }
export const ordersPart = {
  ...backupPart,
  name: "orders",
  purpose: "orders",
  file: "orders.dump",
  dump: ["dump-orders"],
  restore: ["load-orders"],
}

/** With these settings, all optional; those that end in PASSWORD and those of `secret` are secrets. */
export function shopWithBackups(settings: string[], parts: object[], secret: string[] = []) {
  return {
    ...shopDeployment,
    settings: [
      ...shopDeployment.settings,
      ...[...settings, "SHOP_BACKUP_IMAGE", "BACKUP_FOLDER", "BACKUP_DAYS"].map((name) => ({
        ...shopDeployment.settings[0]!,
        name,
        purpose: name,
        kind: secret.includes(name) || name.endsWith("PASSWORD") ? ("secret" as const) : ("text" as const),
        optional: true,
        ...(name === "SHOP_BACKUP_IMAGE" ? { default: backupImage } : {}),
      })),
    ],
    backup: { component: "backup", imageSetting: "SHOP_BACKUP_IMAGE", network: "data", parts },
  }
}
