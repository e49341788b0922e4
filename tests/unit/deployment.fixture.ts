// A small deployment: a shop with a database, an API, a page and an edge.
import type { DeployedService, Deployment, Setting } from "../../src/plan/deploy/model.js"

const setting = (name: string, more: Partial<Setting>): Setting => ({
  name,
  purpose: `the ${name.toLowerCase().replaceAll("_", " ")}`,
  group: "general",
  kind: "text",
  optional: false,
  earlier: [],
  refused: [],
  environments: {},
  uses: [],
  ...more,
})

const service = (name: string, stage: number, more: Partial<DeployedService>): DeployedService => ({
  name,
  component: name,
  purpose: name,
  stage,
  profiles: ["core", "all"],
  needs: [],
  imageSetting: `${name.toUpperCase()}_IMAGE`,
  environment: {},
  files: {},
  secrets: [],
  volumes: {},
  networks: ["data"],
  publish: {},
  ports: [],
  temporary: [],
  memoryMiB: 64,
  cpus: 1,
  pids: 100,
  graceSeconds: 10,
  health: { test: ["CMD", "true"], startSeconds: 2 },
  scalable: false,
  capabilities: [],
  ...more,
})

export const shopDeployment: Deployment = {
  format: 1,
  stack: "shop",
  title: "Shop",
  release: "1.0",
  project: "shop",
  profiles: [
    { name: "core", purpose: "without the page", memoryMiB: 64 },
    { name: "frontend", purpose: "the page", memoryMiB: 64 },
    { name: "all", purpose: "everything", memoryMiB: 64 },
  ],
  settings: [
    setting("PUBLIC_URL", { kind: "url" }),
    setting("TLS", { kind: "choice", choices: ["off", "internal", "files", "acme"], default: "off" }),
    setting("ENVIRONMENT", { kind: "choice", choices: ["development", "test", "production"], default: "production" }),
    setting("HTTP_PORT", { kind: "port", default: "18080" }),
    setting("HTTPS_PORT", { kind: "port", default: "18443" }),
    setting("FILES_URL", { kind: "url", default: "${PUBLIC_URL}" }),
    setting("DATABASE_PASSWORD", {
      kind: "secret",
      generate: 24,
      refused: ["shop123"],
      madeWith: "database",
      rotate: { service: "database", command: ["change-password"], verify: ["try-password"] },
      earlier: ["DB_PASSWORD"],
      uses: [
        { service: "database", variable: "database_password", as: "file" },
        { service: "api", variable: "database_password", as: "file" },
      ],
    }),
    setting("API_SECRET", {
      kind: "secret",
      generate: 32,
      refused: ["shop123"],
      uses: [{ service: "api", variable: "api_secret", as: "file" }],
    }),
    setting("LOGIN_CODE", { kind: "secret", generate: 8, refused: ["123456"], environments: { test: "123456" } }),
    setting("API_MEMORY", { kind: "size", default: "64m", uses: [{ service: "api", variable: "MEMORY", as: "variable" }] }),
    setting("MAIL_SENDER", { optional: true, uses: [{ service: "api", variable: "MAIL_SENDER", as: "variable" }] }),
    ...["DATABASE", "API", "PAGE", "EDGE"].map((name) =>
      setting(`${name}_IMAGE`, { kind: "image", default: `docker.io/shop/${name.toLowerCase()}:1.0` }),
    ),
  ],
  services: [
    service("database", 1, { volumes: { database: "/data" }, secrets: ["database_password"] }),
    service("api", 2, {
      needs: ["database"],
      secrets: ["database_password", "api_secret"],
      scalable: true,
      parts: ["orders", "cleanup"],
      once: { cleanup: "two would remove an order twice" },
      handover: { stop: [["once", "stop"]], start: [["once", "start"]], leave: [["once", "leave"]], lingerSeconds: 0 },
    }),
    service("page", 3, { needs: ["api"], profiles: ["frontend", "all"] }),
    service("edge", 3, { needs: ["api"], publish: { HTTP_PORT: 8080 }, files: { "edge.cfg": "/etc/edge.cfg" }, networks: ["public"] }),
  ],
  routes: [
    { name: "page", path: "/", strip: false, service: "page", target: 80, websocket: false, unlimited: false, closed: [], headers: {} },
    { name: "api", path: "/api", strip: true, service: "api", target: 80, websocket: false, unlimited: false, closed: [], headers: {} },
  ],
  edge: {
    service: "edge",
    http: 8080,
    https: 8443,
    metrics: 8405,
    certificate: "/etc/site.pem",
    instances: 2,
    control: 8407,
    acme: { host: "acme", port: 5002, network: "public" },
    ready: ["api"],
  },
  networks: [
    { name: "data", internal: true },
    { name: "public", internal: false },
  ],
  requirements: { diskMiB: 10, cpuFlags: {}, architecture: "amd64" },
  checks: [],
}

export const shopTemplate = `# The address
PUBLIC_URL=
TLS=off
HTTP_PORT=18080
HTTPS_PORT=18443
FILES_URL=\${PUBLIC_URL}

# Secrets
DATABASE_PASSWORD=
API_SECRET=
LOGIN_CODE=
# MAIL_SENDER=
`
