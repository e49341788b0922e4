// Passwords are kept as scrypt hashes, each with its own salt.

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"

const cost: ScryptOptions = { N: 1 << 15, r: 8, p: 1, maxmem: 64 << 20 }

export async function hashed(password: string): Promise<string> {
  const salt = randomBytes(16)
  return `scrypt:${salt.toString("base64url")}:${(await derived(password, salt)).toString("base64url")}`
}

/** As slow for an account that does not exist as for a wrong password. */
export async function fits(password: string, hash = "scrypt::"): Promise<boolean> {
  const [, salt = "", wanted = ""] = hash.split(":")
  const found = await derived(password, Buffer.from(salt, "base64url"))
  const expected = Buffer.from(wanted, "base64url")
  return expected.length === found.length && timingSafeEqual(expected, found)
}

function derived(password: string, salt: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(password.normalize("NFKC"), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)))
  return promise
}
