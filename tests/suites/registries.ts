// Registries for tests: Debian's docker-registry, with TLS and a password, read-only, dying, or behind a proxy that refuses.

import type { Container, File, Service } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"

export const registryName = "registry.test"
export const registryUser = "pusher"
export const registryPassword = "p4ss-w0rd-of-tests"

export interface TestRegistries {
  /** TLS by the authority `ca`, and the one user. */
  secured: Service
  /** The same storage, but it takes no pushes. */
  readOnly: Service
  /** Plain HTTP, nobody is asked who they are. */
  open: Service
  /** Killed as soon as the first upload has begun, and started again after a while, with what it had. */
  dying: Service
  /** Answers 400 to every manifest. */
  refusing: Service
  ca: File
}

export async function testRegistries(settings: Settings, nonce: string): Promise<TestRegistries> {
  const box = (await toolbox(settings, [], ["docker-registry", "apache2-utils", "openssl", "nginx-light"]))
    .withWorkdir("/srv")
    .withExec(["sh", "-euc", secrets, "secrets", registryName, registryUser, registryPassword])
    // Every run gets new registries, which hold nothing yet.
    .withNewFile("/srv/run", nonce)
  const secured = { auth: { htpasswd: { realm: "test", path: "/srv/htpasswd" } }, http: { addr: ":5000", tls } }
  return {
    secured: serving(box, secured),
    readOnly: serving(box, { ...secured, storage: { maintenance: { readonly: { enabled: true } } } }),
    open: serving(box, { http: { addr: ":5000" } }),
    dying: listening(withConfig(box, { http: { addr: ":5000" } }), ["sh", "-c", dying]),
    refusing: listening(withConfig(box, { http: { addr: "127.0.0.1:5001" } }).withNewFile("/srv/nginx.conf", refusing), [
      "sh",
      "-c",
      behindNginx,
    ]),
    ca: box.file("/srv/ca.pem"),
  }
}

const tls = { certificate: "/srv/registry.pem", key: "/srv/registry.key" }

const secrets = `
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=Test authority" -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout registry.key -out registry.csr 2>/dev/null
echo "subjectAltName=DNS:$1" > names
openssl x509 -req -in registry.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out registry.pem 2>/dev/null
htpasswd -Bbc htpasswd "$2" "$3" 2>/dev/null
`

interface RegistryConfig {
  storage?: object
  http: object
  auth?: object
}

function withConfig(box: Container, config: RegistryConfig): Container {
  const storage = { filesystem: { rootdirectory: "/srv/storage" }, delete: { enabled: true }, ...config.storage }
  return box.withNewFile("/srv/registry.yml", JSON.stringify({ version: "0.1", log: { level: "error" }, ...config, storage }))
}

function serving(box: Container, config: RegistryConfig): Service {
  return listening(withConfig(box, config), ["docker-registry", "serve", "/srv/registry.yml"])
}

function listening(box: Container, args: string[]): Service {
  return box.withExposedPort(5000).asService({ args })
}

const dying = `
docker-registry serve registry.yml &
until find storage -path '*/_uploads/*' 2>/dev/null | grep -q .; do sleep 0.02; done
kill -9 $!
sleep 3
exec docker-registry serve registry.yml`

const refusing = `
events {}
http {
  server {
    listen 5000;
    client_max_body_size 0;
    location / {
      if ($request_method = PUT) { rewrite "/manifests/" /refused last; }
      proxy_pass http://127.0.0.1:5001;
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
    }
    location = /refused { return 400 '{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid"}]}'; }
  }
}`

const behindNginx = `
docker-registry serve registry.yml &
exec /usr/sbin/nginx -c /srv/nginx.conf -g 'daemon off;'`

/** Debian's registry with nothing in it yet; `box` has its program. */
export function emptyRegistry(box: Container, port: number): Service {
  const storage = { filesystem: { rootdirectory: "/srv/storage" } }
  const config = { version: "0.1", log: { level: "error" }, storage, http: { addr: `:${port}` } }
  return box
    .withNewFile("/srv/registry.yml", JSON.stringify(config))
    .withExposedPort(port)
    .asService({ args: ["docker-registry", "serve", "/srv/registry.yml"] })
}
